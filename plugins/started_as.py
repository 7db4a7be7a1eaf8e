"""Beside a red check: how its service is started, and which variables came and went with the release. Names only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from gonogo.gates.started_as import MOST_SERVICES, started_as
from gonogo.gates.subject import Subject
from gonogo.inspection import things
from gonogo.runtimes.base import Place

if TYPE_CHECKING:
    from gonogo.plugins.evidence import Collected

__all__ = ["StartedAs"]

_CHECKS = 10
"""How many red checks of a gate are told it."""
_NAMED_BY = ("service", "artifact", "inside")
"""The fixtures by whose case a check is about one service."""


class StartedAs:
    """Reads each service once; files of the two releases are read, nobody is asked."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._left = _CHECKS
        self._read: dict[str, tuple[tuple[str, str], ...]] = {}

    def attach(self, item: pytest.Item, given: Mapping[str, Any], collected: Collected, *, runs: bool) -> None:
        """Attaches it for the services that the check names; for all, where it names none and asks what ``runs``."""
        subject, place, inspector = (given.get(name) for name in ("subject", "place", "inspector"))
        if not isinstance(subject, Subject) or not isinstance(place, Place) or inspector is None:
            return
        release = subject.release
        known = release.services if release is not None else ()
        named = [name for name in known if name in _named(item, collected)]
        if self._left == 0 or not (named or (runs and known)):
            return
        self._left -= 1
        for name in named or known[:MOST_SERVICES]:
            if name not in self._read:
                said = started_as(name, inspector, place, release=release, serving=subject.serving)
                self._read[name] = tuple(said)
            for title, text in self._read[name]:
                collected.text(title, text)


def _named(item: pytest.Item, collected: Collected) -> set[str]:
    """The services that a check is about: by its case, or by what it found broken."""
    cases = getattr(getattr(item, "callspec", None), "params", {})
    found = {things.service_in(thing) for thing in (*collected.broken, *collected.needed)}
    return {str(cases[name]) for name in _NAMED_BY if name in cases} | {name for name in found if name}
