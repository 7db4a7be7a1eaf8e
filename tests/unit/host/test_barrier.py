"""gonogo.host.barrier: a command runs only once its observer knows of it."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from gonogo.errors import CommandError
from gonogo.host.barrier import Barrier
from gonogo.host.runner import Command, Completed, LocalHost

STARTER = """\
import os, signal, sys
from pathlib import Path
from gonogo.host.runner import Command, LocalHost

class Dies:
    def began(self, command, pid, started):
        Path(sys.argv[1]).write_text(str(pid))
        os.kill(os.getpid(), signal.SIGKILL)

command = Command(argv=("touch", sys.argv[2]), detach=Path(sys.argv[1] + ".log") if sys.argv[3:] else None)
host = LocalHost(observer=Dies())
host.spawn(command) if command.detach else host.run(command)
"""


class Notes:
    """An observer that does something when it is told of a child."""

    def __init__(self, *, full: bool = False, ran: Path | None = None) -> None:
        """``full``: it cannot write; ``ran`` is what the child's program makes."""
        self.full = full
        self.ran = ran
        self.pids: list[int] = []
        self.ended_with: list[tuple[int, str]] = []

    def began(self, command: Command, pid: int, started: float) -> None:
        """The child exists and its program does not run yet."""
        del command
        assert psutil.Process(pid).create_time() == started
        assert self.ran is None or not self.ran.exists()
        self.pids.append(pid)
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device", "journal.jsonl")

    def ended(self, completed: Completed) -> None:
        """The child is gone."""
        self.ended_with.append((completed.code, completed.errors))


def gone(pid: int) -> bool:
    """Whether a process ends within ten seconds; one that nobody reaps has ended."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def open_files() -> int:
    """How many this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_program_runs_only_after_it_is_known(tmp_path: Path) -> None:
    """The observer hears the pid and the creation time of a process that has done nothing yet."""
    notes = Notes(ran=tmp_path / "ran")
    done = LocalHost(observer=notes).run(Command(argv=("touch", str(tmp_path / "ran"))))

    assert notes.pids == [done.pid]
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("detached", [(), ("detached",)], ids=["run", "spawn"])
def test_child_of_a_starter_that_was_killed_never_runs(tmp_path: Path, detached: tuple[str, ...]) -> None:
    """``kill -9`` between the fork and the record leaves no process, and nothing was done."""
    argv = [sys.executable, "-c", STARTER, str(tmp_path / "pid"), str(tmp_path / "ran"), *detached]
    killed = subprocess.run(argv, check=False, timeout=60)

    assert killed.returncode == -signal.SIGKILL
    assert gone(int((tmp_path / "pid").read_text()))
    assert not (tmp_path / "ran").exists()


def test_child_that_cannot_be_put_on_record_never_runs(tmp_path: Path) -> None:
    """A full disk is the error of the start; no process is left."""
    notes = Notes(full=True)
    with pytest.raises(OSError, match="No space left on device"):
        LocalHost(observer=notes).run(Command(argv=("touch", str(tmp_path / "ran"))))

    assert not psutil.pid_exists(notes.pids[0])
    assert not (tmp_path / "ran").exists()


def test_program_that_cannot_be_run_ends_as_a_shell_says(tmp_path: Path) -> None:
    """Who was told that it began is told that it ended; a folder that is missing begins nothing."""
    notes = Notes()
    for command in (Command(argv=("/no/such/program",)), Command(argv=("true",), cwd=str(tmp_path / "none"))):
        with pytest.raises(CommandError) as caught:
            LocalHost(observer=notes).run(command)

    assert len(notes.pids) == 1
    assert [code for code, _ in notes.ended_with] == [127]
    assert "found No such file or directory (/no/such/program)" in notes.ended_with[0][1]
    assert f"found no folder {tmp_path / 'none'}" in str(caught.value)


def test_start_that_cannot_be_watched_keeps_nobody_waiting() -> None:
    """Without a file left for its pipes a start is an error; the next one works."""
    host, limits = LocalHost(observer=Notes()), resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 1, limits[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"), Barrier(lambda _: None):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert host.run(Command(argv=("true",))).ok


def test_many_at_once_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Threads that start children at the same moment get them all, and no pipe is left open."""
    host = LocalHost(observer=Notes())
    before = open_files()
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: host.run(Command(argv=("true",), cwd=str(tmp_path))), range(40)))

    assert [one.code for one in done] == [0] * 40
    assert open_files() == before
