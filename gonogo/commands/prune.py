"""``gonogo prune``: throw away what ``rollback --restore-data`` has replaced, once nobody wants it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel

from gonogo.backups.found import databases
from gonogo.backups.postgres import Postgres
from gonogo.backups.putback import drop, replaced_in
from gonogo.backups.putback_files import drop_file, replaced_beside
from gonogo.backups.sqlite import Sqlite
from gonogo.commands.prepare import where
from gonogo.config.backups import BackupRule
from gonogo.errors import UsageError
from gonogo.host.runner import this_machine
from gonogo.records.kept_backups import in_words
from gonogo.runtimes import runtime_of
from gonogo.state.lock import hold

__all__ = ["Pruned", "prune", "prune_lines"]


class Pruned(BaseModel):
    """One database that is gone."""

    source: str
    """The live one on whose server it stood."""
    database: str
    bytes: int


def prune(folder: Path, env: str | None, *, agree: Callable[[str], bool] | None) -> tuple[Pruned, ...]:
    """Drops every database that a swap has replaced, if the operator agrees.

    Raises:
        UsageError: nobody agreed.
        CommandError: somebody is connected to one of them.
        LockedError: another run holds the environment.
    """
    at = where(folder, env)
    asked = at.environment.model_copy(update={"backup": at.environment.backup or BackupRule()})
    at.state.create()
    with hold(at.state.lock, project=at.project.app.name, env=at.environment.name, why="prune"):
        place = at.place(at.project, asked, host=this_machine(redact=at.redactor.text, timeout=120.0))
        found = databases(place, runtime_of(at.environment.runtime), at.state.current())
        files = [one for one in found.sources if isinstance(one, Sqlite)]
        servers = {one.access.where: one for one in found.sources if isinstance(one, Postgres)}
        listed = [
            (one, Pruned(source=one.name, database=name, bytes=replace(one, database=name).size(place.host)))
            for one in servers.values()
            for name in replaced_in(one, place.host)
        ]
        beside = [
            (one, Pruned(source=one.name, database=path, bytes=size))
            for one in files
            for path, size in replaced_beside(one, place.host)
        ]
        if not listed and not beside:
            return ()
        said = "; ".join(_said(one) for _, one in (*listed, *beside))
        if agree is None:
            raise UsageError(f"{said}\nprune: found nobody to ask, expected --yes. Nothing was thrown away.")
        if not agree(f"{said}. Throw away?"):
            raise UsageError("prune: found no consent, expected yes, or --yes. Nothing was thrown away.")
        for one, gone in listed:
            drop(one, gone.database, place.host)
        for file, gone in beside:
            drop_file(file, gone.database, place.host)
    return tuple(gone for _, gone in (*listed, *beside))


def prune_lines(found: tuple[Pruned, ...]) -> list[str]:
    """One line for each."""
    return [f"thrown away  {_said(one)}" for one in found] or ["nothing was replaced"]


def _said(one: Pruned) -> str:
    return f"{one.source}: {one.database}, {in_words(one.bytes)}"
