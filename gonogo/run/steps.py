"""Runs one step: journals it before and after, and notes its result."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

from gonogo.config import TeamStep
from gonogo.errors import GonogoError, explain
from gonogo.gates.asked import free_name
from gonogo.gates.started_as import MOST_SERVICES, started_as
from gonogo.records.results import Evidence, GateResult
from gonogo.records.run_results import StepResult
from gonogo.run.course import Course
from gonogo.run.gate_step import Gate
from gonogo.run.moves.team import TeamMove
from gonogo.run.work import Move, Work
from gonogo.runtimes.place import maker
from gonogo.state.progress import Begun
from gonogo.state.release import Release
from gonogo.words import Role

__all__ = ["StepRunner", "why"]


def _as_it_is(gate: GateResult) -> GateResult:
    return gate


class StepRunner:
    """Runs gates and moves of one run; every step is in the journal and in the run's course."""

    def __init__(self, work: Work, course: Course) -> None:
        """Each step is shown on the run's screen."""
        self._work = work
        self._course = course
        self.undo: list[TeamStep] = []
        """The team's steps that have begun, the oldest first."""

    def touch(self) -> None:
        """From here on the target is changed."""
        self._course.epoch = self._work.runtime.epoch(self._work.place)
        self._work.journal.write("first-touch", release=self._work.release.id, epoch=self._course.epoch)
        self._course.first_touch = datetime.now(UTC)

    def gate(
        self, step: Gate, *, about: Release | None = None, counted: Callable[[GateResult], GateResult] = _as_it_is
    ) -> GateResult:
        """Asks a gate about a release: the one named, the serving one in a baseline, the new one otherwise.

        ``counted`` says what of it counts; the terminal and the record show that.
        """
        work, after_touch = self._work, self._course.first_touch is not None
        subject = about or (work.serving if step.role is Role.BASELINE else work.release)
        root = about.root if about is not None else work.release.root
        files = free_name(work.folder, step.name)
        result = StepResult(name=step.name, kind="gate", ok=False, seconds=0.0, started=datetime.now(UTC), files=files)
        what = {"stage": step.stage, "role": step.role, "results": files}
        work.journal.enter(step.name, kind="gate", release=subject.id if subject else None, **what)
        work.screen.begin(step.name, kind="gate")
        begin = time.monotonic()
        try:
            gate = step.ask(work, about=subject, root=root, after_touch=after_touch, files=files)
        except BaseException as error:
            self._failed(result, error, begin)
            raise
        shown = counted(gate)
        ok = shown.is_green
        work.journal.leave(ok=ok, summary=shown.summary())
        said = shown.problem.splitlines()[0] if shown.problem else shown.summary()
        self._note(result.model_copy(update={"ok": ok, "seconds": gate.seconds, "said": said, "gate": shown}))
        return gate

    def early(self, step: Gate) -> GateResult:
        """Asks what of a gate needs only the source; where that is red, it is the gate's own result."""
        work = self._work
        result = StepResult(name=step.name, kind="gate", ok=False, seconds=0.0, started=datetime.now(UTC))
        work.journal.enter(step.name, kind="gate", release=work.release.id)
        work.screen.begin(step.name, kind="gate")
        begin = time.monotonic()
        try:
            gate = step.ask_early(work, about=work.release, root=work.release.root)
        except BaseException as error:
            self._failed(result, error, begin)
            raise
        red = bool(gate.blocking or gate.problem)
        work.journal.leave(ok=not red, summary=gate.summary())
        if red:
            said = gate.problem.splitlines()[0] if gate.problem else gate.summary()
            self._note(result.model_copy(update={"seconds": gate.seconds, "said": said, "gate": gate}))
        return gate

    def move(self, step: Move) -> None:
        """Makes a move.

        Raises:
            GonogoError: it failed; the result is noted before.
        """
        work = self._work
        commands = _described(step, work)
        facts = {"replaces": step.replaces, "migrates": step.migrates, "downgrades": step.downgrades}
        work.journal.enter(step.name, kind="move", touches=step.touches, repeatable=step.repeatable, **facts)
        work.screen.begin(step.name, kind="move")
        if isinstance(step, TeamMove):
            self.undo.append(step.step)
        work.progress.begin(Begun(step=step.name, **facts))
        begin = time.monotonic()
        started = datetime.now(UTC)
        result = StepResult(
            name=step.name,
            kind="move",
            ok=False,
            seconds=0.0,
            started=started,
            commands=commands,
            replaces=step.replaces,
        )
        if step.replaces:
            self._course.is_up = False
        try:
            said = step.do(work)
        except BaseException as error:
            beside = _beside(work, error) if step.starts else ()
            self._failed(result.model_copy(update={"evidence": beside}), error, begin)
            raise
        work.journal.leave(ok=True)
        work.progress.end(step.name)
        if step.replaces:
            self._course.is_up = True
        self._note(result.model_copy(update={"seconds": time.monotonic() - begin, "said": said, "ok": True}))

    def end_leftovers(self) -> None:
        """Ends what a gate left that was killed, or that a signal ended; to be asked where no signal ends this too."""
        work = self._work
        if work.cut_gate:
            with contextlib.suppress(GonogoError, OSError):
                work.notes += work.runtime.end_leftovers(work.place, work.folder.name)

    def _failed(self, step: StepResult, error: BaseException, begin: float) -> None:
        self._work.journal.leave(ok=False, problem=str(error))
        first = (explain(error).splitlines() or [type(error).__name__])[0]
        self._note(step.model_copy(update={"seconds": time.monotonic() - begin, "said": first}))

    def _note(self, step: StepResult) -> None:
        step = step.model_copy(update={"after_touch": self._course.first_touch is not None})
        self._course.steps.append(step)
        self._work.screen.end(step)


def _described(step: Move, work: Work) -> tuple[str, ...]:
    """What the step would run; where that cannot be said, doing it says why, and is noted as a step that failed."""
    try:
        return step.describe(work)
    except (GonogoError, OSError):
        return ()


def _beside(work: Work, error: BaseException) -> tuple[Evidence, ...]:
    """How the services are started that are known not to have started, else the first ones; it keeps no rollback."""
    release = work.release
    try:
        runtime, place = maker(work.runtime, work.place, release)
        inspector = runtime.inspector(place, release)
        meant = getattr(error, "services", ()) or release.services
        said = [
            started_as(name, inspector, place, release=release, serving=work.serving) for name in meant[:MOST_SERVICES]
        ]
    except (GonogoError, OSError, ValueError):
        return ()
    return tuple(Evidence(title=title, value=text) for one in said for title, text in one)


def why(gate: GateResult) -> str:
    """What keeps a gate from being GO, in one line."""
    if gate.problem:
        return gate.problem
    if not gate.blocking:
        return "nothing was checked"
    first = gate.blocking[0]
    return f"{first.code or first.id}: {first.found}"
