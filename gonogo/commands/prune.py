"""``gonogo prune``: throw away what ``rollback --restore-data`` has replaced, once nobody wants it back.

What ran on for ``keep_blue`` is stopped once that is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
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
from gonogo.runtimes.base import Place
from gonogo.runtimes.place import maker
from gonogo.runtimes.protocols import do_all
from gonogo.state.lock import hold
from gonogo.state.store import State

__all__ = ["Pruned", "Stopped", "prune", "prune_lines"]


class Pruned(BaseModel):
    """One database that is gone."""

    source: str
    """The live one on whose server it stood."""
    database: str
    bytes: int


class Stopped(BaseModel):
    """One release that does not run on any more; it is kept."""

    release: str


def prune(folder: Path, env: str | None, *, agree: Callable[[str], bool] | None) -> tuple[Pruned | Stopped, ...]:
    """Stops a release whose time to run on is over, and drops what swaps have replaced, if the operator agrees.

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
        stopped = tuple(_stopped(place, at.state))
        found = databases(place, runtime_of(at.environment.runtime), at.state.current())
        listed = [*_listed(found, place.host)]
        if not listed:
            return stopped
        said = "; ".join(_said(one) for _, one in listed)
        if agree is None:
            raise UsageError(f"{said}\nprune: found nobody to ask, expected --yes. Nothing was thrown away.")
        if not agree(f"{said}. Throw away?"):
            raise UsageError("prune: found no consent, expected yes, or --yes. Nothing was thrown away.")
        for drop_it, _ in listed:
            drop_it()
    return (*stopped, *(gone for _, gone in listed))


def _stopped(place: Place, state: State) -> Iterator[Stopped]:
    """The release before, where it runs on for longer than it should."""
    serving, former = state.current(), state.before(state.current())
    if place.environment.traffic is None or serving is None or serving.went_go is None:
        return
    if former is None or not former.beside:
        return
    if datetime.now(UTC) < serving.went_go + timedelta(seconds=place.environment.keep_blue):
        return
    runtime, own = maker(runtime_of(place.environment.runtime), place, former)
    if runtime.direct(own, former):
        do_all(runtime.leaving(own, former, serving, served=False))
        yield Stopped(release=former.id)


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


def prune_lines(found: tuple[Pruned | Stopped, ...]) -> list[str]:
    """One line for each."""
    lines = [
        f"stopped      {one.release}" if isinstance(one, Stopped) else f"thrown away  {_said(one)}" for one in found
    ]
    return lines or ["nothing was replaced"]


def _said(one: Pruned) -> str:
    return f"{one.source}: {one.database}, {in_words(one.bytes)}"
