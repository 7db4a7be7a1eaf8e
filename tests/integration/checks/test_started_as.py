"""Beside a red check: how its service is started, and the names of variables that came and went."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from gonogo.records.results import CheckResult
from gonogo.state.release import Release
from gonogo.words import Outcome

from .deployed import Deployed

pytestmark = pytest.mark.integration

TOKEN = "marker-51aa-of-the-env-file"
ENDPOINT = '\n[[env.test.endpoint]]\nrequest = "GET /"\n'
STARTED = "web as it is started (names of variables only)"


@pytest.fixture(scope="module")
def site(deploy: Callable[..., Deployed]) -> Deployed:
    """A release that runs, and whose front page answers 500."""
    made = deploy(environment=ENDPOINT, env=f"GREETING=hello\nAPI_TOKEN={TOKEN}\n")
    made.answer({"/": [500, {}, "", 0], "/readyz": [500, {}, "", 0]})
    made.start()
    return made


def before(site: Deployed, name: str) -> Release:
    """The release that served: the same, but for two variables."""
    folder = site.release.folder.with_name(name)
    shutil.copytree(site.release.folder, folder, symlinks=True)
    text = (folder / "env").read_text()
    (folder / "env").write_text(text.replace("GREETING=hello", "MAIL_FROM=office@shop.internal"))
    return site.release.model_copy(update={"id": folder.name, "folder": folder})


def told(check: CheckResult) -> dict[str, str]:
    """Title and text of each piece of evidence."""
    return {piece.title: str(piece.value) for piece in check.evidence}


def test_a_red_answer_shows_how_its_service_is_started(site: Deployed) -> None:
    """Command, port and health page; the names of its variables, and no value of one."""
    red = site.ask("postdeploy", "endpoint").check("D09[GET /]")
    shown = told(red)[STARTED]

    assert red.outcome is Outcome.FAILED
    assert '"server.py"' in shown
    assert "/healthz" in shown
    assert '"API_TOKEN"' in shown
    assert not any(title.startswith("Variables of") for title in told(red))
    assert TOKEN not in red.model_dump_json()


def test_variables_that_came_and_went_are_named(site: Deployed) -> None:
    """Beside the release that served: by name; what gonogo itself sets is left out."""
    serving = before(site, "20260101T000000-0ld0ne5")
    red = site.ask("postdeploy", "endpoint", serving=serving).check("D09[GET /]")

    assert told(red)[f"Variables of web beside those in {serving.id}"] == (
        "came: GREETING\ngone: MAIL_FROM\nas before: 2"
    )
    assert "office@" not in red.model_dump_json()


def test_a_green_check_shows_nothing_of_it(site: Deployed) -> None:
    """Only a red one that blocks does."""
    run = site.ask("postdeploy", "alive or ready")
    assert run.result is not None
    shown = {check.code: STARTED in told(check) for check in run.result.checks}

    assert shown == {"D06": False, "D07": True}


def test_what_cannot_be_read_is_said(site: Deployed) -> None:
    """A release whose pinned commands are broken: the red stays what it is."""
    serving = before(site, "20260102T000000-br0ken5")
    (serving.folder / "process.json").write_text("{")
    red = site.ask("postdeploy", "endpoint", serving=serving).check("D09[GET /]")
    said = told(red)[f"Variables of web beside those in {serving.id}"]

    assert red.found.startswith("GET /: status: found 500")
    assert said.startswith(f"not known: {serving.folder / 'process.json'}: found ")
