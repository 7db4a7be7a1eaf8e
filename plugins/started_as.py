"""Beside a red check: how its service is started, and which variables came and went with the release. Names only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gonogo.errors import GonogoError
from gonogo.gates.subject import Subject, as_it_serves
from gonogo.inspection import things
from gonogo.inspection.variables.changed import of_the_runtime
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Described, Place

if TYPE_CHECKING:
    from gonogo.plugins.evidence import Collected
    from gonogo.state.release import Release

__all__ = ["StartedAs"]

_CHECKS = 10
"""How many red checks of a gate are told it."""
_SERVICES = 3
"""How many services of one check that names none."""
_MOST = 4000
"""Characters of one service; more is cut."""
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
        for name in named or known[:_SERVICES]:
            if name not in self._read:
                self._read[name] = tuple(_said(name, inspector, place, subject))
            for title, text in self._read[name]:
                collected.text(title, text)


def _named(item: pytest.Item, collected: Collected) -> set[str]:
    """The services that a check is about: by its case, or by what it found broken."""
    cases = getattr(getattr(item, "callspec", None), "params", {})
    found = {things.service_in(thing) for thing in (*collected.broken, *collected.needed)}
    return {str(cases[name]) for name in _NAMED_BY if name in cases} | {name for name in found if name}


def _said(name: str, inspector: Any, place: Place, subject: Subject) -> list[tuple[str, str]]:
    """Title and text of each piece."""
    try:
        now = inspector.described(name)
    except (GonogoError, OSError, ValueError) as error:
        return [(f"{name} as it is started", f"not known: {error}")]
    if now is None:
        return []
    text = json.dumps({**now.definition, "variables": list(now.variables)}, indent=1, ensure_ascii=False, default=str)
    rest = f"\n[… {len(text) - _MOST} more characters]" if len(text) > _MOST else ""
    said = [(f"{name} as it is started (names of variables only)", text[:_MOST] + rest)]
    serving = subject.serving
    if serving is None or subject.release is None or serving.id == subject.release.id:
        return said
    return [*said, (f"Variables of {name} beside those in {serving.id}", _difference(name, now, place, serving))]


def _difference(name: str, now: Described, place: Place, serving: Release) -> str:
    then = replace(place, environment=as_it_serves(place.environment, serving))
    try:
        before = runtime_of(then.environment.runtime).inspector(then, serving).described(name)
    except (GonogoError, OSError, ValueError) as error:
        return f"not known: {error}"
    if before is None:
        return f"not known: {serving.id} has no service {name}, or it was not kept how that is started"
    had, has = ({one for one in each.variables if not of_the_runtime(one)} for each in (before, now))
    came, gone = (", ".join(sorted(one)) or "none" for one in (has - had, had - has))
    return f"came: {came}\ngone: {gone}\nas before: {len(had & has)}"
