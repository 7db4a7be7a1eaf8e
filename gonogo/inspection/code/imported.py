"""Modules of the application that Python imports from somewhere else than where its code was put. Pure."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

__all__ = ["Foreign", "imported_elsewhere", "variable_of", "what_brings"]

_NO_MODULE = re.compile(r"No module named '([\w.]+)'")


_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_OF_SETTINGS = frozenset(
    {"ImproperlyConfigured", "KeyError", "SettingsError", "UndefinedValueError", "ValidationError"}
)
"""Errors of what reads settings: Django, the environment itself, pydantic-settings, python-decouple."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A module of the application, the file that it was loaded from, and the tracked file that it should be."""

    module: str
    file: str
    path: str


def imported_elsewhere(
    entrypoint: str, origins: Mapping[str, str], *, code: Mapping[str, str], tracked: Collection[str]
) -> list[Foreign]:
    """The modules that were not loaded from mapped code although git has their source beside the entry point's.

    Args:
        entrypoint: ``module`` or ``module:attribute``; where git has its source is where imports begin.
        origins: Module → the file that it was loaded from.
        code: Where paths of the repository landed.
        tracked: Paths that git knows.
    """
    root = _root_of(entrypoint.partition(":")[0], code, tracked)
    if root is None:
        return []
    found = []
    for module, file in sorted(origins.items()):
        own = any(_within(file, there) for there in code.values())
        path = next((root + end for end in _ends(module) if root + end in tracked), None)
        if path is not None and not own and module.partition(".")[0] not in sys.stdlib_module_names:
            found.append(Foreign(module=module, file=file, path=path))
    return found


def _root_of(module: str, code: Mapping[str, str], tracked: Collection[str]) -> str | None:
    """The folder of mapped code below which a module stands, nearest to the top; it ends with a slash or is empty.

    Where the module is in no mapped code (a builder installed it), it is the one folder that has it.
    """
    found = [
        (path, path.removesuffix(end)) for path in tracked for end in _ends(module) if f"/{path}".endswith(f"/{end}")
    ]
    roots = [root for path, root in found if any(_within(path, here) for here in code)]
    if not roots and len(found) == 1:
        return found[0][1]
    return min(roots, key=lambda root: (root.count("/"), root), default=None)


def _ends(module: str) -> tuple[str, str]:
    """The files that a module may be, from where its import begins."""
    stem = module.replace(".", "/")
    return f"{stem}.py", f"{stem}/__init__.py"


def _within(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies below it; everything lies below the repository itself."""
    folder = posixpath.normpath(folder)
    return folder in (".", path) or path.startswith(folder.rstrip("/") + "/")


def what_brings(message: str, tracked: Iterable[str]) -> str:
    """What mends an import that found no module: a file of the commit that is not there, or a package; empty else.

    Args:
        message: as Python says it: ``No module named 'redis'``.
        tracked: the commit's files.
    """
    named = _NO_MODULE.search(message)
    if named is None:
        return ""
    module = named[1]
    inner, top = module.replace(".", "/"), module.partition(".")[0]
    names = (f"/{inner}.py", f"/{inner}/__init__.py")
    parts = [f"/{path}" for path in tracked]
    if any(path.endswith(names) for path in parts):
        return f"Bring {inner}.py into the image, where it is imported from (COPY, WORKDIR, .dockerignore)"
    if any(path.endswith(f"/{top}.py") or f"/{top}/" in path for path in parts):
        return f"Commit the file of {module} (does .gitignore name it?), or mend the import"
    return f"Add the package that brings {top} to what the build installs, or mend the import"


def variable_of(kind: str, message: str, given: Collection[str]) -> str:
    """The variable over which an import ended, as its error names it; empty where it names none.

    Args:
        kind: the error's type.
        message: what it says.
        given: the names of the variables that the application is given; another one counts where settings say so.
    """
    named = [str(one) for one in _VARIABLE.findall(message)]
    return next((one for one in named if one in given or kind.rpartition(".")[2] in _OF_SETTINGS), "")
