"""The end of every run: its result record, its pages, its last journal line, and what retention lets go."""

from __future__ import annotations

import contextlib
import os
import shutil
from datetime import datetime
from pathlib import Path

from gonogo.commands.prepare import Git, who
from gonogo.errors import GonogoError, explain, in_one_line
from gonogo.gates.waived import of_run
from gonogo.inspection.answers.downtime import answered_last, figures, spans
from gonogo.records.ending import Ending
from gonogo.records.headline import headline
from gonogo.records.impact import impact_of
from gonogo.records.results import WaiverUse
from gonogo.records.run_results import CommitLine, RunResult
from gonogo.records.write import write_run
from gonogo.run.course import Course
from gonogo.run.notify import ended
from gonogo.run.work import Work, run_all
from gonogo.runtimes.place import maker
from gonogo.secrets.records import redacted
from gonogo.state.journal import read_probe
from gonogo.state.store import write_atomically
from gonogo.words import REPORTS_AT, Role, Stage

__all__ = ["finish"]

_MOST_COMMITS = 100


def finish(work: Work, course: Course, ending: Ending, *, kind: str, started: datetime, seconds: float) -> RunResult:
    """Writes the record; a full disk or an unwritable folder never loses the verdict."""
    run = _result(work, course, ending, kind=kind, started=started, seconds=seconds)
    run = run.model_copy(update={"ended": run.ended.model_copy(update={"impact": impact_of(run)})})
    run = redacted(run.model_copy(update={"ending": headline(run)}), work.redactor.text)
    try:
        work.journal.write(
            "run-ended", how=run.ended.kind, exit=int(run.exit_code), ending=run.ending, reason=run.reason
        )
    except OSError as error:
        run = run.model_copy(update={"notes": (*run.notes, f"The journal could not be written: {explain(error)}")})
    with contextlib.suppress(OSError):
        write_atomically(work.folder / "result.json", run.model_dump_json(indent=1) + "\n")
    work.notices.tell(*ended(run))
    run = run.model_copy(update={"notes": (*run.notes, *work.notices.close())})
    problem = write_run(work.reports, run, work.journal.path)
    if problem:
        run = run.model_copy(update={"notes": (*run.notes, problem)})
    with contextlib.suppress(GonogoError, OSError):  # what is kept too long harms nobody; the next run tries again
        _let_go(work)
    return run


def _result(work: Work, course: Course, ending: Ending, *, kind: str, started: datetime, seconds: float) -> RunResult:
    probed = _probed(work.folder / "probe.jsonl")
    work.notes += filter(None, [work.busy.said()])
    commits = _commits(work, kind)
    return RunResult(
        run=work.folder.name,
        kind=kind,
        app=work.place.project.app.name,
        env=work.place.environment.name,
        who=who(),
        release=work.release.id,
        commit=work.release.commit,
        summary=work.release.summary,
        commits=commits[:_MOST_COMMITS],
        more_commits=max(len(commits) - _MOST_COMMITS, 0),
        said=work.options.reason,
        serving=work.serving.id if work.serving else None,
        started=started,
        seconds=seconds,
        ended=ending,
        reason=course.reason,
        unrecorded=course.unrecorded,
        ladder=work.ladder,
        steps=tuple(course.steps),
        first_touch=course.first_touch if ending.kind.touched else None,
        downtime=figures(probed) if probed else None,
        probed=spans(probed),
        answered=answered_last(probed),
        notes=tuple(work.notes),
        attested=work.attested,
        waivers=_waivers(work, course),
        reports=str(_shown(work.reports)),
        verified=course.verified,
        causes=course.causes,
    )


def _shown(reports: Path) -> Path:
    """Where people find them: a deployer elsewhere brings them home."""
    home = os.environ.get(REPORTS_AT)
    return Path(home, *reports.parts[-2:]) if home else reports


def _waivers(work: Work, course: Course) -> tuple[WaiverUse, ...]:
    """What the waivers did; once the post-deploy gate was asked, every check there is was seen."""
    waive, redact = work.place.environment.waive, work.redactor.text
    configured = [redacted(WaiverUse.model_validate(one.model_dump()), redact) for one in waive]
    gates = [step.gate for step in course.steps if step.gate is not None]
    asked = {gate.stage for gate in gates if gate.role is Role.CANDIDATE and not gate.problem}
    return of_run(configured, gates, whole=asked >= {Stage.PREDEPLOY, Stage.BUILD, Stage.POSTDEPLOY})


def _probed(path: Path) -> list[str]:
    """The probe's lines; a file that cannot be read costs a figure, not the record."""
    try:
        return read_probe(path)
    except OSError:
        return []


def _commits(work: Work, kind: str) -> tuple[CommitLine, ...]:
    """What the run brings, or takes back; nothing where no release served, or its commit is not known."""
    old, new = work.serving, work.release
    if old is None or old.assumed:
        return ()
    first, last = (new, old) if kind == "rollback" else (old, new)
    try:
        found = Git(work.checkout).between(first.commit, last.commit)
    except (GonogoError, OSError):
        return ()
    return tuple(CommitLine(id=commit.id, subject=commit.summary) for commit in found)


def _let_go(work: Work) -> None:
    """Retention: releases past ``keep`` go; never the serving one, the one before, or this run's."""
    current = work.state.current()
    kept = work.state.releases()
    needed = {work.release.id} | ({work.serving.id} if work.serving else set())
    needed |= {current.id, current.replaced or current.id} if current else set()
    good = [release for release in kept if release.went_go is not None or release.adopted][
        : work.place.environment.keep
    ]
    recent = kept[: work.place.environment.keep]
    needed |= {release.id for release in (*good, *recent)}
    for release in kept:
        if release.id in needed:
            continue
        try:
            runtime, place = maker(work.runtime, work.place, release)
            run_all(work, runtime.remove(place, release))
        except (GonogoError, OSError) as error:
            work.notes.append(f"Release {release.id} could not be removed: {in_one_line(error)}")
            continue
        shutil.rmtree(release.folder, ignore_errors=True)
