"""Whether the waivers of a configuration can cover anything, and may."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gonogo.config.builtin import built_in, never_waived
from gonogo.config.models import Environment

__all__ = ["mistakes", "twice"]

_OURS = re.compile(r"[PBD]\d{1,3}", re.IGNORECASE)
"""How a built-in check is called; any other code is the team's, and is known once the checks are collected."""

_LISTED: Mapping[str, Callable[[Environment], Iterable[str]]] = {
    "endpoint": lambda environment: (one.request for one in environment.endpoint),
    "configured_page": lambda environment: (one.path for one in environment.page),
    "webhook": lambda environment: (one.request for one in environment.webhook),
    "heartbeat": lambda environment: (one.name for one in environment.heartbeat),
    "assertion": lambda environment: (one.name for one in environment.sql),
    "command": lambda environment: (one.name for one in environment.command),
    "attestation": lambda environment: environment.attest,
}
"""Fixture → the names of the cases, where the configuration lists them."""


def mistakes(environment: Environment) -> Iterator[tuple[int, str]]:
    """Index and mistake of each waiver that names no check, or one that is never waived."""
    if not environment.waive:
        return
    fixtures, never = {check.code: check.fixtures for check in built_in()}, never_waived()
    for index, waiver in enumerate(environment.waive):
        code, _, case = waiver.check.removesuffix("]").partition("[")
        if code in never:
            named = ", ".join(f"{name} ({what})" for name, what in never.items())
            yield index, f'found "{waiver.check}", expected a check that may be waived; never: {named}'
        elif code not in fixtures and _OURS.fullmatch(code):
            known = [name for name in fixtures if name == code.upper()]
            yield index, _no_such(waiver.check, "the code of a built-in check, or of one of your own", known)
        elif case:
            listed = next((_LISTED[name](environment) for name in fixtures.get(code, ()) if name in _LISTED), None)
            cases = [f"{code}[{name}]" for name in listed] if listed is not None else [waiver.check]
            if waiver.check not in cases:
                yield index, _no_such(waiver.check, f"one of {', '.join(cases) or 'none: nothing is listed'}", cases)


def twice(waivers: Any) -> Iterator[tuple[int, str]]:
    """Index and mistake of each waiver of a check that one before it names."""
    seen: dict[str, int] = {}
    for index, table in enumerate(waivers if isinstance(waivers, list) else ()):
        name = table.get("check") if isinstance(table, dict) else None
        if isinstance(name, str) and seen.setdefault(name, index) != index:
            yield index, f'found "{name}" a second time, expected one waiver for each check'


def _no_such(name: str, expected: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    hint = f'; did you mean "{close[0]}"?' if close else ""
    return f'found "{name}", expected {expected}{hint}'
