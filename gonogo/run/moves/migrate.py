"""Bring the database to the release's head: after it is ready, before the release takes requests."""

from __future__ import annotations

import time
from collections.abc import Mapping

from gonogo.errors import CommandError
from gonogo.gates.pending_migrations import migrated
from gonogo.host.runner import Command
from gonogo.inspection.answers.moved import not_reached
from gonogo.migrations import layout_of, tool_of
from gonogo.run.moves.locked import limits, run_migration
from gonogo.run.moves.proven_downgrade import mark
from gonogo.run.moves.standing import half_done, shapes, tool_says
from gonogo.run.work import Move, Work
from gonogo.runtimes.protocols import NONE

__all__ = ["Migrate", "have_moved", "left_in_databases", "stands_at"]

_STARTS, _PAUSE = 60.0, 2.0
"""How long a database that was only now started may take until it answers, and the pause between two asks."""


class Migrate(Move):
    """Starts the data stores that do not run yet, then runs the migrations with the new release's code."""

    name = "migrate"
    touches = True
    migrates = True

    def describe(self, work: Work) -> tuple[str, ...]:
        """What would run; migrations run even when none is pending (the tool then does nothing)."""
        upgrades = (self._upgrade(work, name, limits(work, name)) for name in self._services(work))
        return tuple(str(command) for command in (*work.runtime.prepare(work.place, work.release), *upgrades))

    def _services(self, work: Work) -> list[str]:
        """Whose migrations are run: not where a rollback left the schema ahead, of a tool that would refuse that."""
        ahead = {one.service for one in work.standings if one.accepted and tool_of(one.tool).refuses_unknown}
        return [name for name in migrated(work.place.environment) if name not in ahead]

    def _upgrade(self, work: Work, name: str, variables: Mapping[str, str]) -> Command:
        service, place = work.place.environment.service[name], work.place
        tool = tool_of(service.migrations)
        layout = layout_of(place.project.source_root, tool, service.migrations_config)
        own = place.environment.commands.get("migrate")
        argv, folder = (own, ".") if own else (tool.upgrade_command(layout.config), layout.folder)
        return work.runtime.in_service(place, work.release, name, argv, folder=folder, variables=variables)

    def do(self, work: Work) -> str:
        """Runs them, and says where the databases stand now.

        Raises:
            CommandError: a data store did not become ready, or a migration failed.
        """
        work.runtime.make_ready(work.place, work.release)
        services = self._services(work)
        before = shapes(work) if services else {}
        try:
            for name in services:
                self._run(work, name)
        except CommandError:
            work.half_done = half_done(work, before)
            raise
        mark(work)
        if not migrated(work.place.environment):
            ready = work.runtime.prepare(work.place, work.release)
            return f"no migrations configured{'; its data stores are ready' if ready else ''}"
        return "; ".join(_moved(work, name) for name in migrated(work.place.environment))

    def _run(self, work: Work, name: str) -> None:
        """Runs one; on a first deploy again while its database, which nothing watches, only begins to listen.

        Raises:
            CommandError: it failed.
        """
        until = time.monotonic() + (_STARTS if work.serving is None else 0.0)
        command, plain = self._upgrade(work, name, limits(work, name)), self._upgrade(work, name, NONE)
        done = run_migration(work, name, command, plain)
        while not done.ok and time.monotonic() < until and not_reached(done.output + done.errors):
            time.sleep(_PAUSE)
            done = run_migration(work, name, command, plain)
        done.require()


def _moved(work: Work, name: str) -> str:
    """Where a database stands, as it was looked at: before where nothing was pending, else now."""
    before = next((one for one in work.standings if one.service == name and not one.guessed and not one.doubt), None)
    if before is not None and not before.pending and work.serving is not None:
        return f"{name}: nothing was pending, its database stands at {_short(before.current)}"
    now = stands_at(work, name)
    if now is None:
        return f"{name}: upgraded; where its database stands now was not found out"
    was = f"{_short(before.current)} → " if before is not None and work.serving is not None else ""
    return f"{name}: its database stands at {was}{_short(now)}"


def _short(names: tuple[str, ...], *, most: int = 3) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest or "no revision"


def stands_at(work: Work, name: str) -> tuple[str, ...] | None:
    """Where a service's database stands, asked beside its instances with the new release's code; None if not known."""
    said = tool_says(work, name)
    return said.current if said is not None else None


def have_moved(work: Work) -> bool | None:
    """Whether a database stands elsewhere than before the first touch, as it says itself; None where none says it."""
    if not work.standings or any(one.guessed for one in work.standings):
        return None
    now = [stands_at(work, one.service) for one in work.standings]
    if any(
        found is not None and set(found) != set(one.current) for found, one in zip(now, work.standings, strict=True)
    ):
        return True
    return None if None in now else False


def left_in_databases(work: Work) -> list[str]:
    """What the migrations left in each database, as it says itself; nothing where it did not move."""
    found = []
    for name in migrated(work.place.environment):
        now = stands_at(work, name)
        if now is None:
            found.append(f"the database of {name}, perhaps migrated (it could not be asked)")
        elif now:
            found.append(f"the database of {name}, migrated to {', '.join(now[:3])}")
    return found
