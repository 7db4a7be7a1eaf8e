"""gonogo.settle: how far a run came, and what survived it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from gonogo.host.runner import Command, Completed
from gonogo.host.tree import MARK
from gonogo.state.interrupted import CutOff, close_run, end_survivors, read_cut_off, survivors
from gonogo.state.journal import Journal, read_journal
from gonogo.state.progress import Begun, Progress
from tests.support.sites import runs


def journal(folder: Path, run: str) -> Journal:
    """A run's journal."""
    return Journal(folder / run / "journal.jsonl")


def test_journals_of_a_run_and_of_its_mending_are_read_as_one(tmp_path: Path) -> None:
    """Moves that began, steps that ended well, the rung, and why it went back."""
    first = journal(tmp_path, "one")
    first.write("run-began", kind="deploy", release="r2", serving="r1")
    first.write("ladder", rung=2, said="schema stays")
    first.write("proven-downgrade", found={"database": "db/shop"})
    first.write("proven-downgrade", found={"database": "db/shop", "moment": {"transaction": 7}})
    first.write("first-touch", release="r2", epoch="before")
    first.enter("migrate", kind="move")
    first.leave(ok=True)
    first.enter("start", kind="move", replaces=True, migrates=False)
    second = journal(tmp_path, "two")
    second.write("run-began", kind="resume", release="r2")
    second.write("first-touch", release="r2", epoch="after")
    second.write("rollback", reason="red", excuse="the disk was full")
    second.enter("verify", kind="gate")
    second.leave(ok=False)

    assert read_cut_off([tmp_path / "one", tmp_path / "two"]) == CutOff(
        run="one",
        kind="deploy",
        release="r2",
        serving="r1",
        progress=Progress([Begun(step="migrate", migrates=True), Begun(step="start", replaces=True)], {"migrate"}),
        rung=2,
        ladder="schema stays",
        proven_downgrade={"database": "db/shop", "moment": {"transaction": 7}},
        returning="red",
        excuse="the disk was full",
        epoch="before",
    )


def test_run_that_left_no_line_says_nothing(tmp_path: Path) -> None:
    """A torn first line is no run."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "journal.jsonl").write_text('{"event": "run-be')

    assert read_cut_off([tmp_path / "one"]) is None


def test_surviving_command_is_ended_and_an_instance_is_not(tmp_path: Path) -> None:
    """What was started to go on by itself is no command that survived."""
    argv = (sys.executable, "-c", "import time; time.sleep(60)")
    cut, own = journal(tmp_path, "cut"), journal(tmp_path, "own")
    with subprocess.Popen(argv, start_new_session=True) as left, subprocess.Popen(argv) as instance:
        for process, log in ((left, None), (instance, tmp_path / "log")):
            cut.began(Command(argv=argv, detach=log), process.pid, psutil.Process(process.pid).create_time())
        found = survivors(tmp_path / "cut")
        notes = end_survivors(tmp_path / "cut", own)
        close_run(tmp_path / "cut", own)
        goes_on = instance.poll() is None
        instance.kill()

    said = str(Command(argv=argv))
    assert found == [(left.pid, said)]
    assert notes == [f"A command of the run cut still ran and was ended: `{said}` (pid {left.pid})."]
    assert goes_on
    assert survivors(tmp_path / "cut") == []
    assert [line["event"] for line in read_journal(own.path)] == ["settled"]
    assert read_journal(cut.path)[-1]["event"] == "run-settled"


def test_survivor_is_found_although_the_clock_was_set(tmp_path: Path) -> None:
    """Creation times move with the clock; another process that has the pid now is no survivor."""
    argv = (sys.executable, "-c", "import time; time.sleep(60)")
    cut = journal(tmp_path, "cut")
    with subprocess.Popen(argv) as left:
        cut.began(Command(argv=argv), left.pid, psutil.Process(left.pid).create_time() - 3600)
        found = survivors(tmp_path / "cut")
        ticks = read_journal(cut.path)[-1]["ticks"]
        cut.path.write_text(cut.path.read_text().replace(f'"ticks": {ticks}', f'"ticks": {ticks - 1}'))
        stranger = survivors(tmp_path / "cut")
        left.kill()

    assert [pid for pid, _ in found] == [left.pid]
    assert stranger == []


SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")
PARENT = f"""
import os, subprocess, sys, time
argv = {list(SLEEP)!r}
bare = {{name: value for name, value in os.environ.items() if name != "{MARK}"}}
children = [
    subprocess.Popen(argv),
    subprocess.Popen(argv, start_new_session=True),
    subprocess.Popen(argv, env=bare),
]
print(*(child.pid for child in children), flush=True)
time.sleep(600)
"""


def orphans(log: Journal, **options: Any) -> list[int]:
    """A command that was killed alone, while its runner was gone already: the pids of its three children.

    One is plain, one made a session of its own, and one has lost its variables.
    """
    mark = str(options.get("mark", "the mark"))
    environ = {**os.environ, **({MARK: mark} if mark else {})}
    argv = (sys.executable, "-c", PARENT)
    with subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, start_new_session=True) as leader:
        assert leader.stdout is not None
        log.began(Command(argv=("upgrade",), mark=mark), leader.pid, psutil.Process(leader.pid).create_time())
        children = [int(pid) for pid in leader.stdout.readline().split()]
        leader.kill()
    return children


def end(pids: list[int]) -> None:
    """Clear away."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_children_of_a_command_that_is_gone_are_found_and_ended(tmp_path: Path) -> None:
    """By the mark that they carry, and by the session that a marked one proves to be the command's; a stranger stays."""
    cut, own = journal(tmp_path, "cut"), journal(tmp_path, "own")
    children = orphans(cut)
    with subprocess.Popen(SLEEP, start_new_session=True) as stranger:
        found = survivors(tmp_path / "cut")
        notes = end_survivors(tmp_path / "cut", own)
        alive = [pid for pid in children if runs(pid)]
        spared = stranger.poll() is None
        stranger.kill()
    end(children)

    assert sorted(found) == sorted((pid, "child of upgrade") for pid in children)
    assert notes[0].startswith("What a command of the run cut had started still ran and was ended: `upgrade` (pid ")
    assert alive == []
    assert spared
    assert survivors(tmp_path / "cut") == []


def test_children_of_a_command_that_ended_are_nobodys_business(tmp_path: Path) -> None:
    """A step may start a daemon; a run that was cut off later must not end it."""
    cut = journal(tmp_path, "cut")
    children = orphans(cut)
    pid = read_journal(cut.path)[-1]["pid"]
    cut.ended(Completed(command=Command(argv=("upgrade",)), code=0, output="", errors="", seconds=1.0, pid=pid))
    found = survivors(tmp_path / "cut")
    end_survivors(tmp_path / "cut", journal(tmp_path, "own"))
    alive = [runs(pid) for pid in children]
    end(children)

    assert found == []
    assert alive == [True, True, True]


@pytest.mark.parametrize("mark", ["", "another mark"])
def test_session_of_that_number_proves_nothing_alone(tmp_path: Path, mark: str) -> None:
    """Numbers are given again: without one that carries the mark nothing is ended."""
    cut = journal(tmp_path, "cut")
    children = orphans(cut, mark=mark)
    cut.path.write_text(cut.path.read_text().replace(f'"mark": "{mark}"', '"mark": "the mark"'))
    found = survivors(tmp_path / "cut")
    end_survivors(tmp_path / "cut", journal(tmp_path, "own"))
    alive = [runs(pid) for pid in children]
    end(children)

    assert found == []
    assert alive == [True, True, True]
