"""``gonogo deploy``: one guarded deployment, from the lock to the record."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from gonogo.commands.adopt import take_over
from gonogo.commands.finish import finish
from gonogo.commands.prepare import Commit, Where, at_commit, make_work, new_release
from gonogo.commands.recover import clear_untouched, opened, recorded, remember
from gonogo.errors import RefusedError, UsageError
from gonogo.gates.subject import attestations
from gonogo.host.signals import Signals
from gonogo.records.run_results import RunResult
from gonogo.run.pipeline import Pipeline
from gonogo.run.recipes import deploy_recipe
from gonogo.run.screen import Screen
from gonogo.run.tagging import tagged
from gonogo.run.work import Options
from gonogo.runtimes import sources
from gonogo.runtimes.archive import manifest_of
from gonogo.runtimes.given import changed_since
from gonogo.secrets.records import redacted
from gonogo.state.lock import hold
from gonogo.state.release import Release

__all__ = ["deploy", "refuse_earlier", "require_archive"]


def deploy(folder: Path, env: str | None, *, ref: str, options: Options, screen: Screen) -> RunResult:
    """Deploys a commit; returns how it ended.

    Raises:
        UsageError: wrong usage or configuration; nothing was touched.
        LockedError: another run holds the environment.
        RefusedError: an unfinished run or a bad release stands in the way.
    """
    at, commit = at_commit(folder, env, ref)
    attested = attestations(at.environment, options.attest)
    require_archive(at, options)
    release = new_release(at, commit)
    at.state.create()
    with (
        Signals(screen.say) as signals,
        hold(at.state.lock, project=at.project.app.name, env=at.environment.name, why="deploy"),
    ):
        said = refuse_earlier(at, release, options)
        serving = at.state.current()
        sources.catch_up(serving, at.project.root)
        notes: tuple[str, ...] = ()
        if serving is None:
            serving, notes = _adopted(at, commit, options)
            release = new_release(at, commit)  # its id is younger than that of what was adopted
        _can_go_back(at, serving, options)
        recipe = deploy_recipe(at.environment, first=serving is None)
        work = make_work(at, release, run=release.id, options=options, screen=screen)
        work.notes += [*said, *notes]
        work.attested = tuple(redacted(one, work.redactor.text) for one in attested)
        work.journal.write(
            "run-began", kind="deploy", release=release.id, commit=commit.id, serving=serving.id if serving else None
        )
        for one in work.attested:
            work.journal.write("attested", **one.model_dump(mode="json"))
        clear_untouched(work)
        opened(work, kind="deploy")
        started, begin = datetime.now(UTC), time.monotonic()
        pipeline = Pipeline(work, signals=signals)
        ending = pipeline.deploy(recipe)
        ending = recorded(pipeline.course, ending, lambda: remember(work, pipeline.course, ending))
        work.notes += tagged(work, ending)
        seconds = time.monotonic() - begin
        return finish(work, pipeline.course, ending, kind="deploy", started=started, seconds=seconds)


def _can_go_back(at: Where, serving: Release | None, options: Options) -> None:
    """A release that nobody confirms goes back.

    Raises:
        RefusedError: there is nothing to go back to.
    """
    environment = at.environment
    if serving is None and environment.confirm is not None and not options.force:
        raise RefusedError(
            f"env.{environment.name}.confirm: found nothing that serves, expected a release to go back to where nobody "
            "confirms the new one. The first one goes without: "
            f'`gonogo deploy --env {environment.name} --force --reason "the first"`.'
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


def require_archive(at: Where, options: Options) -> None:
    """Makes sure that a file of images can be read, and that somebody wants one.

    Raises:
        UsageError: neither.
    """
    if options.images is None:
        return
    if not at.environment.has("images") or not any(one.image for one in at.environment.service.values()):
        raise UsageError(
            f"--images: found no service of env.{at.environment.name} with an image, expected one: "
            'image = "shop:{commit}" under [service.NAME], as it is called in the file.'
        )
    manifest_of(options.images)


def refuse_earlier(at: Where, release: Release, options: Options) -> tuple[str, ...]:
    """What the record must say of earlier tries; a commit is bad for what is in it, and with the settings of that day.

    Raises:
        RefusedError: a run was cut off, or the commit was turned back with the very settings of today.
    """
    unfinished = at.state.unfinished()
    name = at.environment.name
    if unfinished is not None:
        raise RefusedError(
            f"{at.state.run_folder(unfinished)}: found a run that was cut off after its first touch, expected none. "
            f"Complete it where that is safe: `gonogo resume --env {name}`, or go back: `gonogo rollback --env {name}`."
        )
    again = [kept for kept in at.state.releases() if kept.commit == release.commit and kept.bad]
    place = at.place(at.project, at.environment)
    changes = {kept.id: changed_since(place, kept) for kept in again}
    bad = next((kept for kept in again if not changes[kept.id]), None)
    if bad is not None and not options.force:
        raise RefusedError(
            f"{release.short}: found a commit that was turned back before ({bad.id}: {bad.bad}), expected another one. "
            "Deploy a commit that mends it; where the env file was to blame, mend that: with other settings the commit "
            f'is tried again. Or this one as it is: `gonogo deploy --env {name} --force --reason "..."`.'
        )
    return tuple(
        f"This commit was turned back as {kept.id} ({kept.bad}). It is tried again with other settings: "
        f"{', '.join(changes[kept.id])} changed since."
        for kept in again[:1]
        if changes[kept.id]
    )
