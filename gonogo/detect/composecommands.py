"""Which compose files a repository's own commands name: ``docker compose -f production.yml up``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from gonogo.detect.making import MAKEFILES
from gonogo.detect.tree import Tree

__all__ = ["commanded"]

_READ = re.compile(r"(?i)(?:README[\w.-]*|.*\.(?:sh|bash|mk)|justfile|Taskfile\.ya?ml)")
_FILE = re.compile(r"(?:^|\s)(?:-f|--file)[= ]?[\"']?([\w./-]+\.ya?ml)\b")
_COMPOSE = re.compile(r"\bdocker[- ]compose\b")
_ASSIGNED = re.compile(r"(?m)^(?:export[ \t]+)?(\w+)[ \t]*[:?]?=[ \t]*[\"']?([^\"'\n#]*?)[\"']?[ \t]*$")
_VARIABLE = re.compile(r"\$[({](\w+)[)}]|\$(\w+)")
_DEPTH = 3
"""How often a variable may name another."""


def commanded(tree: Tree) -> tuple[tuple[str, ...], ...]:
    """The sets of files that are named together, each once, in the order in which they are found."""
    texts = (path for path in tree.files if _is_read(path) and not tree.is_test(path))
    found = (files for path in texts for files in _in_text(tree.text(path), posixpath.dirname(path), tree))
    return tuple(dict.fromkeys(found))


def _is_read(path: str) -> bool:
    name = posixpath.basename(path)
    return name in MAKEFILES or _READ.fullmatch(name) is not None


def _in_text(text: str, folder: str, tree: Tree) -> Iterator[tuple[str, ...]]:
    known = dict(_ASSIGNED.findall(text))
    for line in text.replace("\\\n", " ").splitlines():
        for _ in range(_DEPTH):
            line = _VARIABLE.sub(lambda one: known.get(one[1] or one[2], one[0]), line)  # noqa: PLW2901 (grows)
        said = _FILE.findall(line) if _COMPOSE.search(line) else []
        places = [next((one for one in _places(name, folder) if one in tree), "") for name in said]
        if places and all(places):
            yield tuple(dict.fromkeys(places))


def _places(name: str, folder: str) -> tuple[str, str]:
    return posixpath.normpath(name), posixpath.normpath(posixpath.join(folder, name))
