"""The steps of `action.yml` as GitHub runs them, with real deployments; one of them is cancelled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import psutil
import pytest

from gonogo.state.journal import read_journal
from tests.integration.deploy.conftest import App, Ended
from tests.support.sites import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

STEP = """
[[env.test.step]]
name = "wait"
after = "start"
run = "sleep 600"
undo = ["sh", "-c", "test -e {mark} || {{ : > {mark}; sleep 600; }}"]
"""

ROOT = Path(__file__).parents[3]


class Job:
    """A job of a workflow on the machine that serves; each step is a process of its own."""

    def __init__(self, app: App, temp: Path) -> None:
        """The action has installed gonogo."""
        self._app = app
        self.reports = temp / "reports"
        self.reports.mkdir()
        (temp / "gonogo-venv").symlink_to(sys.prefix)
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")},
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(app.root),
            "RUNNER_TEMP": str(temp),
            "GONOGO_ACTION": str(ROOT),
            "GONOGO_ENV": "test",
            "GONOGO_REF": "HEAD",
            "GONOGO_COMMENT": "false",
            "GONOGO_REPORTS": str(self.reports),
        }

    def start(self, step: str, command: str = "", *, stderr: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
        """A step of the action, as its line in `action.yml` has it."""
        run = f'{"exec " if step == "run" else ""}"$GONOGO_ACTION/scripts/in-actions" {step}'
        return subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", run],
            cwd=self._app.root,
            env={**self._environ, "GONOGO_COMMAND": command},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )

    def step(self, step: str, command: str = "") -> Ended:
        """Run one to its end."""
        return self._app.finish(self.start(step, command))


def outside(log: str) -> list[str]:
    """The lines of a log that no group folds away; every group that begins has an end."""
    found, folded = [], False
    for line in log.splitlines():
        if line.startswith("::group::"):
            assert not folded
        if not folded and not line.startswith("::"):
            found.append(line)
        folded = line.startswith("::group::") or (folded and line != "::endgroup::")
    assert not folded
    return found


def kill_tree(pid: int) -> None:
    """As a runner does to a step that took too long to end."""
    process = psutil.Process(pid)
    for one in [process, *process.children(recursive=True)]:
        one.kill()


@pytest.mark.thorough
def test_cancelled_deployment_leaves_the_release_before(app: App, tmp_path: Path) -> None:
    """Ctrl-C, then the kill before the rollback is whole: the step that follows ends it, and proves what serves."""
    job = Job(app, tmp_path)
    first = job.step("run", "deploy")
    serving = app.ask()
    app.configure(tables=STEP.format(mark=tmp_path / "undone"))
    app.commit("slow")
    log = tmp_path / "log"
    with log.open("w") as err:
        cancelled = job.start("run", "deploy", stderr=err)
    eventually(lambda: began(app, "wait"), within=90)
    cancelled.send_signal(signal.SIGINT)
    eventually((tmp_path / "undone").exists, within=60)
    eventually(lambda: "::group::undo wait" in log.read_text(), within=10)
    kill_tree(cancelled.pid)
    app.finish(cancelled)
    settled = job.step("run", "settle")
    shown = job.step("show")

    assert first.code == 0, first
    words = [line.split()[0] for line in outside(first.err) if line]
    assert [word for word in words if word != "note"] == [  # a busy machine has one
        *("gonogo", "checkout", "predeploy", "build", "build", "ladder", "migrate", "start", "postdeploy"),
        *("GO", "reports"),
    ]
    assert "  passed       P" in first.err
    assert settled.code == 1, settled
    assert any(line.startswith("REVERTED to ") for line in outside(settled.err))
    assert app.ask() == serving
    assert job.step("run", "settle").code == 0
    assert shown.code == 0, shown
    assert not (app.state / "lock").exists()


def began(app: App, step: str) -> bool:
    """Whether a command of a step began in some run."""
    lines = (line for path in app.state.glob("runs/*/journal.jsonl") for line in read_journal(path))
    return any((line["step"], line["event"]) == (step, "command-began") for line in lines)
