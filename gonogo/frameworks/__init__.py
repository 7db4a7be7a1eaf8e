"""Frameworks: how each declares routes in source; ``gonogo.config.frameworks`` has one row for each."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from gonogo.config.frameworks import FRAMEWORKS
from gonogo.frameworks.included import conditioned
from gonogo.frameworks.source import SourceFile, StaticRoute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["StaticRoute", "static_routes"]


def static_routes(sources: Mapping[str, str | bytes], *, framework: str) -> tuple[StaticRoute, ...]:
    """The routes that sources declare, by path of the repository.

    Files that are no Python and files that do not compile declare nothing: another check judges those. Nor do tests:
    the applications they make up serve nobody.
    """
    module, _, attribute = FRAMEWORKS[framework].partition(":")
    reader: Callable[[SourceFile], Iterable[StaticRoute]] = getattr(importlib.import_module(module), attribute)
    found: list[StaticRoute] = []
    files: list[SourceFile] = []
    for path in sorted(sources):
        if not path.endswith(".py") or _is_test(path):
            continue
        try:
            source = SourceFile(path, sources[path])
        except (SyntaxError, ValueError, RecursionError):
            continue
        found += reader(source)
        files.append(source)
    return tuple(conditioned(found, files))


def _is_test(path: str) -> bool:
    """Whether a file belongs to tests, by the names that pytest and unittest give them."""
    *folders, name = path.split("/")
    return not {"test", "tests"}.isdisjoint(folders) or name == "conftest.py" or name.startswith("test_")
