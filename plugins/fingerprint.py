"""What a check's source is known by: changes when its function's text, or its configured thing, does."""

from __future__ import annotations

import ast
import hashlib
import inspect
import linecache
from collections.abc import Sequence
from types import FunctionType

import pytest

from gonogo.gates.baseline import BUILT_IN

__all__ = ["fingerprint", "source"]


def fingerprint(item: pytest.Item) -> str:
    """Changes when the test's source or its configured thing changes; of a built-in check only with the latter.

    Another gonogo is no change that a release brings: what its checks say was as true of the release before.
    """
    params = sorted(getattr(getattr(item, "callspec", None), "params", {}).items())
    if item.nodeid.startswith("gonogo/"):
        return BUILT_IN + hashlib.sha256(f"{params!r}".encode()).hexdigest()[:16]
    return hashlib.sha256(f"{source(item)}\n{params!r}".encode()).hexdigest()[:16]


def source(item: pytest.Item) -> str:
    """The text of a check's function; nothing where it has none."""
    tested = getattr(item, "obj", None)
    try:
        return _quickly(tested) or inspect.getsource(tested)  # type: ignore[arg-type]
    except (OSError, TypeError):
        return ""


def _quickly(tested: object) -> str | None:
    """What ``inspect`` would say of a plain function, token by token (a tenth of a gate); None for any other."""
    if type(tested) is not FunctionType or hasattr(tested, "__wrapped__"):
        return None
    lines = linecache.getlines(tested.__code__.co_filename)
    text = "".join(_block(lines, tested.__code__.co_firstlineno - 1))
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):  # a line that begins no statement: it stands in a text
        return None
    return text if len(body) == 1 and isinstance(body[0], ast.FunctionDef) else None


def _block(lines: Sequence[str], first: int) -> Sequence[str]:
    """The lines of a function of a module, up to the next statement; nothing where that takes a closer look."""
    head = next((number for number in range(first, len(lines)) if lines[number].startswith("def ")), len(lines))
    if not lines[first:] or lines[first][0] not in "@d" or any("lambda" in line for line in lines[first:head]):
        return ()
    end = next((n for n in range(head + 1, len(lines)) if lines[n][0] == "@" or lines[n][0].isidentifier()), len(lines))
    while end > head and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return () if lines[end - 1].lstrip().startswith("#") else lines[first:end]
