"""Which files of a repository a Python source may import, read without importing it. Pure."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator

__all__ = ["files_of_module", "imported_files"]


def imported_files(source: str, text: str) -> Iterator[str]:
    """The paths that a source may import: every name, wherever in it that stands, from every folder above it.

    A source that does not compile imports nothing.
    """
    try:
        names = set(_imported(ast.parse(text), source))
    except (SyntaxError, ValueError, RecursionError):
        return
    folders = ["", *("/".join(source.split("/")[:at]) for at in range(1, source.count("/") + 1))]
    for name in names:
        parts = name.split(".")
        for at in range(1, len(parts) + 1):
            for folder in folders:
                yield from files_of_module(posixpath.join(folder, *parts[:at]))


def files_of_module(stem: str) -> tuple[str, str]:
    """The two files that a module may be, by its path without an end."""
    return f"{stem}.py", f"{stem}/__init__.py"


def _imported(tree: ast.Module, source: str) -> Iterator[str]:
    """Every dotted name that a file imports; relative ones from the repository."""
    here = source.split("/")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + 1] if node.level else []
            base = [*above, *filter(None, [node.module])]
            yield from (".".join([*base, alias.name]) for alias in node.names)
