"""Whether something happens more often than it may, decided while one looks: a test that may be read at any time.

A threshold on a share is noise where few requests are made: "above 2 % in a minute" reddens 95 of 100 clean releases
at 20 requests a minute. Here the evidence against "at most ``share``" is a product that gains where the thing happens
and loses where it does not, averaged over several suspicions of how often it does (a mixture e-process: Robbins 1970,
Ramdas et al. 2023). By Ville's inequality it ever exceeds ``1 / ALPHA`` with at most that probability, however often it
is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["ALPHA", "Rate"]

ALPHA = 0.001
"""How often a release that keeps to the share may be called red, in a whole watch."""
_SUSPICIONS = (2.0, 4.0)
"""How many times the share; and these shares themselves:"""
_SHARES = (0.5, 0.9, 0.99)


class Rate:
    """Counts what happens and what does not, against a share that is allowed."""

    def __init__(self, share: float, *, alpha: float = ALPHA) -> None:
        """``share`` is above 0 and below 1; ``alpha`` is how often chance alone may exceed it."""
        self.allowed, self._alpha = share, alpha
        suspected = {min(share * times, 0.99) for times in _SUSPICIONS} | set(_SHARES)
        self._logs = {one: 0.0 for one in sorted(suspected) if one > share}
        self.happened = self.of = 0
        self._most = 0.0

    def count(self, *, happens: bool) -> None:
        """One more."""
        self.of += 1
        self.happened += happens
        for suspected in self._logs:
            gain = suspected / self.allowed if happens else (1 - suspected) / (1 - self.allowed)
            self._logs[suspected] += math.log(gain)
        top = max(self._logs.values(), default=0.0)
        mean = sum(math.exp(log - top) for log in self._logs.values()) / max(len(self._logs), 1)
        self._most = max(self._most, top + math.log(mean)) if self._logs else 0.0

    @property
    def is_exceeded(self) -> bool:
        """Whether it happened more often than may be, at any moment until now; it stays so."""
        return self._most >= -math.log(self._alpha)

    @classmethod
    def of_all(cls, share: float, happens: Iterable[bool]) -> Rate:
        """The count of a whole series."""
        made = cls(share)
        for one in happens:
            made.count(happens=one)
        return made
