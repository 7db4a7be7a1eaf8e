"""What a migration tool says when it is asked itself, with the application's own code and settings."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from gonogo.config import Service
from gonogo.errors import CommandError, OutOfTimeError, last_words
from gonogo.host.runner import Completed
from gonogo.inspection.code.contents import map_paths
from gonogo.inspection.probe_answers import script
from gonogo.migrations.base import MigrationTool, Revision
from gonogo.migrations.layout import layout_of

__all__ = ["Asked", "Said", "Trouble", "Written", "ask", "lacking", "read", "request"]


class Asked(Protocol):
    """Where the application's own Python can be asked."""

    @property
    def label(self) -> str:
        """What people call it."""

    @property
    def code(self) -> Mapping[str, str]:
        """Where paths of the application are in it."""

    def python(self, script: str, *args: str, isolated: bool = True, timeout: float = 60.0) -> Completed:
        """Runs a script there."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """An error that the tool, or the code that it ran, raised."""

    type: str
    message: str
    kinds: tuple[str, ...] = ()
    where: str = ""
    importing: bool = False
    """Whether a module could not be imported, or what env.py calls in a line of its own failed: that happens always."""
    migrating: bool = False
    """Whether a revision's own code raised it."""

    def __str__(self) -> str:
        """As Python says it, with the place."""
        return f"{self.type}: {self.message}".removesuffix(": ") + (f" ({self.where})" if self.where else "")


@dataclass(frozen=True, kw_only=True)
class Written:
    """The SQL that an upgrade would run, as the tool writes it without a database."""

    dialect: str
    statements: Mapping[str, tuple[str, ...]]
    """Revision → its statements, oldest first."""
    errors: Mapping[str, Trouble]
    """Revision → why not all of its statements could be written."""
    refused: Trouble | None = None
    """Why it ended before all were written."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """The tool's answer; None where it was not asked."""

    heads: tuple[str, ...] = ()
    current: tuple[str, ...] | None = None
    """Where the database stands, as people name it."""
    applied: tuple[str, ...] | None = None
    """Everything that was run, where the tool keeps account of each."""
    behind: bool | None = None
    """Whether something is left to run on the database."""
    unknown: tuple[str, ...] = ()
    """What the database has and the code has not."""
    replaced: Mapping[str, str] = field(default_factory=dict)
    """Revisions that others stand for."""
    pending: tuple[Revision, ...] | None = None
    tables: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    """Columns of the tables that were asked for, as the database has them."""
    known: tuple[str, ...] = ()
    """Every revision that the code has."""
    beyond: tuple[Revision, ...] | None = None
    """What was run and is none of those that were named, with its files."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes of the tables that were asked for, with their indexes, where the database is one that says it."""
    written: Written | None = None
    models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns of the tables that the application's models declare."""
    changes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the tool would write a new migration for, and what fails without it."""
    unwritten: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What it would write one for, although the tables are as the models need them."""
    error: Trouble | None = None
    refused: Trouble | None = None
    """Why the migrations' environment could not be run."""
    ran: bool = False


def lacking(models: Mapping[str, Sequence[str]], tables: Mapping[str, Sequence[str] | None]) -> list[str]:
    """Tables, and columns as ``table.column``, that models declare and a database has not."""
    found = []
    for table, columns in models.items():
        there = tables.get(table)
        if there is None:
            found.append(f"table {table}")
            continue
        known = {name.casefold() for name in there}
        found += [f"{table}.{column}" for column in columns if column.casefold() not in known]
    return found


def request(
    root: Path, service: Service, tool: MigrationTool, code: Mapping[str, str], own: Sequence[str] = (), **asked: Any
) -> str:
    """What a probe is asked: where the tool's configuration landed, where the tool is run, and the rest."""
    layout = layout_of(root, tool, service.migrations_config, own)
    config = layout.config if layout.folder == "." else posixpath.join(layout.folder, layout.config)
    words: dict[str, Any] = {"config": map_paths([config], code).get(config, config), **asked}
    if layout.folder == "." and layout.config != posixpath.basename(layout.config):
        words["folder"] = map_paths(["."], code).get(".", ".")
    if service.entrypoint:
        words["app"] = service.entrypoint
    upgrade = layout.upgrade
    return json.dumps({**words, "words": list(upgrade.words), "target": upgrade.target, "bare": upgrade.bare})


def ask(
    inside: Asked, root: Path, service: Service, tool: MigrationTool, own: Sequence[str] = (), **asked: Any
) -> Said:
    """Asks the tool where the application's Python is.

    Raises:
        OutOfTimeError: it did not answer within the host's bound.
        CommandError: it could not be asked.
    """
    words = request(root, service, tool, inside.code, own, **asked)
    done = inside.python(script(tool.probe), words, isolated=False)
    if not done.ok:
        how = f"no end within {done.command.timeout or 0:g} s" if done.timed_out else f"exit code {done.code}"
        said = last_words(done.errors or done.output)
        kind = OutOfTimeError if done.timed_out else CommandError
        raise kind(f"{inside.label}: found {how}, expected what {tool.name} says; it said: {said}")
    return read(done.output, tool, inside.label)


def read(output: str, tool: MigrationTool, label: str) -> Said:
    """The document behind a probe's marker; whatever else was printed does not count.

    Raises:
        CommandError: there is none.
    """
    _, found, rest = output.rpartition(tool.marker)
    try:
        document = json.loads(rest.partition("\n")[0]) if found else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise CommandError(f"{label}: found no line that begins with {tool.marker}, expected what {tool.name} says")
    return _said(document)


def _said(document: Mapping[str, Any]) -> Said:
    environment = document.get("environment") or {}
    return Said(
        heads=tuple(document["heads"]),
        current=_names(document.get("current")),
        applied=_names(document.get("applied")),
        behind=document.get("behind"),
        unknown=_names(document.get("unknown")) or (),
        replaced=document.get("replaced") or {},
        pending=_revisions(document.get("pending")),
        known=_names(document.get("known")) or (),
        beyond=_revisions(document.get("beyond")),
        tables={name: _names(found) for name, found in (document.get("tables") or {}).items()},
        sizes=document.get("sizes") or {},
        written=None if document.get("sql") is None else _written(document["sql"]),
        models={
            name: tuple(found) for name, found in (environment.get("models") or document.get("models") or {}).items()
        },
        changes={name: tuple(found) for name, found in (environment.get("changes") or {}).items()},
        unwritten={name: tuple(found) for name, found in (environment.get("harmless") or {}).items()},
        error=_trouble(document.get("error")),
        refused=_trouble(environment.get("error")),
        ran=bool(environment.get("ran")),
    )


def _written(found: Mapping[str, Any]) -> Written:
    troubles = {one["id"]: _trouble(one["error"]) for one in found["revisions"]}
    return Written(
        dialect=found["dialect"],
        statements={one["id"]: tuple(one["sql"]) for one in found["revisions"]},
        errors={name: trouble for name, trouble in troubles.items() if trouble is not None},
        refused=_trouble(found["error"]),
    )


def _names(found: Any) -> tuple[str, ...] | None:
    return None if found is None else tuple(map(str, found))


def _revisions(found: Any) -> tuple[Revision, ...] | None:
    return None if found is None else tuple(map(_revision, found))


def _revision(found: Mapping[str, Any]) -> Revision:
    said = {name: tuple(found.get(name) or ()) for name in ("parents", "idle")}
    return Revision(id=found["id"], path=found["path"], source=found["source"], **said)


def _trouble(found: Mapping[str, Any] | None) -> Trouble | None:
    return None if found is None else Trouble(**{**found, "kinds": tuple(found["kinds"])})
