"""What every command does with runs that were cut off: complete or take back, close, clear away."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from gonogo.commands.finish import finish
from gonogo.commands.history import recent
from gonogo.commands.prepare import Where, make_work, who
from gonogo.config import load_project
from gonogo.errors import GonogoError, explain, in_one_line
from gonogo.gates.asked import last_of
from gonogo.host.signals import Signals
from gonogo.records.ending import Ending, Kind
from gonogo.records.history import expected
from gonogo.records.run_results import RunResult
from gonogo.run.attribution import is_its_fault
from gonogo.run.course import Course
from gonogo.run.decision import unrecorded, wanted
from gonogo.run.notify import begun
from gonogo.run.pipeline import Pipeline
from gonogo.run.recipes import deploy_recipe
from gonogo.run.screen import Opening, Screen
from gonogo.run.tagging import tagged
from gonogo.run.work import Options, Work, run_all
from gonogo.runtimes.place import maker
from gonogo.state.interrupted import CutOff, close_run, end_survivors, read_cut_off
from gonogo.state.release import Release
from gonogo.state.store import State, write_atomically
from gonogo.words import Role, Stage

__all__ = [
    "clear_untouched",
    "close_all",
    "cut_off",
    "end_all_survivors",
    "opened",
    "pinned",
    "recorded",
    "recover",
    "remember",
    "run_name",
    "serves",
]


def opened(work: Work, *, kind: str) -> None:
    """A run begins: say so on its screen, and to the team's channels."""
    begun_run = Opening(
        app=work.place.project.app.name,
        env=work.place.environment.name,
        commit=work.release.commit,
        serving=work.serving.short if work.serving else None,
        redactor=work.redactor,
        expected=lambda: expected(recent(work.state)),
    )
    work.screen.open(begun_run)
    work.notices.tell(*begun(kind, app=begun_run.app, release=work.release, who=who()))


def cut_off(state: State) -> CutOff | None:
    """How far the oldest run came that was cut off after its first touch, and whatever tried to mend it."""
    return read_cut_off([state.run_folder(run) for run in reversed(state.cut_off())])


def recover(at: Where, cut: CutOff, *, kind: str, screen: Screen, signals: Signals) -> RunResult:
    """Completes a deployment that was cut off, or takes it back; ``rollback`` always takes it back.

    Raises:
        LookupError: its release is not kept.
    """
    release = at.state.load(cut.release)
    if release is None:
        raise LookupError(cut.release)
    work = make_work(pinned(at, release), release, run=run_name(at.state, kind), options=Options(), screen=screen)
    work.serving = at.state.load(cut.serving) if cut.serving else None
    for stage in Stage:
        found = last_of(at.state.run_folder(cut.run), role=Role.BASELINE, stage=stage)
        work.baselines |= {stage: found} if found is not None else {}
    work.journal.write("run-began", kind=kind, release=release.id, serving=cut.serving, mends=cut.run)
    runs = end_all_survivors(work)
    opened(work, kind=kind)
    started, begin = datetime.now(UTC), time.monotonic()
    pipeline = Pipeline(work, signals=signals)
    recipe = deploy_recipe(work.place.environment, first=work.serving is None)
    course, ending = pipeline.course, pipeline.recover(recipe, _asked(cut, kind), back=_back(cut, kind))
    ending = recorded(course, ending, lambda: remember(work, course, ending))
    if kind == "rollback":
        ending = _granted(work, course, ending)
    else:
        work.notes += tagged(work, ending)
    result = finish(work, course, ending, kind=kind, started=started, seconds=time.monotonic() - begin)
    if ending.kind.touched:
        close_all(work, runs)
    return result


def _asked(cut: CutOff, kind: str) -> CutOff:
    """A person who asks for the rollback gets it, whatever rung the deployment stood on."""
    return cut if kind == "resume" else CutOff(**{**vars(cut), "rung": 0})


def _back(cut: CutOff, kind: str) -> str | None:
    if cut.returning is not None:
        return f"the run {cut.run} was cut off in its rollback ({cut.returning})"
    return f"the run {cut.run} was cut off, and the rollback was asked for" if kind == "rollback" else None


def _granted(work: Work, course: Course, ending: Ending) -> Ending:
    """Where the rollback was asked for, the release that is back is what was wanted: the record is about that one."""
    now, back = wanted(ending), None
    if now is not ending and now.serves is not None:
        with contextlib.suppress(GonogoError):
            back = work.state.load(now.serves)
    if back is None:
        return ending
    work.release, work.serving = back, work.release
    course.blame("")
    return now


