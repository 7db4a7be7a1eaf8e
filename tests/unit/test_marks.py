"""Marks of checks say what their code does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gonogo.config.builtin import built_in, checks_folder

_PROD = re.compile(r"Tier\.PROD|tier [!=]= 'prod'")
_SHARED = ("debugging",)
"""Modules of checks that judge by tier for others."""


def functions(path: Path) -> dict[str, ast.FunctionDef]:
    """The functions of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def texts(name: str, known: dict[str, ast.FunctionDef], seen: set[str]) -> Iterator[str]:
    """The source of a function and of those that it calls."""
    if name not in known or name in seen:
        return
    seen.add(name)
    yield ast.unparse(known[name])
    for node in ast.walk(known[name]):
        if isinstance(node, ast.Name):
            yield from texts(node.id, known, seen)


@pytest.mark.parametrize("path", sorted(checks_folder().glob("*/test_*.py")), ids=lambda path: path.stem)
def test_check_that_asks_for_prod_says_so(path: Path) -> None:
    """Its page has what its red causes in each tier from the mark; a check that judges alike everywhere has none."""
    marked = {check.code: check.in_prod for check in built_in()}
    shared = {
        name: node for one in _SHARED for name, node in functions(checks_folder() / f"predeploy/{one}.py").items()
    }
    known = {**shared, **functions(path)}
    asks: dict[str, bool] = {}
    for name, node in functions(path).items():
        codes = re.findall(r"pytest\.mark\.\w+\('([PBD]\d\d)'", " ".join(map(ast.unparse, node.decorator_list)))
        asks |= {code: bool(_PROD.search(" ".join(texts(name, known, set())))) for code in codes}

    assert asks == {code: bool(marked[code]) for code in asks}
