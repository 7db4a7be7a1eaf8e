"""Bring the database to the release's head: after it is ready, before the release takes requests."""

from __future__ import annotations

import time

from gonogo.errors import CommandError
from gonogo.gates.pending_migrations import migrated
from gonogo.host.runner import Command
from gonogo.inspection.answers.moved import not_reached
from gonogo.migrations import layout_of, tool_of
from gonogo.run.moves.standing import half_done, said_of, shapes
from gonogo.run.work import Work

__all__ = ["Migrate", "have_moved", "left_in_databases", "stands_at"]

_STARTS, _PAUSE = 60.0, 2.0
"""How long a database that was only now started may take until it answers, and the pause between two asks."""


class Migrate:
    """Starts the data stores that do not run yet, then runs the migrations with the new release's code."""

    name = "migrate"
    touches = True
    replaces = False
    migrates = True

    def describe(self, work: Work) -> tuple[str, ...]:
        """What would run; migrations run even when none is pending (the tool then does nothing)."""
        return tuple(
            str(command) for command in (*work.runtime.prepare(work.place, work.release), *self._upgrades(work))
        )

    def _upgrades(self, work: Work) -> tuple[Command, ...]:
        commands = []
        ahead = {one.service for one in work.standings if one.accepted}
        for name, service in migrated(work.place.environment).items():
            if name in ahead and tool_of(service.migrations).refuses_unknown:
                continue
            tool = tool_of(service.migrations)
            layout = layout_of(work.place.project.source_root, tool, service.migrations_config)
            own = work.place.environment.commands.get("migrate")
            argv, folder = (own, ".") if own else (tool.upgrade_command(layout.config), layout.folder)
            commands.append(work.runtime.in_service(work.place, work.release, name, argv, folder=folder))
        return tuple(commands)

    def do(self, work: Work) -> str:
        """Runs them, and says where the databases stand now.

        Raises:
            CommandError: a data store did not become ready, or a migration failed.
        """
        work.runtime.make_ready(work.place, work.release)
        upgrades = self._upgrades(work)
        before = shapes(work) if upgrades else {}
        try:
            for command in upgrades:
                _run(work, command, until=time.monotonic() + (_STARTS if work.serving is None else 0.0))
        except CommandError:
            work.half_done = half_done(work, before)
            raise
        if not upgrades and not migrated(work.place.environment):
            ready = work.runtime.prepare(work.place, work.release)
            return f"no migrations configured{'; its data stores are ready' if ready else ''}"
        return "; ".join(_moved(work, name) for name in migrated(work.place.environment))


def _run(work: Work, command: Command, *, until: float) -> None:
    """Runs a migration; on a first deploy again while its database, which nothing watches, only begins to listen.

    Raises:
        CommandError: it failed.
    """
    done = work.host.run(command)
    while not done.ok and time.monotonic() < until and not_reached(done.output + done.errors):
        time.sleep(_PAUSE)
        done = work.host.run(command)
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
    said = said_of(work, name)
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
