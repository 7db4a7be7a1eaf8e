"""Whether what ``[env.NAME.checks]`` says of a check can be meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from gonogo.config.builtin import BuiltIn, built_in
from gonogo.config.entries import CheckRule
from gonogo.config.models import Environment
from gonogo.words import OnRed, Stage

__all__ = ["misjudged", "mistakes"]

_OURS = re.compile(r"[PBD]\d{1,3}", re.IGNORECASE)
"""How a built-in check is called; any other code is the team's."""
_LISTED = {"endpoint": "endpoint", "configured_page": "page", "webhook": "webhook", "command": "command"}
"""Fixture → the table whose entries say it themselves."""


def misjudged(environment: Environment) -> Iterator[tuple[str, str]]:
    """Code and mistake of each rule that would do nothing, or would let go what nothing may."""
    if not environment.checks:
        return
    known = {check.code: check for check in built_in()}
    for name, rule in environment.checks.items():
        code = name.partition("[")[0]
        if code in known:
            yield from ((name, text) for text in mistakes(known[code], rule))
        elif _OURS.fullmatch(code):
            close = difflib.get_close_matches(code.upper(), list(known), n=1)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            yield name, f'found "{name}", expected the code of a built-in check, or of one of your own{hint}'


def mistakes(check: BuiltIn, rule: CheckRule) -> Iterator[str]:
    """What of a rule for a check would do nothing, or would let go what nothing may."""
    table = next((_LISTED[name] for name in check.fixtures if name in _LISTED), None)
    if table is not None and rule.model_fields_set - {"impact"}:
        yield f"found {check.code}, expected it where each is listed: severity and on_red of [[env.NAME.{table}]]"
    elif rule.on_red is not None and check.stage in {Stage.PREDEPLOY, Stage.BUILD}:
        yield f"found on_red of {check.code}, expected none: what {check.stage} finds is before the first touch"
    elif rule.impact is not None and check.stage in {Stage.PREDEPLOY, Stage.BUILD}:
        yield f"found impact of {check.code}, expected none: what {check.stage} finds nobody noticed"
    elif rule.on_red is OnRed.WARN and (check.never_excused or check.never_waived):
        yield f'found on_red = "warn" of {check.code}, expected "rollback" or "hold": nothing else means anything then'
