"""Which process a pid meant: the number may have been given to another one since.

Creation times are counted from the clock, so that a clock that is set moves them; ticks since boot stay. Children of a
process that is gone are known by a variable that they were started with, and by the session that one of them is in.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

import psutil

__all__ = ["carrying", "of_session", "process_of", "runs", "ticks_of"]

_CLOCK = 1.0
"""Seconds by which the kernel's account of a creation time may move when the clock is corrected."""


def ticks_of(pid: int) -> int:
    """When a process began, in the kernel's ticks since boot; 0 where that is not said."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return int(stat.rpartition(")")[2].split()[19])  # the 22nd field; the second one, a name, may hold anything
    return 0


def process_of(pid: int, *, started: float, ticks: int) -> psutil.Process | None:
    """The running process that had this pid when it began then; ``ticks`` 0: only the clock is known."""
    try:
        process = psutil.Process(pid)
        same = ticks_of(pid) == ticks if ticks else abs(process.create_time() - started) < _CLOCK
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def runs(process: psutil.Process) -> bool:
    """Whether it still runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def carrying(variables: Mapping[str, str]) -> list[psutil.Process]:
    """The running processes that were started with these variables, by whomever; those of others cannot be seen."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if variables.items() <= process.environ().items() and runs(process):
                found.append(process)
    return found


def of_session(leader: int) -> list[psutil.Process]:
    """The running processes of a session; its number is given to nobody else while one of them is there."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getsid(process.pid) == leader and runs(process):
                found.append(process)
    return found
