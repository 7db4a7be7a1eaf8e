"""How far clocks are apart, as far as one request can tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["ahead", "said_by_answer", "said_by_engine"]

_RESOLUTION = 1.0
"""Seconds that a header ``Date`` does not tell apart."""


def said_by_answer(headers: Mapping[str, str]) -> float | None:
    """The moment that an answer's ``Date`` names; None where it may come from a cache, or none can be read."""
    if headers.get("age", "0").strip() != "0":
        return None
    try:
        return _seconds(parsedate_to_datetime(headers.get("date", "")))
    except ValueError:
        return None


def said_by_engine(text: str) -> float | None:
    """The moment that ``SystemTime`` of ``docker info`` names; None where it names none."""
    try:
        return _seconds(datetime.fromisoformat(text))
    except ValueError:
        return None


def ahead(said: float, *, sent: float, received: float) -> float:
    """The seconds by which another clock is ahead of this one at least; less than 0 where it is behind."""
    return max(said - received, 0.0) or min(said + _RESOLUTION - sent, 0.0)


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
