"""gonogo.settle: how far a run came, and what survived it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil

from gonogo.host import Command
from gonogo.journal import Journal, read_journal
from gonogo.settle import CutOff, close_run, read_cut_off, settle_run, survivors


def journal(folder: Path, run: str) -> Journal:
    """A run's journal."""
    return Journal(folder / run / "journal.jsonl")


def test_journals_of_a_run_and_of_its_mending_are_read_as_one(tmp_path: Path) -> None:
    """Moves that began, steps that ended well, the rung, and why it went back."""
    first = journal(tmp_path, "one")
    first.write("run-began", kind="deploy", release="r2", serving="r1")
    first.write("ladder", rung=2, said="schema stays")
    first.enter("migrate", kind="move")
    first.leave(ok=True)
    first.enter("start", kind="move")
    second = journal(tmp_path, "two")
    second.write("run-began", kind="resume", release="r2")
    second.write("rollback", reason="red")
    second.enter("verify", kind="gate")
    second.leave(ok=False)

    assert read_cut_off([tmp_path / "one", tmp_path / "two"]) == CutOff(
        run="one",
        kind="deploy",
        release="r2",
        serving="r1",
        begun=("migrate", "start"),
        ended=frozenset({"migrate"}),
        rung=2,
        ladder="schema stays",
        returning="red",
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
        notes = settle_run(tmp_path / "cut", own)
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
