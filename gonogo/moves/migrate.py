"""Bring the database to the release's head: after it is ready, before the release takes requests (O09)."""

from __future__ import annotations

from gonogo.host import Command
from gonogo.migrations import layout_of, tool_of
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
            tool = tool_of(service.migrations)
            layout = layout_of(work.place.project.source_root, tool, service.migrations_config)
            own = work.place.environment.commands.get("migrate")
            argv, folder = (own, ".") if own else (tool.upgrade_command(layout.config), layout.folder)
            commands.append(work.runtime.in_service(work.place, work.release, name, argv, folder=folder))
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
