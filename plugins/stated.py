"""What a check's mark, its docstring and the environment's rule state of it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from gonogo.config import CheckRule
from gonogo.words import Impact, OnRed, Severity

__all__ = ["code_of", "options_of", "proves", "traits"]

_TRAITS = ("never_excused", "never_waived", "seen_once", "says_alive", "says_which", "keeps")


def options_of(item: pytest.Item, marker: pytest.Mark | None, rule: CheckRule) -> dict[str, Any]:
    """How its red is judged: the configured thing's own, else the environment's rule, the marker's, the defaults."""
    given = {**(marker.kwargs if marker is not None else {}), **rule.stated()}
    params = getattr(getattr(item, "callspec", None), "params", {})
    listed = ("endpoint", "configured_page", "webhook", "command")
    thing = next((params[name] for name in listed if name in params), None)
    return {
        "severity": Severity(getattr(thing, "severity", given.get("severity", Severity.BLOCKER))),
        "on_red": OnRed(getattr(thing, "on_red", given.get("on_red", OnRed.ROLLBACK))),
        "impact": Impact(given.get("impact", Impact.SEV2)),
        "until": given.get("until"),
    }


def traits(marker: pytest.Mark | None) -> dict[str, Any]:
    """What else its mark says of how it is to be judged."""
    given = marker.kwargs if marker is not None else {}
    return {name: given[name] for name in _TRAITS if name in given}


def code_of(item: pytest.Item, marker: pytest.Mark | None) -> str | None:
    """Its code, with the configured thing that it is asked of: ``D09[GET /login]``."""
    code = str(marker.args[0]) if marker is not None and marker.args else None
    callspec = getattr(item, "callspec", None)
    return f"{code}[{callspec.id}]" if code and callspec is not None else code


def proves(item: pytest.Item) -> str:
    """What it proves, in one sentence."""
    doc = inspect.getdoc(getattr(item, "obj", None)) or ""
    return doc.split("\n\n")[0].replace("\n", " ") or item.name.removeprefix("test_").replace("_", " ")
