"""What a command started, and how all of it is ended.

A command leads a session of its own. Its children stay in it or leave it, and may outlive it: then they are known by a
variable that they were started with, which no other command has.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time

import psutil

from gonogo.host.identity import carrying, of_session

__all__ = ["MARK", "end_family", "family_of", "kill_group"]

MARK = "GONOGO_CHILD_OF"
"""Variable of a journaled command and of all that it starts."""

_GRACE = 5.0
_POLL = 0.05


def kill_group(pid: int, *, grace: float = _GRACE) -> None:
    """Ends a session leader and all its descendants: TERM, ``grace`` seconds, KILL."""
    with contextlib.suppress(psutil.Error):
        leader = psutil.Process(pid)
        family = [leader, *leader.children(recursive=True)]
        _signal(pid, signal.SIGTERM, family)
        _, alive = psutil.wait_procs(family, timeout=grace)
        if alive:
            _signal(pid, signal.SIGKILL, alive)
            psutil.wait_procs(alive, timeout=grace)


def family_of(leader: int, mark: str) -> list[psutil.Process]:
    """What is left of a command: all that carries its mark; and its session, where one of them proves whose that is.

    A number alone proves nothing, because it may have become another session's since.
    """
    marked = carrying({MARK: mark}) if mark else []
    with contextlib.suppress(ProcessLookupError):
        if leader in {os.getsid(process.pid) for process in marked}:
            marked += of_session(leader)
    return list({process.pid: process for process in marked}.values())


def end_family(leader: int, mark: str, *, grace: float = _GRACE) -> list[psutil.Process]:
    """Ends what is left of a command: TERM, ``grace`` seconds, KILL, also for what was started meanwhile.

    Returns what is there even then: it waits for the kernel, or belongs to another user.
    """
    left = family_of(leader, mark)
    for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 1.0), (signal.SIGKILL, grace)):
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)
        deadline = time.monotonic() + seconds
        while left and time.monotonic() < deadline:
            time.sleep(_POLL)
            left = family_of(leader, mark)
    return left


def _signal(group: int, number: signal.Signals, family: list[psutil.Process]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)
