"""A machine with more to do than it can: what runs out of time there may be well."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.integration.deploy.conftest import GREEN, App

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400), pytest.mark.thorough]

ONCE = '''\
import pathlib, time

import pytest


@pytest.mark.{stage}("S01", remedy="Ask it again")
def test_a_probe_that_is_slow_{how}():
    """What it asks for comes, sooner or later."""
    seen = pathlib.Path({seen!r})
    if {how!r} == "once" and seen.exists():
        return
    seen.touch()
    time.sleep(60)
'''
OPTIONS = 'attempts = 1\ncheck_timeout = "4s"'


@pytest.fixture
def loops() -> Iterator[None]:
    """Two busy loops for each processor, while a deployment lasts."""
    argv = [sys.executable, "-c", "import time\nuntil = time.time() + 300\nwhile time.time() < until: pass"]
    started = [subprocess.Popen(argv) for _ in range(2 * len(os.sched_getaffinity(0)))]
    yield
    for process in started:
        process.kill()
        process.wait()


def slow(app: App, how: str, stage: str) -> None:
    """Commit a check of the team's own that runs out of time: once, or always."""
    seen = app.root.parent / f"seen-{stage}"
    seen.unlink(missing_ok=True)
    (app.root / "checks").mkdir(exist_ok=True)
    (app.root / "checks" / f"test_{stage}.py").write_text(ONCE.format(how=how, stage=stage, seen=str(seen)))
    app.commit(f"slow {how}")


def test_what_ran_out_of_time_is_asked_once_more(app: App) -> None:
    """Before and after the first touch: once out of time is GO, twice could not be found out, and stops the run."""
    app.configure(options=OPTIONS)
    slow(app, "once", "predeploy")
    slow(app, "once", "postdeploy")
    first, record = app.deploy()
    slow(app, "always", "predeploy")
    second, red = app.deploy()

    assert first.code == 0, first
    asked = [check for step in record["steps"] if step["gate"] for check in step["gate"]["checks"]]
    assert [check["outcome"] for check in asked if check["code"] == "S01"] == ["passed", "passed"]
    assert second.code == 1, second
    (cause,) = red["causes"]
    assert (cause["code"], cause["outcome"]) == ("S01", "inconclusive")
    assert cause["found"].startswith("no end: Timeout (>8.0s)")


@pytest.mark.usefixtures("loops")
def test_busy_loops_harm_no_good_release(app: App) -> None:
    """Two for each processor: good → good is GO, nothing is red, and the record says that the machine was busy."""
    app.configure()
    app.pages(GREEN)
    first, _ = app.deploy()
    app.pages({**GREEN, "/new": (200, "new")})
    second, record = app.deploy()

    assert (first.code, second.code) == (0, 0), (first, second)
    assert any(note.startswith("The machine was busy: ") for note in record["notes"])
    gates = [step["gate"] for step in record["steps"] if step["gate"]]
    red = [
        check["code"] for gate in gates for check in gate["checks"] if check["outcome"] in {"failed", "inconclusive"}
    ]
    assert red == []
