"""Files that git does not know and that Python imports in place of a module of the application, or of its own."""

from __future__ import annotations

import posixpath
import re
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

__all__ = ["Shadow", "find", "module_name"]

_MODULE_FILE = re.compile(r"(?P<name>[^./]+)(?:\.py|(?:\.[A-Za-z0-9_-]+)?\.(?:so|pyd))")
_STANDARD = frozenset(sys.stdlib_module_names) - frozenset(sys.builtin_module_names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """An untracked file, the module it is imported as, and what should be imported instead."""

    path: str
    module: str
    instead_of: str


def module_name(path: str, root: str) -> str | None:
    """The dotted name under which Python imports a file from a root, or None when it cannot."""
    folder = root.rstrip("/") + "/"
    if not path.startswith(folder):
        return None
    *packages, file = path[len(folder) :].split("/")
    match = _MODULE_FILE.fullmatch(file)
    if match is None:
        return None
    names = packages if match["name"] == "__init__" else [*packages, match["name"]]
    return ".".join(names) if names and all(name.isidentifier() for name in names) else None


def find(
    untracked: Iterable[str],
    tracked: Iterable[str],
    *,
    import_roots: Iterable[str],
    known_modules: Collection[str] = (),
    allowed: Collection[str] = (),
) -> list[Shadow]:
    """The untracked files of an image that stand in a module's place.

    A file does so when its dotted name is that of a tracked module or package, from whichever root, or when it stands
    at a root and has the name of a module of the standard library or of ``known_modules``.
    """
    roots = sorted({posixpath.normpath(root) for root in import_roots})
    own = _modules(tracked, roots)
    found = []
    for path in sorted(untracked):
        if any(fnmatch(path, pattern) for pattern in allowed):
            continue
        shadow = next(_shadows(path, roots, own, known_modules), None)
        if shadow is not None:
            found.append(shadow)
    return found


def _shadows(path: str, roots: Iterable[str], own: dict[str, str], known_modules: Collection[str]) -> Iterator[Shadow]:
    """What a file stands in the place of, seen from each root."""
    for root in roots:
        name = module_name(path, root)
        if name is None:
            continue
        if name in own:
            yield Shadow(path=path, module=name, instead_of=own[name])
        elif name in known_modules:
            yield Shadow(path=path, module=name, instead_of="the installed package")
        elif name in _STANDARD:
            yield Shadow(path=path, module=name, instead_of="the standard library")


def _modules(tracked: Iterable[str], roots: Iterable[str]) -> dict[str, str]:
    """Every module and package of the application by dotted name, with the file or folder that it is."""
    own: dict[str, str] = {}
    for path in sorted(tracked):
        for root in roots:
            name = module_name(path, root)
            if name is None:
                continue
            own[name] = path
            package = name
            folder = posixpath.dirname(path) if posixpath.basename(path).startswith("__init__.") else path
            while "." in package:
                package, folder = package.rpartition(".")[0], posixpath.dirname(folder)
                own.setdefault(package, folder)
    return own
