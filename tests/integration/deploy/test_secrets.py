"""A secret that stands in every input is in no report, no run folder and on no terminal."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from .conftest import GREEN, App

pytestmark = pytest.mark.integration

SECRET = "kT9/vQ2+xR7=mW4zLp"
FORMS = (SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode(), SECRET.replace("/", "\\/"))

CHECKS = '''\
import logging, os, sys, warnings

import pytest


@pytest.fixture
def credentials(variables):
    """Raw, as a careless team would have it."""
    return dict(variables)


@pytest.mark.{stage}
def test_message(variables, evidence):
    """The message and the evidence quote it."""
    evidence.text("token", variables["API_TOKEN"])
    evidence.json("nested", {{"deep": [variables["API_TOKEN"]]}})
    assert False, f"found {{variables['API_TOKEN']}}"


@pytest.mark.{stage}
def test_repr(credentials):
    """The comparison that pytest explains quotes it."""
    assert credentials == {{}}


@pytest.mark.{stage}
def test_crash(credentials):
    """The traceback quotes it, and so do output, log and warning."""
    token = credentials["API_TOKEN"]
    print(token)
    print(token, file=sys.stderr)
    logging.getLogger("x").error("token %s", token)
    warnings.warn(token, stacklevel=1)
    raise RuntimeError(token)


@pytest.mark.{stage}
def test_skips(credentials):
    """The reason quotes it."""
    pytest.skip(credentials["API_TOKEN"])


@pytest.mark.{stage}
@pytest.mark.parametrize("url", ["http://user:{secret}@127.0.0.1:1/"])
def test_request(url):
    """A failed request quotes its URL."""
    import httpx

    httpx.get(url, timeout=1)
'''


def prepare(app: App, stage: str) -> None:
    """Put the secret into the env file, the commands, the application's pages, its log, and the team's checks."""
    url = f"postgresql://app:{quote(SECRET, safe='')}@127.0.0.1:1/app"
    (app.root / ".env").write_text(f"API_TOKEN='{SECRET}'\nDATABASE_URL={url}\n")
    echo = "sh -c 'echo building with $(grep TOKEN {path}); cat {path} >&2'".format(path=app.root / ".env")
    app.configure(options='env_file = ".env"', install=echo)
    (app.root / "checks").mkdir(exist_ok=True)
    (app.root / "checks" / "test_ours.py").write_text(
        CHECKS.format(stage=stage, secret="{os.environ['NOTHING']}").replace(
            "\"http://user:{os.environ['NOTHING']}@127.0.0.1:1/\"",
            f'"http://user:{quote(SECRET, safe="")}@127.0.0.1:1/"',
        )
    )
    noise = "print(os.environ.get('API_TOKEN'), os.environ.get('DATABASE_URL'), flush=True)"
    app.pages(GREEN)
    source = (app.root / "app.py").read_text().replace("PAGES =", f"{noise}\nPAGES =", 1)
    (app.root / "app.py").write_text(
        source.replace('"text": text', '"text": text, "leak": os.environ.get("API_TOKEN")')
    )
    app.commit("leaks")


def leaks(*texts: str) -> list[str]:
    """Which forms of the secret stand in these texts."""
    return [form for form in FORMS for text in texts if form in text]


def files_with_it(*folders: Path) -> list[str]:
    """Every file below these folders that holds a form of the secret."""
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return [str(path) for path in files if leaks(path.read_text(encoding="utf-8", errors="replace"))]


@pytest.mark.parametrize("stage", ["predeploy", "build", "postdeploy"])
def test_deploy_writes_and_prints_no_secret(app: App, stage: str) -> None:
    """Red checks of every kind, in the stage that is asked before, between and after."""
    prepare(app, stage)
    red, record = app.deploy()
    gate = next(step["gate"] for step in record["steps"] if step["gate"] and step["gate"]["stage"] == stage)
    asked = {check["id"].split("::")[1].split("[")[0]: check["outcome"] for check in gate["checks"]}

    assert red.code == 1, red
    assert (asked["test_message"], asked["test_crash"], asked["test_skips"]) == ("failed", "inconclusive", "skipped")
    assert leaks(red.out, red.err) == []
    assert files_with_it(app.root / "reports", app.state / "runs") == []


@pytest.mark.parametrize("change", ["status = 418", "json = { status = 'ok', text = 'other' }"])
def test_answer_that_is_not_as_expected_is_shown_without_the_secret_in_it(app: App, change: str) -> None:
    """The evidence quotes the body, the log of a release that does not start is quoted by the message."""
    prepare(app, "watch")
    path = app.root / "gonogo.toml"
    path.write_text(path.read_text().replace('json = { status = "ok", text = "hello" }', change))
    app.commit("expects another answer")
    red, record = app.deploy()

    assert red.code == 1, red
    assert record["causes"][0]["code"] == "D09[GET /page]"
    assert leaks(red.out, red.err) == []
    assert files_with_it(app.root / "reports", app.state / "runs") == []


def test_log_of_a_release_that_dies_is_quoted_without_the_secret(app: App) -> None:
    """Its last words are part of the message."""
    prepare(app, "watch")
    source = (
        (app.root / "app.py")
        .read_text()
        .replace("if __name__", "raise SystemExit(os.environ['API_TOKEN'])\nif __name__")
    )
    (app.root / "app.py").write_text(source)
    app.commit("dies")
    red, record = app.deploy()

    assert red.code == 1, red
    assert "[redacted]" in record["reason"]
    assert leaks(red.out, red.err) == []
    assert files_with_it(app.root / "reports", app.state / "runs") == []


@pytest.mark.parametrize("options", [(), ("-v",), ("-vv", "-l", "--tb=long"), ("-rA",), ("-n", "2")], ids=" ".join)
def test_bare_gate_prints_and_writes_no_secret(app: App, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Whatever pytest is told to show; JUnit XML and the page too."""
    prepare(app, "predeploy")
    pages = tmp_path / "pages"
    pages.mkdir()
    command = [sys.executable, "-m", "pytest", "-m", "predeploy", "--env", "test", *options]
    command += [f"--junit-xml={pages}/j.xml", f"--html={pages}/h.html", "--self-contained-html"]
    done = subprocess.run(
        command, cwd=app.root, check=False, capture_output=True, text=True, env={**os.environ, "PYTEST_ADDOPTS": ""}
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "test_message" in done.stdout
    assert leaks(done.stdout, done.stderr) == []
    assert files_with_it(pages) == []
    assert {path.name for path in pages.iterdir()} == {"j.xml", "h.html"}
