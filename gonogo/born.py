"""Which process a pid meant: the number may have been given to another one since.

Creation times are counted from the clock, so that a clock that is set moves them; ticks since boot stay.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

__all__ = ["process_of", "ticks_of"]

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
