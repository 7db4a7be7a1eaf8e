"""gonogo.host.busy: what is said of a machine that is busy, and of one that is not."""

from __future__ import annotations

from itertools import cycle

import pytest

from gonogo.host import busy
from gonogo.host.busy import Busy, BusyWatch


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Busy(load=9.0, cores=2, waited=83.0), True),
        (Busy(load=9.0, cores=2, waited=5.0), False),
        (Busy(load=0.5, cores=2, waited=None), False),
        (Busy(load=3.5, cores=2, waited=None), True),
    ],
    ids=["pressure", "a long queue that nobody waits in", "idle", "load where no pressure is measured"],
)
def test_a_machine_is_busy(found: Busy, *, expected: bool) -> None:
    """By what waited for a processor; by its load where the kernel does not measure that."""
    assert bool(found) is expected


def test_it_says_what_it_saw() -> None:
    """Load, processors, and the share of time in which something waited."""
    assert str(Busy(load=9.1, cores=2, waited=83.4)) == (
        "load 9.1 on 2 cores, 83 % of the last 10 s something waited for a processor"
    )
    assert str(Busy(load=9.1, cores=2, waited=None)) == "load 9.1 on 2 cores"


def test_a_run_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence where much of its time something waited; none of an idle machine."""
    pressure = iter([(0.0, 1e6), (90.0, 9e6), (0.0, 2e6), (0.0, 2.1e6)])
    last = (0.0, 2.1e6)
    monkeypatch.setattr(busy, "_pressure", lambda: next(pressure, last))
    clock = cycle([0.0, 10.0])
    monkeypatch.setattr(busy, "busy", lambda: Busy(load=9.1, cores=2, waited=90.0))
    watch = BusyWatch(clock=lambda: next(clock))
    loaded = watch.said()
    idle = BusyWatch(clock=lambda: next(clock)).said()

    assert loaded == (
        "The machine was busy: in 80 % of the run's time something waited for a processor (load 9.1 on 2 cores)."
    )
    assert idle == ""


def test_this_machine_says_something() -> None:
    """The kernel's own figures are read."""
    now = busy.busy()

    assert now.load >= 0
    assert now.cores >= 1
    assert now.waited is None or 0 <= now.waited <= 100
