"""What the marks of built-in checks say of how they are judged, for tests that make their results by hand."""

from __future__ import annotations

import ast
from functools import cache
from typing import Any

from gonogo.config.builtin import checks_folder

__all__ = ["traits_of"]

_NAMES = {"never_excused", "never_waived", "seen_once", "says_alive", "says_which", "keeps", "impact"}


def traits_of(code: str | None) -> dict[str, Any]:
    """Those of ``D06`` or ``D09[GET /]``; nothing for another code."""
    return _all().get((code or "").partition("[")[0], {})


@cache
def _all() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in checks_folder().glob("*/test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = (
                node.keywords
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("pytest.mark.")
                else ()
            )
            given = {str(word.arg): ast.literal_eval(word.value) for word in named if word.arg in _NAMES}
            if given and isinstance(node, ast.Call):
                found[ast.literal_eval(node.args[0])] = given
    return found