def end_all_survivors(work: Work) -> list[str]:
    """Ends what survived of all other runs that were cut off; returns their names."""
    own = work.folder.name
    runs = [run for run in (*work.state.cut_off(), *work.state.cut_off(touched=False)) if run != own]
    for run in runs:
        _end_survivors(work, run)
    return runs


def _end_survivors(work: Work, run: str) -> bool:
    """Ends what survived of a run: its commands, then what they left in the runtime; False where that is not seen."""
    try:
        work.notes += end_survivors(
            work.state.run_folder(run),
            work.journal,
            elsewhere=lambda: work.runtime.end_leftovers(work.place, run),
        )
    except GonogoError as error:
        said = in_one_line(error)
        work.notes.append(f"Whether the run {run} left more than its commands could not be found out: {said}")
        return False
    return True


def close_all(work: Work, runs: Sequence[str]) -> None:
    """The runs that this one has mended need nobody any more, once nothing that they began late is left either."""
    for run in runs:
        with contextlib.suppress(GonogoError):
            work.runtime.end_leftovers(work.place, run)
            close_run(work.state.run_folder(run), work.journal)


def clear_untouched(work: Work) -> None:
    """Clears away what runs left that were cut off before their first touch: commands, half-made releases."""
    current = work.state.current()
    for run in work.state.cut_off(touched=False):
        folder = work.state.release_folder(run)
        if run == work.folder.name:
            continue
        if not _end_survivors(work, run):
            continue  # the next deployment clears it away
        if folder.exists() and (current is None or current.id != run):
            _throw_away(work, run)
        close_run(work.state.run_folder(run), work.journal)


def _throw_away(work: Work, run: str) -> None:
    folder = work.state.release_folder(run)
    try:
        release = work.state.load(run)
        if release is not None:
            runtime, place = maker(work.runtime, work.place, release)
            run_all(work, runtime.remove(place, release))
    except GonogoError as error:
        work.notes.append(f"What the run {run} had made could not be removed whole: {in_one_line(error)}")
    shutil.rmtree(folder, ignore_errors=True)


def run_name(state: State, kind: str) -> str:
    """A name for a run that deploys nothing: this second's, or the next one's that is free."""
    now = datetime.now(UTC)
    while state.run_folder(name := f"{now:%Y%m%dT%H%M%S}-{kind}").exists():
        now += timedelta(seconds=1)
    return name


def pinned(at: Where, target: Release) -> Where:
    """The configuration that a release was pinned with."""
    project = load_project(target.root)
    environment = project.environments.get(at.environment.name, at.environment)
    return Where(
        project=project.model_copy(update={"root": at.project.root}),
        environment=environment,
        state=at.state,
        path=at.path,
        redactor=at.redactor,
    )


def recorded(course: Course, ending: Ending, record: Callable[[], None]) -> Ending:
    """Records how a run left its target; when that fails, a person has to know."""
    try:
        record()
    except Exception as error:  # noqa: BLE001 (the target was touched: no error may hide how it stands)
        course.unrecorded = explain(error)
        return unrecorded(ending)
    return ending


def serves(work: Work, ending: Ending) -> None:
    """Records which release serves now, as the ending says."""
    if ending.kind.touched and ending.serves is not None:
        work.state.set_current(ending.serves)


def remember(work: Work, course: Course, ending: Ending) -> None:
    """Records which release serves after a deployment, what served until it did, and which one is bad."""
    release = work.release
    if ending.kind in {Kind.GO, Kind.HELD}:
        release = release.model_copy(update={"replaced": work.serving.id if work.serving else None})
        if ending.kind is Kind.GO:
            release = work.release = release.model_copy(update={"went_go": datetime.now(UTC), "bad": None})
        work.state.save(release)
        _keep_gate(release, course)
    elif ending.kind.touched and is_its_fault(course):
        work.release = release.model_copy(update={"bad": work.redactor.text(course.reason)})
        work.state.save(work.release)
    serves(work, ending)


def _keep_gate(release: Release, course: Course) -> None:
    """What the release that serves from now on was asked, and what it said; one that is held was asked as well."""
    for stage, gate in course.judged_by.items():
        write_atomically(release.gate_of(stage), gate.model_dump_json(indent=1) + "\n")
