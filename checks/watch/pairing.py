"""Asks two releases that run side by side the same at the same moment, past the proxy."""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from gonogo.checks.watch.answered import wrong_with
from gonogo.config import Endpoint, Environment
from gonogo.gates.subject import Subject
from gonogo.inspection.answers.pairs import Half, Pair, Pairs
from gonogo.plugins.limits import Limits
from gonogo.runtimes.base import Place

__all__ = ["EVERY", "Pairing"]

EVERY = 0.5
"""Seconds between two pairs."""


class Pairing:
    """The requests that both are asked, one after the other, and what came of them."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        *,
        environment: Environment,
        subject: Subject,
        place: Place,
        limits: Limits,
    ) -> None:
        """``endpoints`` are what only reads and was well at the gate."""
        name = urlsplit(environment.url or "").netloc
        self._asked = [one.model_copy(update={"send": {"Host": name, **one.send}}) for one in endpoints]
        self._urls = {which: f"http://{at}" for which, at in _both(subject).items()}
        self._within = environment.watch.slower_than
        self._place, self._limits = place, limits
        self._turn = 0
        slower = environment.canary.slower if environment.canary is not None else 1.0
        self.found = Pairs([one.request for one in endpoints], slower=slower)

    @property
    def is_possible(self) -> bool:
        """Whether both can be asked."""
        return bool(self._urls and self._asked)

    @property
    def is_tight(self) -> bool:
        """Whether one of them limits requests."""
        return any(map(self._limits.is_tight, self._urls.values()))

    def ask(self, *, at: float) -> None:
        """Asks both, in alternating order, and notes the pair; where one says nothing, there is none."""
        endpoint = self._asked[self._turn // 2 % len(self._asked)]
        order = ("former", "new") if self._turn % 2 else ("new", "former")
        self._turn += 1
        halves: dict[str, Half] = {}
        for which in order:
            self._limits.begin()
            begin = time.monotonic()
            said = wrong_with(endpoint, self._urls[which], self._place, self._limits, within=self._within)
            if said is None:
                return
            halves[which] = Half(said, time.monotonic() - begin)
        self.found.note(Pair(at=at, what=endpoint.request, former=halves["former"], new=halves["new"]))


def _both(subject: Subject) -> dict[str, str]:
    """Where each of the two is asked; nothing unless both are known."""
    service = next(iter(subject.direct), "")
    known = bool(service) and service in subject.beside
    return {"former": subject.beside[service], "new": subject.direct[service]} if known else {}
