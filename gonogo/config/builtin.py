"""The built-in checks, as the marks and docstrings of their sources say; nothing of them is imported."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gonogo.words import Impact, OnRed, Severity, Stage

__all__ = ["BuiltIn", "built_in", "checks_folder", "never_waived", "refusing"]

_MENDING = re.compile(r"\n\n(?=Before \(|No before and after: )")


@dataclass(frozen=True, kw_only=True)
class BuiltIn:
    """One built-in check."""

    code: str
    stage: Stage
    proves: str
    doc: str
    """Its docstring: what it proves, and the failure that it catches."""
    mending: str
    """The end of that docstring: what is wrong and what mends it, as code before and after; or why there is no such."""
    remedy: str
    needs: tuple[str, ...]
    """What it needs of the configuration; see ``gonogo.config.needs``."""
    reads: tuple[str, ...]
    """The keys that tune it."""
    rests_on: str
    """The key of gonogo.toml in whose line a mistake makes it red."""
    refuses: str
    """What the wrapper refuses on its own as well, once the artifact itself can be asked."""
    never_waived: str
    """What it tells that nothing else means anything without; nothing of a check that may be waived."""
    never_excused: bool
    """It is about whether anything runs at all."""
    severity: Severity
    on_red: OnRed
    impact: Impact
    in_prod: str
    """``red``: elsewhere it warns; ``stricter``: elsewhere a part of it warns; empty: it is the same in every tier."""
    fixtures: tuple[str, ...]
    """What its function asks for."""


@cache
def checks_folder() -> Path:
    """Where the checks are installed; found, not imported, because pytest rewrites their asserts when they are."""
    spec = importlib.util.find_spec("gonogo.checks")
    return Path(spec.origin if spec is not None and spec.origin else "").parent


@cache
def built_in() -> tuple[BuiltIn, ...]:
    """Every built-in check, by stage and code."""
    found = [check for stage in Stage for path in (checks_folder() / stage).glob("test_*.py") for check in _in(path)]
    return tuple(sorted(found, key=lambda check: (list(Stage).index(check.stage), check.code)))


def never_waived() -> dict[str, str]:
    """Code → what the check tells, of those that no waiver covers.

    Without these answers nothing else that a gate says is about the release. (A start in which instances of two
    releases are left is a move that failed, and nothing covers that.)
    """
    return {check.code: check.never_waived for check in built_in() if check.never_waived}


def refusing(what: str) -> BuiltIn | None:
    """The check that says in a gate what the wrapper refuses with these words; None where none is installed."""
    return next((check for check in built_in() if check.refuses == what), None)


def _in(path: Path) -> Iterator[BuiltIn]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                mark = _mark(decorator)
                if mark is not None and isinstance(decorator, ast.Call):
                    yield _check(node, decorator, mark)


def _mark(decorator: ast.expr) -> Stage | None:
    """The stage of ``@pytest.mark.<stage>(…)``; None for another decorator."""
    words = ast.unparse(decorator.func).split(".") if isinstance(decorator, ast.Call) else []
    return Stage(words[-1]) if words[:2] == ["pytest", "mark"] and words[-1] in list(Stage) else None


def _check(node: ast.FunctionDef, call: ast.Call, stage: Stage) -> BuiltIn:
    words = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    doc, *mending = _MENDING.split(ast.get_docstring(node) or "", maxsplit=1)
    return BuiltIn(
        code=ast.literal_eval(call.args[0]),
        stage=stage,
        proves=" ".join(doc.split("\n\n")[0].split()).removesuffix("."),
        doc=doc,
        mending="".join(mending),
        remedy=str(words.get("remedy", "")),
        needs=tuple(words.get("needs", ())),
        reads=tuple(words.get("reads", ())),
        rests_on=str(words.get("rests_on", "")),
        refuses=str(words.get("refuses", "")),
        never_waived=str(words.get("never_waived", "")),
        never_excused=bool(words.get("never_excused")),
        severity=Severity(words.get("severity", Severity.BLOCKER)),
        on_red=OnRed(words.get("on_red", OnRed.ROLLBACK)),
        impact=Impact(words.get("impact", Impact.SEV2)),
        in_prod=str(words.get("in_prod", "")),
        fixtures=tuple(argument.arg for argument in node.args.args),
    )
