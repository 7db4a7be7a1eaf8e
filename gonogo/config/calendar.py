"""When an environment is deployed to: windows of the week, and days on which nothing goes out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

__all__ = ["Freeze", "Window", "freeze", "judged_freezes", "judged_windows", "judged_zone", "window"]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = "|".join(_DAYS)
_WINDOW = re.compile(rf"({_DAY})(?:-({_DAY}))? (\d\d):(\d\d)-(\d\d):(\d\d)")
_HOURS, _MINUTES = 24, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Some hours of some days of the week."""

    days: frozenset[int]
    """Monday is 0."""
    begins: int
    ends: int
    """Minutes of the day; the last one is outside."""

    def holds(self, moment: datetime) -> bool:
        """Whether a moment, in the environment's own time, lies inside."""
        return moment.weekday() in self.days and self.begins <= moment.hour * _MINUTES + moment.minute < self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Days on which nothing goes out, both included."""

    first: date
    last: date

    def holds(self, day: date) -> bool:
        """Whether a day is one of them."""
        return self.first <= day <= self.last


def window(text: str) -> Window:
    """Reads ``"mon-thu 09:00-16:00"``.

    Raises:
        ValueError: it is none, or ends before it begins.
    """
    found = _WINDOW.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'found "{text}", expected days and hours such as "mon-thu 09:00-16:00" or "fri 09:00-12:00"')
    first, last = found[1], found[2] or found[1]
    begins, ends = (_minutes(found[at], found[at + 1]) for at in (3, 5))
    if begins >= ends:
        raise ValueError(f'found "{text}", expected an end after its beginning; what goes past midnight is two windows')
    at, until = _DAYS.index(first), _DAYS.index(last)
    days = range(at, until + 1) if at <= until else [*range(at, len(_DAYS)), *range(until + 1)]
    return Window(days=frozenset(days), begins=begins, ends=ends)


def _minutes(hours: str, minutes: str) -> int:
    whole = int(hours) * _MINUTES + int(minutes)
    if int(minutes) >= _MINUTES or whole > _HOURS * _MINUTES:
        raise ValueError(f'found "{hours}:{minutes}", expected a time of the day')
    return whole


def freeze(text: str) -> Freeze:
    """Reads ``"2026-12-20 2027-01-06"``, or one day.

    Raises:
        ValueError: it is none, or ends before it begins.
    """
    try:
        days = [date.fromisoformat(word) for word in text.split()]
    except ValueError:
        days = []
    if len(days) not in {1, 2} or days[0] > days[-1]:
        raise ValueError(f'found "{text}", expected a day or the first and the last one: "2026-12-20 2027-01-06"')
    return Freeze(first=days[0], last=days[-1])


def judged_windows(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The same texts, once each is a window."""
    for text in texts:
        window(text)
    return texts


def judged_freezes(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The same texts, once each is a freeze."""
    for text in texts:
        freeze(text)
    return texts


def judged_zone(name: str) -> str:
    """The same name, once it is that of a time zone.

    Raises:
        ValueError: nobody knows it.
    """
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f'found "{name}", expected a time zone such as "Europe/Madrid" or "UTC"') from error
    return name
