"""``gonogo deploy``: one guarded deployment, from the lock to the record."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gonogo.commands.adopt import take_over
from gonogo.commands.finish import finish
from gonogo.commands.prepare import Commit, Where, at_commit, make_work, new_release
from gonogo.errors import RefusedError, explain
from gonogo.lock import hold
from gonogo.moves.base import Options, Work
from gonogo.pipeline import Outcome, Pipeline
from gonogo.recipes import deploy_recipe
from gonogo.records.results import RunResult, StepResult
from gonogo.release import Release
from gonogo.signals import Signals
from gonogo.state import write_atomically
from gonogo.words import Exit
from gonogo.words import Outcome as Verdict

__all__ = ["Screen", "deploy"]


class Screen:
    """Where a run tells what it does; the command line gives one that prints."""

    def __init__(
        self, *, begin: Callable[[Work], None] = lambda _: None, step: Callable[[StepResult], None] = lambda _: None
    ) -> None:
        """Both default to silence."""
        self.begin = begin
        self.step = step


def deploy(folder: Path, env: str | None, *, ref: str, options: Options, screen: Screen) -> RunResult:
    """Deploy a commit; returns how it ended.

    Raises:
        UsageError: wrong usage or configuration; nothing was touched.
        LockedError: another run holds the environment.
        RefusedError: an unfinished run or a bad release stands in the way.
    """
    at, commit = at_commit(folder, env, ref)
    release = new_release(at, commit)
    at.state.create()
    with Signals() as signals, hold(at.state.lock, project=at.project.app.name, env=at.environment.name, why="deploy"):
        _refuse(at, release, options)
        serving = at.state.current()
        notes: tuple[str, ...] = ()
        if serving is None:
            serving, notes = _adopted(at, commit, options)
            release = new_release(at, commit)  # its id is younger than that of what was adopted
        recipe = deploy_recipe(at.environment, first=serving is None)
        work = make_work(at, release, run=release.id, options=options)
        work.notes += notes
        work.journal.write(
            "run-began", kind="deploy", release=release.id, commit=commit.id, serving=serving.id if serving else None
        )
        screen.begin(work)
        started, begin = datetime.now(UTC), time.monotonic()
        pipeline = Pipeline(work, tell=screen.step, signals=signals)
        outcome = pipeline.deploy(recipe)
        try:
            _remember(work, outcome)
        except OSError as error:
            outcome.exit_code = Exit.NEEDS_HUMAN
            outcome.reason = (
                f"{outcome.reason or 'the release serves'}, but that could not be recorded: {explain(error)}"
            )
        return finish(
            work,
            outcome,
            kind="deploy",
            started=started,
            seconds=time.monotonic() - begin,
            downtime=pipeline.downtime(),
        )


def _adopted(at: Where, commit: Commit, options: Options) -> tuple[Release | None, tuple[str, ...]]:
    """What runs by hand becomes the release to go back to; with --force a first deploy goes on without one.

    Raises:
        RefusedError: it runs and could not be adopted.
    """
    try:
        release = take_over(at, commit)
    except RefusedError as error:
        if not options.force:
            raise
        return None, (str(error),)
    if release is None:
        return None, ()
    return release, (f"What ran by hand was adopted as {release.id}. {' '.join(release.said)}",)


def _refuse(at: Where, release: Release, options: Options) -> None:
    unfinished = at.state.unfinished()
    name = at.environment.name
    if unfinished is not None:
        raise RefusedError(
            f"{at.state.run_folder(unfinished)}: found a run that was cut off after its first touch, expected none. "
            f"Go back first: `gonogo rollback --env {name}`."
        )
    bad = next((kept for kept in at.state.releases() if kept.commit == release.commit and kept.bad), None)
    if bad is not None and not options.force:
        raise RefusedError(
            f"{release.short}: found a commit that was turned back before ({bad.id}: {bad.bad}), expected another one. "
            "Deploy a commit that mends it, or this one again: "
            f'`gonogo deploy --env {name} --force --reason "..."`.'
        )


def _remember(work: Work, outcome: Outcome) -> None:
    """Record which release serves now, and which one is bad."""
    release = work.release
    if outcome.exit_code is Exit.GO:
        work.release = release.model_copy(update={"went_go": datetime.now(UTC), "bad": None})
        work.state.save(work.release)
        if outcome.asked is not None:
            write_atomically(release.gate, outcome.asked.model_dump_json(indent=1) + "\n")
        work.state.set_current(release.id)
    elif outcome.held and "start" in work.done:
        work.state.save(release)
        work.state.set_current(release.id)
    elif outcome.first_touch is not None and any(cause.outcome is Verdict.FAILED for cause in outcome.causes):
        work.release = release.model_copy(update={"bad": outcome.reason})
        work.state.save(work.release)
