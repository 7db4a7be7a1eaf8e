"""Whether an answer is slower than the release before gave it, beyond what a busy machine explains. Pure."""

from __future__ import annotations

__all__ = ["is_slower"]

_FLOOR = 1.0
"""Seconds: whoever waits less does not mind."""
_TIMES = 20.0
_BROKEN = 100.0
"""So many times as long nobody meant it to take."""


def is_slower(seconds: float, before: float) -> bool:
    """Whether it took a second or more, and twenty times what it took before."""
    return seconds >= max(_FLOOR, _TIMES * before)


def is_broken(seconds: float, before: float) -> bool:
    """Whether it took a second or more, and a hundred times what it took before."""
    return seconds >= max(_FLOOR, _BROKEN * before)
