"""Which files of a repository a Python source may import, read without importing it. Pure."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Iterator

__all__ = ["files_of_module", "imported_files", "imported_names", "named_files"]


def imported_files(source: str, text: str) -> Iterator[str]:
    """The paths that a source may import: every name, wherever in it that stands, from every folder above it.

    A source that does not compile imports nothing.
    """
    try:
        names = {name for node in ast.walk(ast.parse(text)) for name in imported_names(node, source)}
    except (SyntaxError, ValueError, RecursionError):
        return
    yield from named_files(source, names)


def named_files(source: str, names: Iterable[str]) -> Iterator[str]:
    """The paths that dotted names in a source may be, packages above them included, from every folder above it."""
    folders = ["", *("/".join(source.split("/")[:at]) for at in range(1, source.count("/") + 1))]
    for name in names:
        parts = name.split(".")
        for at in range(1, len(parts) + 1):
            for folder in folders:
                yield from files_of_module(posixpath.join(folder, *parts[:at]))


def files_of_module(stem: str) -> tuple[str, str]:
    """The two files that a module may be, by its path without an end."""
    return f"{stem}.py", f"{stem}/__init__.py"


def imported_names(node: ast.AST, source: str) -> list[str]:
    """Every dotted name that a statement imports; relative ones from the repository."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        here = source.split("/")[:-1]
        above = here[: len(here) - node.level + 1] if node.level else []
        return [".".join([*above, *filter(None, [node.module]), alias.name]) for alias in node.names]
    return []
