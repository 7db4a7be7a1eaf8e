"""The team's own steps before or after a move, each with its undo."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gonogo.config import TeamStep, load_project
from gonogo.errors import GonogoError
from gonogo.host.runner import Command
from gonogo.run.work import Move, Work
from gonogo.runtimes.place import maker
from gonogo.state.journal import read_journal
from gonogo.state.release import Release
from gonogo.state.store import State

__all__ = ["TeamMove", "Undo", "left_done"]


def _command(work: Work, step: TeamStep, argv: tuple[str, ...], release: Release) -> Command:
    """What a step runs: beside the source of the release that it is for, or in one of its instances."""
    if step.service is None:
        environment = {"GONOGO_RELEASE": release.id, "GONOGO_COMMIT": release.commit}
        cwd = str(release.source_root(work.place.project.app.root))
        return Command(argv=argv, cwd=cwd, env=environment, timeout=step.timeout, firm=True)
    runtime, place = maker(work.runtime, work.place, release)
    command = runtime.in_instance(place, release, step.service, argv)
    return replace(command, timeout=step.timeout, firm=True)


def left_done(state: State, outgoing: Release, target: Release) -> tuple[tuple[TeamStep, Release], ...]:
    """The steps that releases took since ``target`` served, and nobody took back; the newest first.

    What a run began is in its journal; the same step of two releases is one. A newer target takes nothing back.
    """
    since = [one for one in state.releases() if target.id < one.id <= outgoing.id and (one.went_go or one == outgoing)]
    found: dict[tuple[str, tuple[str, ...]], tuple[TeamStep, Release]] = {}
    for release in since:
        for step in reversed(_steps_of(release)):
            if step.name in _begun(state.run_folder(release.id)):
                found.setdefault((step.name, step.undo or ()), (step, release))
    return tuple(found.values())


def _steps_of(release: Release) -> tuple[TeamStep, ...]:
    try:
        return load_project(release.root).environments[release.env].step
    except (GonogoError, OSError, KeyError):
        return ()


def _begun(run: Path) -> set[str]:
    """The moves that a run began, but for those that it took back."""
    lines = read_journal(run / "journal.jsonl")
    begun = {str(line["step"]) for line in lines if line.get("event") == "step-began" and line.get("kind") == "move"}
    back = {str(line["step"]) for line in lines if line.get("event") == "step-ended" and line.get("ok")}
    return {name for name in begun if f"undo {name}" not in back}


class TeamMove(Move):
    """One step of the team's own; counts as a touch."""

    touches = True

    def __init__(self, step: TeamStep) -> None:
        """Wraps a configured step."""
        self.step = step
        self.name = step.name

    def describe(self, work: Work) -> tuple[str, ...]:
        """Its command."""
        return (str(_command(work, self.step, self.step.run, work.release)),)

    def do(self, work: Work) -> str:
        """Runs it.

        Raises:
            CommandError: it failed.
        """
        command = _command(work, self.step, self.step.run, work.release)
        work.host.run(command).require(f"step {self.name}")
        return str(command)


class Undo(Move):
    """Takes back one of the team's steps."""

    touches = True

    def __init__(self, step: TeamStep, release: Release | None = None) -> None:
        """Wraps a step that has begun, for this release or for the run's own."""
        self.step = step
        self.name = f"undo {step.name}"
        self._release = release

    def describe(self, work: Work) -> tuple[str, ...]:
        """Its undo command."""
        if not self.step.undo:
            return ("(no undo is configured)",)
        return (str(_command(work, self.step, self.step.undo, self._release or work.release)),)

    def do(self, work: Work) -> str:
        """Runs the undo.

        Raises:
            CommandError: it failed.
        """
        if self.step.undo is None:
            work.notes.append(f'The step "{self.step.name}" has no undo; what it did stays.')
            return "no undo is configured"
        command = _command(work, self.step, self.step.undo, self._release or work.release)
        work.host.run(command).require(self.name)
        return str(command)
