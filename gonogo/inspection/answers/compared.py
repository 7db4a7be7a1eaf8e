"""Values of a JSON document compared with limits, patterns, and the time since they were. Pure."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from gonogo.config.comparisons import Comparison

__all__ = ["age_of", "differs", "spoken"]

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MILLISECONDS = 1e11
"""Greater numbers are no seconds since 1970."""


def differs(wanted: Comparison, value: Any, *, now: datetime) -> tuple[str, str] | None:
    """What was found and what was expected, where a value is not as it is compared; None where it is."""
    if wanted.operator == "matches":
        text = value if isinstance(value, str) else json.dumps(value)
        return None if re.search(wanted.limit, text) else (json.dumps(text), f"a match of {wanted.limit}")
    if wanted.operator == "!=":
        alike = value == wanted.limit or json.dumps(value) == wanted.limit
        return (json.dumps(value, ensure_ascii=False), f"anything but {wanted.limit}") if alike else None
    seconds = age_of(value, now=now) if wanted.is_age else None
    number = seconds if wanted.is_age else _number(value)
    said = f"{wanted.operator} {wanted.limit}"
    if number is None:
        return json.dumps(value, ensure_ascii=False), f"a moment, {said} ago" if wanted.is_age else f"a number {said}"
    if _COMPARE[wanted.operator](number, wanted.number):
        return None
    return (f"{spoken(number)} old", f"an age {said}") if wanted.is_age else (json.dumps(value), said)


def age_of(value: Any, *, now: datetime) -> float | None:
    """How many seconds ago a moment was (ISO 8601, UTC where it names no zone; seconds or milliseconds since 1970)."""
    number = _number(value)
    if number is not None:
        return max(0.0, now.timestamp() - (number / 1000 if number > _MILLISECONDS else number))
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    return max(0.0, (now - (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))).total_seconds())


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def spoken(seconds: float) -> str:
    """A length of time as people read it."""
    if seconds < 120:  # noqa: PLR2004 (two minutes are told in seconds)
        return f"{seconds:.0f} s"
    hours, minutes = divmod(int(seconds // 60), 60)
    return " ".join(part for part, is_told in ((f"{hours} h", hours), (f"{minutes} min", minutes)) if is_told)
