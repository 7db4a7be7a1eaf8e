"""Bring the database to the release's head: after it is ready, before the release takes requests (O09)."""

from __future__ import annotations

from gonogo.host import Command
from gonogo.migrations import tool_of
from gonogo.moves.base import Work, run_all

__all__ = ["Migrate"]


class Migrate:
    """Start the data stores that do not run yet, then run the migrations with the new release's code."""

    name = "migrate"
    touches = True

    def describe(self, work: Work) -> tuple[str, ...]:
        """What would run; migrations run even when none is pending (the tool then does nothing)."""
        return tuple(
            str(command) for command in (*work.runtime.prepare(work.place, work.release), *self._upgrades(work))
        )

    def _upgrades(self, work: Work) -> tuple[Command, ...]:
        commands = []
        seen = set()
        for name, service in work.place.environment.service.items():
            key = (service.migrations, service.migrations_config)
            if service.migrations == "none" or key in seen:
                continue
            seen.add(key)
            default = tool_of(service.migrations).upgrade_command(service.migrations_config)
            argv = work.place.environment.commands.get("migrate", default)
            commands.append(work.runtime.in_service(work.place, work.release, name, argv))
        return tuple(commands)

    def do(self, work: Work) -> str:
        """Run them.

        Raises:
            CommandError: a data store did not become ready, or a migration failed.
        """
        run_all(work, work.runtime.prepare(work.place, work.release))
        upgrades = self._upgrades(work)
        run_all(work, upgrades)
        return str(upgrades[0]) if upgrades else "no migrations configured"
