"""Whether this machine is busy: what runs out of time on it may be well, and the record says so."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["STRETCH", "Busy", "BusyWatch", "busy", "patient"]

_PRESSURE = Path("/proc/pressure/cpu")
_SOME = re.compile(r"some avg10=([\d.]+) .*total=(\d+)")
_WAITED = 40.0
"""Per cent of the last ten seconds in which something waited for a processor; from here on a machine is busy."""
_LATELY = 25.0
"""The same of a whole run, much of which waits for something else."""
_QUEUED = 1.5
"""Processes that want to run for each processor, where the kernel does not measure that."""
STRETCH = 4.0
"""How much longer a bound of gonogo's own is on a busy machine, at the most."""


@dataclass(frozen=True, kw_only=True)
class Busy:
    """What the machine says of itself at one moment."""

    load: float
    """Processes that run or want to, over the last minute."""
    cores: int
    waited: float | None
    """Per cent of the last ten seconds in which something waited for a processor; None where nobody measures it."""

    def __bool__(self) -> bool:
        """Whether it is busy."""
        return self.load > _QUEUED * self.cores if self.waited is None else self.waited >= _WAITED

    def __str__(self) -> str:
        """For people: ``load 9.1 on 2 cores, 83 % of the last 10 s something waited for a processor``."""
        said = f"load {self.load:.1f} on {self.cores} cores"
        if self.waited is None:
            return said
        return f"{said}, {self.waited:.0f} % of the last 10 s something waited for a processor"


class BusyWatch:
    """Watches how busy the machine is while a run goes on."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begins now."""
        self._clock = clock
        self._begin, self._waited = clock(), _pressure()[1]

    def said(self) -> str:
        """One sentence of a machine that was busy; nothing of another one."""
        now, spent = busy(), max(self._clock() - self._begin, 0.001)
        waited = _pressure()[1]
        if waited is None or self._waited is None:
            return f"The machine was busy: {now}." if now else ""
        share = min(100 * (waited - self._waited) / 1e6 / spent, 100.0)
        if share < _LATELY:
            return ""
        return (
            f"The machine was busy: in {share:.0f} % of the run's time something waited for a processor "
            f"(load {now.load:.1f} on {now.cores} cores)."
        )


def busy() -> Busy:
    """How busy the machine is now."""
    load = 0.0
    with contextlib.suppress(OSError):
        load = os.getloadavg()[0]
    return Busy(load=load, cores=len(os.sched_getaffinity(0)), waited=_pressure()[0])


def patient(seconds: float) -> float:
    """A bound of gonogo's own, longer on a machine that is busy."""
    return STRETCH * seconds if busy() else seconds


def _pressure() -> tuple[float | None, float | None]:
    """Per cent of the last ten seconds, and microseconds since the machine's start, of waiting for a processor."""
    try:
        found = _SOME.search(_PRESSURE.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None, None
    return (float(found[1]), float(found[2])) if found else (None, None)
