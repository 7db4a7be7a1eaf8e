"""``gonogo prune``: throw away what ``rollback --restore-data`` has replaced, once nobody wants it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from pydantic import BaseModel

from gonogo.backups.found import Found, databases
from gonogo.backups.mysql import Mysql
from gonogo.backups.postgres import Postgres
from gonogo.backups.putback import drop, replaced_in
from gonogo.backups.putback_files import drop_file, replaced_beside
from gonogo.backups.putback_tables import drop_tables, replaced_on
from gonogo.backups.sqlite import Sqlite
from gonogo.commands.prepare import where
from gonogo.config.backups import BackupRule
from gonogo.errors import UsageError
from gonogo.host.runner import Host, this_machine
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
        listed = [*_listed(found, place.host)]
        if not listed:
            return ()
        said = "; ".join(_said(one) for _, one in listed)
        if agree is None:
            raise UsageError(f"{said}\nprune: found nobody to ask, expected --yes. Nothing was thrown away.")
        if not agree(f"{said}. Throw away?"):
            raise UsageError("prune: found no consent, expected yes, or --yes. Nothing was thrown away.")
        for drop_it, _ in listed:
            drop_it()
    return tuple(gone for _, gone in listed)


def _listed(found: Found, host: Host) -> Iterator[tuple[Callable[[], None], Pruned]]:
    """What swaps left on each server and beside each file, and how it is thrown away."""
    servers = {one.access.where: one for one in found.sources if isinstance(one, Postgres | Mysql)}
    for one in servers.values():
        names = replaced_in(one, host) if isinstance(one, Postgres) else replaced_on(one, host)
        for name in names:
            size = replace(one, database=name).size(host)
            drop_it = partial(drop, one) if isinstance(one, Postgres) else partial(drop_tables, one)
            yield partial(drop_it, name, host), Pruned(source=one.name, database=name, bytes=size)
    for file in found.sources:
        if isinstance(file, Sqlite):
            for path, size in replaced_beside(file, host):
                yield partial(drop_file, file, path, host), Pruned(source=file.name, database=path, bytes=size)


def prune_lines(found: tuple[Pruned, ...]) -> list[str]:
    """One line for each."""
    return [f"thrown away  {_said(one)}" for one in found] or ["nothing was replaced"]


def _said(one: Pruned) -> str:
    return f"{one.source}: {one.database}, {in_words(one.bytes)}"
