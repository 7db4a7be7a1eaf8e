"""What an application is called."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from gonogo.detect.facts import Fact, Given
from gonogo.detect.tree import Tree

__all__ = ["name_of", "plain"]

_GENERIC = frozenset({"app", "backend", "src", "api", "server", "project", "web", "my-app", "fastapi", "django"})


def name_of(root: Path, tree: Tree, given: Given) -> Fact[str]:
    """The name that pyproject.toml gives, unless it says nothing; else the folder's."""
    if given.name:
        return Fact(given.name, "as you said")
    for path in ("pyproject.toml",):
        try:
            document = tomllib.loads(tree.text(path)) if path in tree else {}
        except tomllib.TOMLDecodeError:
            continue
        name = document.get("project", {}).get("name") or document.get("tool", {}).get("poetry", {}).get("name") or ""
        if name and plain(name) not in _GENERIC:
            return Fact(plain(name), tree.where(path, "name"))
    return Fact(plain(root.name), "the folder's name")


def plain(name: str) -> str:
    """A name in lower-case letters, digits, ``-`` and ``_``."""
    return re.sub(r"[^a-z0-9_-]+", "-", name.casefold()).strip("-_") or "app"
