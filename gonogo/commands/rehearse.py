"""``gonogo rehearse``: tomorrow's deployment, tonight: everything before its first touch, with the rehearsal in it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gonogo.commands.deploy import refuse_earlier, require_archive
from gonogo.commands.finish import finish
from gonogo.commands.prepare import Where, at_commit, make_work, new_release
from gonogo.commands.recover import clear_untouched, opened
from gonogo.config.backups import BackupRule
from gonogo.errors import RefusedError
from gonogo.gates.subject import attestations
from gonogo.host.signals import Signals
from gonogo.records.run_results import RunResult
from gonogo.run.pipeline import Pipeline
from gonogo.run.recipes import deploy_recipe
from gonogo.run.screen import Screen
from gonogo.run.work import Options
from gonogo.runtimes import sources
from gonogo.secrets.records import redacted
from gonogo.state.lock import hold

__all__ = ["rehearse"]


def rehearse(folder: Path, env: str | None, *, ref: str, options: Options, screen: Screen) -> RunResult:
    """Builds a commit, asks its gates, and migrates a proven copy of the data; what serves is not touched.

    Raises:
        UsageError: wrong usage or configuration.
        LockedError: another run holds the environment.
        RefusedError: nothing serves, an unfinished run stands in the way, or the commit is a bad one.
    """
    at, commit = at_commit(folder, env, ref)
    at = _proving(at)
    attested = attestations(at.environment, options.attest)
    require_archive(at, options)
    release = new_release(at, commit)
    at.state.create()
    with (
        Signals(screen.say) as signals,
        hold(at.state.lock, project=at.project.app.name, env=at.environment.name, why="rehearse"),
    ):
        serving = at.state.current()
        if serving is None:
            raise RefusedError(
                f"{at.state.root}: found nothing that serves, expected a release whose data are migrated on a copy. "
                f"The first one: gonogo deploy --env {at.environment.name}"
            )
        notes = refuse_earlier(at, release, options)
        sources.catch_up(serving, at.project.root)
        work = make_work(at, release, run=release.id, options=options, screen=screen)
        work.notes += notes
        work.attested = tuple(redacted(one, work.redactor.text) for one in attested)
        facts = {"release": release.id, "commit": commit.id, "serving": serving.id}
        work.journal.write("run-began", kind="rehearsal", **facts)
        clear_untouched(work)
        opened(work, kind="rehearsal")
        started, begin = datetime.now(UTC), time.monotonic()
        pipeline = Pipeline(work, signals=signals)
        ending = pipeline.rehearse(deploy_recipe(at.environment, first=False))
        seconds = time.monotonic() - begin
        return finish(work, pipeline.course, ending, kind="rehearsal", started=started, seconds=seconds)


def _proving(at: Where) -> Where:
    """The environment, with its backup proven by a restore: only what is proven is migrated."""
    rule = (at.environment.backup or BackupRule()).model_copy(update={"prove": True})
    return replace(at, environment=at.environment.model_copy(update={"backup": rule}))
