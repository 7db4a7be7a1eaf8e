"""Whether a beat is one of the worker that runs now."""

from __future__ import annotations

import math

import pytest

from gonogo.checks.postdeploy.beating import Beat, is_fresh

__all__: list[str] = []

NONE = Beat(there=False)
BUSY = Beat(there=True, text="busy", left=100_000)
FOREVER, LONG = (Beat(there=True, text="busy", left=left) for left in (-1, 3_590_000))
OLD, NEW = Beat(there=True, age=90.0), Beat(there=True, age=5.0)


@pytest.mark.parametrize(
    ("beat", "first", "ran", "fresh"),
    [
        (NEW, NEW, 600.0, True),
        (NEW, NEW, 2.0, False),
        (OLD, OLD, 100.0, True),
        (Beat(there=True, age=200.0), OLD, math.inf, False),
        (NONE, NONE, 600.0, False),
        (BUSY, NONE, 2.0, True),
        (BUSY, BUSY, 2.0, False),
        (Beat(there=True, text="busy", left=180_000), BUSY, 2.0, True),
        (Beat(there=True, text="idle", left=90_000), BUSY, 2.0, True),
        (BUSY, BUSY, 600.0, True),
        (FOREVER, FOREVER, 600.0, False),
        (LONG, LONG, 600.0, False),
        (Beat(there=True, text="busy", left=3_600_000), LONG, 600.0, True),
        (Beat(there=True, text="8", left=-1), Beat(there=True, text="7", left=-1), 600.0, True),
    ],
)
def test_a_beat_of_what_ran_before_does_not_count(beat: Beat, first: Beat, ran: float, *, fresh: bool) -> None:
    """A moment is compared with the start; what has none has to change, or to be renewed."""
    assert is_fresh(beat, first, within=180.0, ran=ran) is fresh
