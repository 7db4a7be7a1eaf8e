"""Functions that were the handlers of routes by their decorator, and stand there without one. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from gonogo.frameworks.source import module_of, same_module

__all__ = ["stands_alone"]


def stands_alone(texts: Mapping[str, str], module: str, name: str) -> str:
    """Where the function stands that nothing decorates and no other line names: ``web/main.py:57``; empty for nowhere.

    Whoever left a comment above it meant it, and what is named anywhere, be it in a comment or a test, may be used.

    Args:
        texts: path → text of every tracked Python file.
        module: the dotted name by which the function was imported, from whichever root.
        name: of the function.
    """
    if not name.isidentifier():
        return ""
    word = re.compile(rf"\b{re.escape(name)}\b")
    named = [path for path, text in texts.items() for _ in word.finditer(text)]
    if len(named) != 1 or not same_module(module_of(named[0]), module):
        return ""
    text = texts[named[0]]
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ""
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    line = next((node.lineno for node in functions if node.name == name and not node.decorator_list), 0)
    above = text.splitlines()[line - 2].strip() if line > 1 else ""
    return f"{named[0]}:{line}" if line and not above.startswith("#") else ""
