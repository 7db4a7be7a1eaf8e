"""Which files of a repository are compose files, and which of them are likely to be meant for a server."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from gonogo.detect.composecommands import commanded
from gonogo.detect.tree import Tree

__all__ = ["Candidate", "candidates", "choices"]

_NAME = re.compile(
    r"^(?:(?P<before>[\w.-]+?)[-_.])??(?:docker-)?compose(?P<after>[-_.][\w.-]+?)?\.ya?ml$", re.IGNORECASE
)
_SERVER = re.compile(r"prod|production|deploy|live|release|selfhost|self-host", re.IGNORECASE)
_DESK = re.compile(
    r"(?<![a-z])(?:dev|devel|development|debug|local|test|tests|testing|ci|e2e|cypress|playwright|override|docs?|bench"
    r"|benchmark|perf|ha|tools|example|demo|letsencrypt|upgrade|migrat\w*|monitoring|observability)(?![a-z])",
    re.IGNORECASE,
)
_FOLDERS_OF_DESK = frozenset({".devcontainer", ".ci", ".github", "docs", "examples", "example", "dev-tools", "ci"})
_SERVICES = re.compile(r"(?m)^(?:\{\s*)?[\"']?(?:services|include)[\"']?\s*:")
_IS_COMPOSE = re.compile(
    r"(?m)^services[ \t]*:[ \t]*\n(?:[ \t]*(?:#.*)?\n)*[ \t]+[\w.-]+[ \t]*:(?:.*\n)+?[ \t]+(?:build|image)[ \t]*:"
)
_BUILDS = re.compile(r"(?m)^[ \t]+build[ \t]*:")
_RANKS = ("server", "base", "other", "override", "desk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One compose file, and for what its name says it is."""

    path: str
    kind: str
    """``base``, ``server``, ``desk``, ``override`` or ``other``."""

    @property
    def folder(self) -> str:
        """The folder that Compose would take for the project's."""
        return posixpath.dirname(self.path)


def candidates(tree: Tree) -> tuple[Candidate, ...]:
    """Every compose file of a tree, those of upper folders first; where none is called so, those that commands name."""
    found = [path for path in tree.files if _NAME.match(posixpath.basename(path)) and not tree.is_test(path)]
    called = [path for path in found if _SERVICES.search(tree.text(path))]
    paths = called or _of_other_names(tree)
    found = sorted(paths, key=lambda path: (path.count("/"), path))
    return tuple(Candidate(path=path, kind=_kind(path)) for path in found)


def _of_other_names(tree: Tree) -> list[str]:
    """Those that commands name, and their like beside them: ``production.yml`` beside ``local.yml``."""
    named = dict.fromkeys(path for one in _named(tree) for path in one)
    folders = {posixpath.dirname(path) for path in named}
    beside = (path for path in tree.files if posixpath.dirname(path) in folders and path.endswith((".yml", ".yaml")))
    return list(named | dict.fromkeys(path for path in beside if _IS_COMPOSE.search(tree.text(path))))


def _named(tree: Tree) -> tuple[tuple[str, ...], ...]:
    """The sets of compose files of any name that commands of the repository name."""
    return tuple(files for files in commanded(tree) if all(_SERVICES.search(tree.text(path)) for path in files))


def _kind(path: str) -> str:
    match = _NAME.match(posixpath.basename(path))
    stem = posixpath.splitext(posixpath.basename(path))[0]
    variant = " ".join(filter(None, (match["before"], match["after"]))) if match else stem
    if re.search(r"override", variant, re.IGNORECASE):
        return "override"
    if _SERVER.search(variant):
        return "server"
    in_desk = not _FOLDERS_OF_DESK.isdisjoint(path.split("/")[:-1])
    if _DESK.search(variant) or in_desk or _DESK.search(" ".join(path.split("/")[:-1])):
        return "desk"
    return "other" if variant else "base"


def choices(tree: Tree, *, stands_alone: Callable[[str], bool]) -> tuple[tuple[str, ...], ...]:
    """The sets of files that may be meant, the likeliest first; a set of two is a base with what is laid over it.

    Files for a desk (tests, development containers) count only where there are no others. ``stands_alone`` tells
    whether Compose takes a file without another below it.
    """
    found = candidates(tree)
    if found and not any(_NAME.match(posixpath.basename(one.path)) for one in found):
        together = _named(tree)
        alone = ((one.path,) for one in found if not any(one.path in files for files in together))
        return tuple(sorted((*together, *alone), key=lambda files: (max(map(_rank, files)), -len(files))))
    sets: list[tuple[str, ...]] = []
    for one in (one for one in found if one.kind == "server"):
        base = next((other for other in found if other.kind == "base" and other.folder == one.folder), None)
        if base is not None and not stands_alone(one.path):
            sets.append((base.path, one.path))
        sets.append((one.path,))
    for one in (one for one in found if one.kind == "base"):
        over = next((other for other in found if other.kind == "override" and other.folder == one.folder), None)
        if over is not None and _BUILDS.search(tree.text(over.path)) and not _BUILDS.search(tree.text(one.path)):
            sets.append((one.path, over.path))  # as `docker compose up` reads them: what is deployed stands above alone
    for kind in ("base", "other"):
        sets += [(one.path,) for one in found if one.kind == kind]
    sets = sets or [(one.path,) for one in found if one.kind == "desk"]
    return tuple(dict.fromkeys(sets))


def _rank(path: str) -> int:
    return _RANKS.index(_kind(path))
