"""The wrapper and the command that it waits for are killed together; what that command had started goes on."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from gonogo.state.journal import read_journal
from tests.integration.deploy.conftest import App
from tests.support.sites import eventually, runs

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

STEP = """
[[env.test.step]]
name = "upgrade"
before = "start"
run = ["sh", "-c", "{upgrade} & setsid {upgrade} & wait"]
undo = "true"
"""


def test_children_that_outlive_the_wrapper_and_their_command_are_ended_by_the_next(app: App, tmp_path: Path) -> None:
    """As after an out-of-memory kill: `status` names them, `resume` ends them before it goes back; nobody else's."""
    upgrade = tmp_path / "upgrade"
    upgrade.write_text(
        f"#!{sys.executable}\nimport os, time\nopen(f'{upgrade}.{{os.getpid()}}', 'w')\ntime.sleep(600)\n"
    )
    upgrade.chmod(0o755)
    app.configure(tables=STEP.format(upgrade=upgrade))
    app.commit("a step that starts others")
    process = app.start("deploy", "--env", "test")
    eventually(lambda: len(started(upgrade)) == 2, within=60)
    children = started(upgrade)
    journal = next(app.state.glob("runs/*/journal.jsonl"))
    leader = int(read_journal(journal)[-1]["pid"])
    process.send_signal(signal.SIGSTOP)  # so that it cannot note the end of its command
    os.kill(leader, signal.SIGKILL)
    process.kill()
    process.communicate()
    stranger = psutil.Popen([upgrade], start_new_session=True)
    status = app.gonogo("status", "--env", "test")
    alive = [runs(pid) for pid in children]
    ended = app.gonogo("resume", "--env", "test", "--json")
    left = [pid for pid in children if runs(pid)]
    spared = stranger.is_running()
    stranger.kill()
    stranger.wait(10)
    argv = f"sh -c '{upgrade} & setsid {upgrade} & wait'"

    assert alive == [True, True]
    assert not runs(leader)
    assert all(f"  surviving   child of {argv} (pid {pid})" in status.err for pid in children), status
    assert ended.code == 1, ended
    note = next(text for text in ended.json()["notes"] if "had started still ran" in text)
    assert f"`{argv}`" in note
    assert left == []
    assert spared


def started(upgrade: Path) -> list[int]:
    """The pids of those that run."""
    return sorted(int(path.name.rpartition(".")[2]) for path in upgrade.parent.glob("upgrade.*"))
