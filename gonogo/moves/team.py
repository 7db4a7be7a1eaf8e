"""The team's own steps before or after a move, each with its undo (O25)."""

from __future__ import annotations

from dataclasses import replace

from gonogo.config import TeamStep
from gonogo.host import Command
from gonogo.moves.base import Work

__all__ = ["TeamMove", "Undo"]


def _command(work: Work, step: TeamStep, argv: tuple[str, ...]) -> Command:
    if step.service is None:
        environment = {"GONOGO_RELEASE": work.release.id, "GONOGO_COMMIT": work.release.commit}
        cwd = str(work.place.project.source_root)
        return Command(argv=argv, cwd=cwd, env=environment, timeout=step.timeout, firm=True)
    command = work.runtime.in_instance(work.place, work.release, step.service, argv)
    return replace(command, timeout=step.timeout, firm=True)


class TeamMove:
    """One step of the team's own; counts as a touch."""

    touches = True

    def __init__(self, step: TeamStep) -> None:
        """Wrap a configured step."""
        self.step = step
        self.name = step.name

    def describe(self, work: Work) -> tuple[str, ...]:
        """Its command."""
        return (str(_command(work, self.step, self.step.run)),)

    def do(self, work: Work) -> str:
        """Run it.

        Raises:
            CommandError: it failed.
        """
        command = _command(work, self.step, self.step.run)
        work.host.run(command).require(f"step {self.name}")
        return str(command)


class Undo:
    """Take back one of the team's steps."""

    touches = True

    def __init__(self, step: TeamStep) -> None:
        """Wrap a step that has begun."""
        self.step = step
        self.name = f"undo {step.name}"

    def describe(self, work: Work) -> tuple[str, ...]:
        """Its undo command."""
        return (str(_command(work, self.step, self.step.undo)),) if self.step.undo else ("(no undo is configured)",)

    def do(self, work: Work) -> str:
        """Run the undo.

        Raises:
            CommandError: it failed.
        """
        if self.step.undo is None:
            work.notes.append(f'The step "{self.step.name}" has no undo; what it did stays.')
            return "no undo is configured"
        command = _command(work, self.step, self.step.undo)
        work.host.run(command).require(self.name)
        return str(command)
