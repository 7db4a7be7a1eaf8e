"""What was seen of a release while it was watched, and whether that ends the watch. Pure.

A moment in which nobody answers is no red: the network, a backup or a neighbour does that to any release. What counts
is what lasts, or what comes again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gonogo.inspection.answers.rates import ALPHA, Rate

__all__ = ["Asked", "Spell", "Spells", "Trouble", "Troubles", "climb"]

_LASTS = 15.0
"""Seconds: requests that failed without a break for so long were not one moment's; in a short watch half of it."""
_AGAIN = 3
"""Or so many moments, with good answers between them."""
_TWICE = 2
_DOUBT = 2.0
"""So many times the share that may be is worth to be asked more often."""
_LEAST = 6
"""So many figures of memory tell a direction."""
_GROWN = 1.2
_NOTICED = 32 << 20
"""Bytes: less than that is an application that warms up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request of the watch."""

    at: float
    """Seconds since the watch began."""
    what: str
    """``GET /healthz``."""
    said: str
    """Nothing where the answer was right; else what was wrong with it."""
    seconds: float
    within: float
    """Seconds that it may take."""

    @property
    def is_slow(self) -> bool:
        """Whether it took longer."""
        return self.seconds > self.within


@dataclass(frozen=True, slots=True)
class Spell:
    """For how long something was unwell without a break."""

    thing: str
    begin: float
    until: float
    said: str

    @property
    def seconds(self) -> float:
        """How long."""
        return self.until - self.begin


@dataclass
class Spells:
    """How long each thing was unwell without a break."""

    _now: dict[str, Spell] = field(default_factory=dict)
    _longest: dict[str, Spell] = field(default_factory=dict)

    def note(self, thing: str, *, at: float, said: str) -> None:
        """What was seen of a thing; ``said`` is nothing where it is well."""
        before = self._now.get(thing)
        begin = at if before is None else before.begin
        if said or before is not None:  # the look that finds it well again ends the spell: it was unwell until then
            spell = Spell(thing, begin, at, said or (before.said if before else ""))
            self._longest[thing] = max(spell, self._longest.get(thing, spell), key=lambda one: one.seconds)
        if said:
            self._now[thing] = Spell(thing, begin, at, said)
        else:
            self._now.pop(thing, None)

    def longer_than(self, seconds: float) -> tuple[Spell, ...]:
        """What was unwell for longer."""
        return tuple(spell for spell in self._longest.values() if spell.seconds > seconds)

    @property
    def open(self) -> tuple[Spell, ...]:
        """What is unwell now."""
        return tuple(self._now.values())


class Trouble:
    """Whether requests go wrong more often than they may: the share is exceeded, and it was not one moment's."""

    def __init__(self, share: float, *, watched: float = 2 * _LASTS, alpha: float = ALPHA) -> None:
        """``share`` of them may; ``watched`` is for how many seconds they are, ``alpha`` that of ``Rate``."""
        self.rate = Rate(share, alpha=alpha)
        self._lasts = min(_LASTS, watched / 2)
        self.moments = 0
        """How often it began to go wrong."""
        self.longest = 0.0
        """Seconds that it went wrong without a break."""
        self._begin: float | None = None

    def note(self, *, at: float, wrong: bool) -> None:
        """One request."""
        self.rate.count(happens=wrong)
        if wrong and self._begin is None:
            self._begin, self.moments = at, self.moments + 1
        if self._begin is not None:
            self.longest = max(self.longest, at - self._begin)
        if not wrong:
            self._begin = None

    @property
    def is_red(self) -> bool:
        """Whether nothing that comes could clear it."""
        return self.rate.is_exceeded and (self.longest >= self._lasts or self.moments >= _AGAIN)

    @property
    def is_doubtful(self) -> bool:
        """Whether it came again, far more often than it may, and was asked too seldom to be more than chance."""
        often = self.rate.happened > _DOUBT * self.rate.allowed * self.rate.of
        return often and self.moments >= _TWICE and not self.is_red

    @classmethod
    def of_all(cls, share: float, requests: Iterable[tuple[float, bool]]) -> Trouble:
        """Of a whole series of moments, and whether it went wrong then."""
        made = cls(share)
        for at, wrong in requests:
            made.note(at=at, wrong=wrong)
        return made


class Troubles:
    """The same for each of several requests, and for all of them together: errors in one route are few among all."""

    def __init__(self, share: float, *, watched: float, things: Sequence[str]) -> None:
        """``things`` are the requests; chance is kept from all of them together as from one."""
        alpha = ALPHA / (len(things) + 1)
        self.allowed = share
        self._each = {thing: Trouble(share, watched=watched, alpha=alpha) for thing in (*things, "")}

    def note(self, thing: str, *, at: float, wrong: bool) -> None:
        """One of them was sent."""
        for one in (thing, ""):
            self._each[one].note(at=at, wrong=wrong)

    @property
    def red(self) -> str | None:
        """Which it is that goes wrong too often; nothing for all together, None where none does."""
        return next((thing for thing, trouble in self._each.items() if trouble.is_red), None)

    @property
    def doubtful(self) -> Mapping[str, tuple[int, int]]:
        """Requests of which nobody can be sure yet, with how many of how many were wrong."""
        each = ((thing, one) for thing, one in self._each.items() if thing and one.is_doubtful)
        return {thing: (one.rate.happened, one.rate.of) for thing, one in each}


def climb(figures: Mapping[str, Sequence[tuple[float, int]]]) -> dict[str, tuple[int, int]]:
    """Whose memory climbs steadily: name → bytes at first and at last.

    Args:
        figures: name → moments and bytes, in order.
    """
    sizes = {name: [size for _, size in series] for name, series in figures.items()}
    return {name: (found[0], found[-1]) for name, found in sizes.items() if _climbs(found)}


def _climbs(series: Sequence[int]) -> bool:
    """Whether every third of it lies above the third before, and the last well above the first."""
    third = len(series) // 3
    if len(series) < _LEAST:
        return False
    first, middle, last = series[:third], series[third : 2 * third], series[2 * third :]
    grown = min(last) >= _GROWN * max(first) and min(last) - max(first) >= _NOTICED
    return grown and max(first) < min(middle) and max(middle) <= min(last)
