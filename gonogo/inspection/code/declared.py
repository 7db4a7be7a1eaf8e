"""Whether an application names a package only for development, tests, or an extra. Pure."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["is_optional", "names_packages"]

_NAMES = frozenset({"pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "environment.yml", "environment.yaml"})
_LISTS = re.compile(r"(?:^|[-_./])(?:requirements?|deps|pip)[\w./-]*\.(?:txt|in)$")
_APART = re.compile(r"dev|test|local|lint|doc|ci\b|opt|extra|debug|all", re.IGNORECASE)


def names_packages(path: str) -> bool:
    """Whether a file is one in which packages are named."""
    return posixpath.basename(path) in _NAMES or bool(_LISTS.search(path))


def is_optional(module: str, texts: Mapping[str, str]) -> bool:
    """Whether a package of a module's name is named, and nowhere among those that are always installed."""
    pattern = re.compile(rf"(?<![\w.-]){re.sub('[-_.]', '[-_.]', module)}(?!\w)", re.IGNORECASE)
    named = {path for path, text in texts.items() if pattern.search(text)}
    return bool(named) and not any(pattern.search(line) for path in named for line in _always(path, texts[path]))


def _always(path: str, text: str) -> Iterator[str]:
    """The lines of a file that name what is always installed."""
    name = posixpath.basename(path)
    if name in {"pyproject.toml", "Pipfile"}:
        try:
            yield from _of_toml(tomllib.loads(text))
        except (tomllib.TOMLDecodeError, AttributeError, TypeError):
            return
    elif name not in _NAMES and not _APART.search(path.removesuffix(".txt").removesuffix(".in")):
        yield from text.splitlines()


def _of_toml(document: Mapping[str, Any]) -> Iterator[str]:
    yield from map(str, document.get("project", {}).get("dependencies", ()))
    for table in (document.get("tool", {}).get("poetry", {}).get("dependencies", {}), document.get("packages", {})):
        yield from (name for name, said in table.items() if not (isinstance(said, dict) and said.get("optional")))
