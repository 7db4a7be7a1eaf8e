"""Alembic: its commands, and its revision files read without running them."""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
from collections.abc import Iterator, Mapping

from gonogo.migrations.base import Graph, Revision
from gonogo.migrations.expand import not_shown

__all__ = ["Alembic"]

_REVISION = re.compile(r"^(?P<id>[A-Za-z0-9_.-]+)(?:\s+\((?:head|mergepoint|branchpoint|effective head|,|\s)+\))*\s*$")


class Alembic:
    """https://alembic.sqlalchemy.org; revisions are Python files with ``revision`` and ``down_revision``."""

    name = "alembic"

    def current_command(self, config: str) -> tuple[str, ...]:
        """``alembic current`` with the service's config file."""
        return (*_alembic(config), "current")

    def upgrade_command(self, config: str) -> tuple[str, ...]:
        """``alembic upgrade head``."""
        return (*_alembic(config), "upgrade", "head")

    def parse_current(self, output: str) -> tuple[str, ...]:
        """Revisions stand one a line, alone or with ``(head)``; log lines and prints do not count."""
        found = [match["id"] for line in output.splitlines() if (match := _REVISION.match(line.strip()))]
        return tuple(sorted(set(found)))

    def folders(self, config: str, text: str | None) -> tuple[str, ...]:
        """``version_locations``, else ``versions`` below ``script_location``, else ``alembic/versions``."""
        here = posixpath.dirname(config) or "."
        located = _section(text)
        locations = located.get("version_locations", "")
        if locations:
            words = re.split(r"[\s:;,]+" if _is_separated(located) else r"[\s,]+", locations)
            return tuple(_inside(here, word) for word in words if word)
        return (posixpath.join(_inside(here, located.get("script_location") or "alembic"), "versions"),)

    def graph(self, files: Mapping[str, str]) -> Graph:
        """Read revisions; files without a ``revision`` are none, broken ones are problems."""
        revisions: dict[str, Revision] = {}
        problems: list[str] = []
        for path, source in sorted(files.items()):
            try:
                revision = _revision(path, source)
            except (SyntaxError, ValueError) as error:
                problems.append(f"{path}: found a file that cannot be read as a revision ({error})")
                continue
            if revision is None:
                continue
            if revision.id in revisions:
                problems.append(
                    f"{path}: found revision {revision.id} a second time (first in {revisions[revision.id].path})"
                )
                continue
            revisions[revision.id] = revision
        problems += _loose_ends(revisions)
        return Graph(revisions=revisions, problems=tuple(problems))

    def not_shown(self, source: str) -> str:
        """See ``gonogo.migrations.expand``."""
        return not_shown(source)


def _alembic(config: str) -> tuple[str, ...]:
    return ("alembic",) if config == "alembic.ini" else ("alembic", "-c", config)


def _section(text: str | None) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text or "")
    except configparser.Error:
        return {}
    return dict(parser.items("alembic")) if parser.has_section("alembic") else {}


def _is_separated(options: Mapping[str, str]) -> bool:
    """Whether the locations are joined as the system joins paths."""
    return bool(options.get("version_path_separator") or options.get("path_separator"))


def _inside(here: str, location: str) -> str:
    location = location.strip().replace("%(here)s", here).replace("%%", "%")
    return posixpath.normpath(location.replace(":", "/"))  # "package:folder" names a folder inside a package


def _revision(path: str, source: str) -> Revision | None:
    """The assignments at the top of a revision file."""
    values: dict[str, object] = {}
    for name, value in _assignments(ast.parse(source)):
        if name in {"revision", "down_revision", "depends_on"}:
            values[name] = ast.literal_eval(value)
    if not isinstance(values.get("revision"), str):
        return None
    return Revision(
        id=str(values["revision"]),
        parents=_ids(values.get("down_revision")),
        needs=_ids(values.get("depends_on")),
        path=path,
        source=source,
    )


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value


def _ids(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, tuple | list | set):
        return tuple(str(part) for part in value)
    raise ValueError(f"found {value!r}, expected a revision, several, or None")


def _loose_ends(revisions: Mapping[str, Revision]) -> list[str]:
    """Parents that no file has, and circles."""
    graph = Graph(revisions=revisions)
    missing = [
        f"{revision.path}: found down_revision {parent}, which no file has"
        for revision in revisions.values()
        for parent in (*revision.parents, *revision.needs)
        if parent not in revisions
    ]
    circles = [
        f"{revision.path}: found a circle through revision {revision.id}"
        for revision in revisions.values()
        if any(parent in revisions and revision.id in graph.ancestors([parent]) for parent in revision.parents)
    ]
    return missing + circles
