"""``gonogo rollback``: go back to a kept release, judged by the gate that it was pinned with."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from gonogo.commands.deploy import Screen
from gonogo.commands.finish import finish
from gonogo.commands.prepare import Where, make_work, where
from gonogo.config import load_project
from gonogo.errors import RefusedError
from gonogo.lock import hold
from gonogo.moves.base import Options
from gonogo.pipeline import Pipeline
from gonogo.records.results import RunResult
from gonogo.release import Release
from gonogo.settle import settle_run
from gonogo.signals import Signals
from gonogo.words import Exit

__all__ = ["choose_target", "rollback"]


def rollback(folder: Path, env: str | None, *, to: str | None, force: bool, screen: Screen) -> RunResult:
    """Start a kept release again and prove it; returns how it ended.

    Raises:
        UsageError: wrong usage or configuration.
        RefusedError: there is no release to go back to, or it is a bad one.
        LockedError: another run holds the environment.
    """
    at = where(folder, env)
    at.state.create()
    with (
        Signals() as signals,
        hold(at.state.lock, project=at.project.app.name, env=at.environment.name, why="rollback"),
    ):
        unfinished = at.state.unfinished()
        target = choose_target(at, to=to, after_crash=unfinished is not None, force=force)
        outgoing = _outgoing(at, unfinished) or target
        work = make_work(
            _pinned(at, target), target, run=f"{datetime.now(UTC):%Y%m%dT%H%M%S}-rollback", options=Options()
        )
        work.journal.write("run-began", kind="rollback", release=target.id, outgoing=outgoing.id)
        if unfinished is not None:
            work.notes += settle_run(at.state.run_folder(unfinished), work.journal)
        screen.begin(work)
        started, begin = datetime.now(UTC), time.monotonic()
        pipeline = Pipeline(work, tell=screen.step, signals=signals)
        with signals.way_back():
            outcome = pipeline.go_back(target, outgoing)
            if outcome.exit_code is Exit.GO:
                at.state.set_current(target.id)
            return finish(
                work,
                outcome,
                kind="rollback",
                started=started,
                seconds=time.monotonic() - begin,
                downtime=pipeline.downtime(),
            )


def choose_target(at: Where, *, to: str | None, after_crash: bool = False, force: bool = False) -> Release:
    """The release that is named, or the one before the serving one; after a crash or a hold, the last good one.

    Raises:
        RefusedError: it is not kept, was turned back before, or there is none.
    """
    kept = at.state.releases()
    if to is not None:
        found = [release for release in kept if to in {release.id, release.commit} or release.commit.startswith(to)]
        if not found:
            raise RefusedError(f'--to: found "{to}", expected one of the kept releases {_ids(kept)}.')
        return _usable(found[0], force=force)
    current = at.state.current()
    if current is not None and after_crash and current.is_good:
        return current
    good = [release for release in kept if release.is_good]
    older = [release for release in good if current is None or release.id < current.id]
    if not older:
        raise RefusedError(
            f"{at.state.root}: found no earlier release that went GO, expected one to go back to (kept: {_ids(kept)})."
        )
    return older[0]


def _usable(release: Release, *, force: bool) -> Release:
    if release.bad is not None and not force:
        raise RefusedError(
            f"--to {release.id}: found a release that was turned back ({release.bad}), expected a good one. "
            "Add --force to start it all the same."
        )
    return release


def _ids(kept: list[Release]) -> str:
    return ", ".join(release.id for release in kept) or "none"


def _pinned(at: Where, target: Release) -> Where:
    """The configuration that the release was pinned with."""
    project = load_project(target.root)
    environment = project.environments.get(at.environment.name, at.environment)
    return Where(
        project=project.model_copy(update={"root": at.project.root}),
        environment=environment,
        state=at.state,
        path=at.path,
    )


def _outgoing(at: Where, unfinished: str | None) -> Release | None:
    """What may serve now: the release of a run that was cut off, else the recorded one."""
    if unfinished is not None and (release := at.state.load(unfinished)) is not None:
        return release
    return at.state.current()
