"""Which release served when is told by the records of the runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from gonogo.records.ending import Ending, Kind
from gonogo.records.run_results import RunResult
from gonogo.records.served import Served, stretches
from gonogo.words import Exit

from .samples import STARTED, a_run


def at(hours: float) -> datetime:
    """So long after the first run began."""
    return STARTED + timedelta(hours=hours)


def run(hours: float, release: str, kind: Kind = Kind.GO, *, serves: str | None = None, **facts: Any) -> RunResult:
    """A run of a minute that began then, was to bring a release, and ended so."""
    begun = {"started": at(hours), "seconds": 60.0, "first_touch": at(hours) if kind.touched else None}
    made = a_run(Exit.GO, run=release, release=release, commit=f"c-{release}", **begun, **facts)
    return made.model_copy(update={"ended": Ending(kind=kind, serves=serves or release)})


def test_a_release_serves_until_another_one_does() -> None:
    """What was turned back, stopped early, or started again ends no stretch, nor begins one."""
    runs = (
        run(0, "one"),
        run(1, "two", Kind.NO_GO, serves="one"),
        run(2, "three", Kind.REVERTED, serves="one"),
        run(3, "one"),
        run(4, "four"),
        run(5, "one"),
    )
    minute = timedelta(minutes=1)

    assert stretches(runs) == (
        Served("one", "c-one", at(0) + minute, at(4)),
        Served("four", "c-four", at(4) + minute, at(5)),
        Served("one", "c-one", at(5) + minute),
    )
    assert stretches(runs)[-1].lasted(at(6) + minute) == timedelta(hours=1)


def test_what_needs_a_person_ends_a_stretch() -> None:
    """A release that holds was never let go; one that is not proven does not go on as if it were."""
    held = stretches((run(0, "one"), run(1, "two", Kind.HELD)))
    unproven = stretches((run(0, "one"), run(1, "two", Kind.UNPROVEN, serves="one")))

    assert held == unproven == (Served("one", "c-one", at(0) + timedelta(minutes=1), at(1)),)


def test_nothing_served_before_the_first_run() -> None:
    """Neither does a first deployment that was stopped."""
    assert stretches(()) == ()
    assert stretches((run(0, "one", Kind.STOPPED, serves="none"),)) == ()
