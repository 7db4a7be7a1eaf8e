"""Whether a release answers worse than the one beside it, both asked the same at the same moment. Pure.

What troubles both (a noisy neighbour, a database that stumbles) cancels out: of errors only the pairs count of which
one answer is wrong and the other is not, and a release that is as good as the other has half of them at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.inspection.answers.rates import ALPHA, Rate

__all__ = ["Half", "Pair", "Pairs"]

_HALF = 0.5
_WARM_UP = 2
"""So many of the first pairs of each request tell nothing: a release that has just started is cold."""
_JUST_NOW = 6
"""Pairs."""
_NOTICED = 0.05
"""Seconds: what is slower by less than that, nobody notices."""


@dataclass(frozen=True, slots=True)
class Half:
    """What one of the two answered."""

    said: str
    """What was wrong with it, or nothing."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The same request to both."""

    at: float
    what: str
    former: Half
    new: Half


class Pairs:
    """All of a watch; what is red once stays red."""

    def __init__(self, things: Sequence[str], *, slower: float) -> None:
        """``things`` are the requests, ``slower`` says how many times as long the new one's answers may take."""
        self.all: list[Pair] = []
        self._slower = slower
        self._worse = Rate(_HALF, alpha=ALPHA / 2)
        self._slow = {one: Rate(_HALF, alpha=ALPHA / 2 / max(len(things), 1)) for one in things}
        self._warm = dict.fromkeys(things, 0)

    def note(self, pair: Pair) -> None:
        """One more."""
        self._warm[pair.what] += 1
        if self._warm[pair.what] <= _WARM_UP:
            return
        self.all.append(pair)
        if bool(pair.new.said) is not bool(pair.former.said):
            self._worse.count(happens=bool(pair.new.said))
        elif not pair.new.said:
            allowed = max(self._slower * pair.former.seconds, pair.former.seconds + _NOTICED)
            self._slow[pair.what].count(happens=pair.new.seconds > allowed)

    @property
    def is_unsure(self) -> bool:
        """Whether the new one alone was wrong just now: whether that is chance, more pairs tell."""
        return any(one.new.said and not one.former.said for one in self.all[-_JUST_NOW:])

    @property
    def red(self) -> str:
        """In which way it is worse; nothing where it is not, or not yet."""
        if self._worse.is_exceeded:
            last = next(one for one in reversed(self.all) if one.new.said and not one.former.said)
            return (
                f"{self._worse.happened} of {len(self.all)} requests wrong that the other release answered rightly at "
                f"the same moment, {self._worse.of - self._worse.happened} the other way round, the last: {last.what}: "
                f"{last.new.said}"
            )
        for what, rate in self._slow.items():
            if rate.is_exceeded:
                return (
                    f"{what} slower than {self._slower:g} times the other release's answer in {rate.happened} of "
                    f"{rate.of} pairs"
                )
        return ""
