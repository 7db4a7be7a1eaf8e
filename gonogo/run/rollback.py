"""The rollback: what has begun is taken back, the previous release is started and proven by its own gate."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from gonogo.errors import explain
from gonogo.gates.judgement import Consequence, as_before, judge
from gonogo.gates.ladder import Rung
from gonogo.gates.pending_migrations import graphs
from gonogo.records.ending import Ending
from gonogo.records.results import GateResult, read_gate
from gonogo.run import decision
from gonogo.run.attribution import restarted
from gonogo.run.choices import choices, still_serves
from gonogo.run.course import Course
from gonogo.run.downtime_probe import DowntimeProbe
from gonogo.run.gate_step import Gate
from gonogo.run.moves.data import WithData
from gonogo.run.moves.downgrade import Downgrade
from gonogo.run.moves.migrate import left_in_databases
from gonogo.run.moves.start import Restart, Restore, Stop
from gonogo.run.moves.turns import Leave
from gonogo.run.recipes import Recipe
from gonogo.run.steps import StepRunner, why
from gonogo.run.strategies.base import VERIFY
from gonogo.run.take_back import schema_first
from gonogo.run.work import Move, Work
from gonogo.runtimes.place import changed, with_earlier
from gonogo.state.release import Release
from gonogo.words import Outcome, Role, Stage

__all__ = ["Rollback"]


class Rollback:
    """Runs the rollback recipe; nothing in it may stop what comes after."""

    def __init__(self, work: Work, course: Course, steps: StepRunner, probe: DowntimeProbe) -> None:
        """Goes back within a run that has touched its target."""
        self._work = work
        self._course = course
        self._steps = steps
        self._probe = probe
        self._migrated: list[str] = []
        self._stopped = False
        self._is_taken_back = False
        """The schema is where the release that is gone back to knows it."""

    def after_red(self, recipe: Recipe, *, interrupted: bool) -> Ending:
        """The automatic one; a forward-only change that was started holds instead."""
        work = self._work
        work.journal.lenient = True
        if work.rung >= Rung.DOWNGRADE and work.progress.has_migrated:
            self._is_taken_back, begun = schema_first(work, self._steps, self._says_where)
            if begun:
                return self._hold(begun)
        self._says_where()
        if self._course.excuse:
            work.notes.append(f"{work.release.id} is not called bad: {self._course.excuse}.")
        if work.serving is None and work.progress.has_migrated:
            self._migrated = left_in_databases(work)  # before they are stopped
        target, failed = self._run(recipe, work.serving)
        self._probe.mark("settled")
        last = self._proven_before(target)
        if target is None:
            return self._first_stopped(failed, interrupted=interrupted)
        if last is not None:
            return self._return_to(last, target, why_not="served without ever going GO, and is not proven now")
        return self._said_of(target, failed=failed, interrupted=interrupted)

    def _says_where(self) -> None:
        """The journal says that it goes back, before anything does."""
        work = self._work
        facts = {"reason": self._course.reason, "excuse": self._course.excuse}
        work.journal.write("rollback", **facts, to=work.serving.id if work.serving else None)

    def on_demand(
        self,
        target: Release,
        outgoing: Release,
        *,
        last: Release | None,
        undo: Sequence[Move],
        free_disk: Callable[[], None],
        data: Downgrade | WithData | None = None,
    ) -> Ending:
        """An operator asked for it: start a kept release and prove it; else ``last``, which served, starts again.

        ``undo`` takes back what the team's steps did, and ``free_disk`` is called where the disk is full. ``data`` goes
        before everything: where it fails, the outgoing release serves on; afterwards nothing else may be started on it.
        """
        course, today = self._course, self._work.place
        self._work.journal.lenient = True
        behind = tuple(name for name in (*outgoing.heads, *outgoing.accepted) if name not in target.heads)
        if data is not None:
            stays = self._kept_data(data, outgoing, free_disk)
            if stays is not None:
                return stays
            last, behind = None, target.accepted if isinstance(data, WithData) else ()
        restore = Restore(target.model_copy(update={"accepted": behind}), outgoing)
        failed = self._take_back(undo)
        reason = self._attempt(restore, free_disk)
        if course.back_after is not None:
            self._work.release = restore.target
        if not reason:
            course.blame(next(iter(failed.values()), ""))
            self._let_go(restore.target, red=False)
            return decision.wanted(decision.of_target(course, target, failed=tuple(failed)))
        gate = course.verified
        course.blame(reason, gate.blocking if gate else ())
        if last is None or self._is_held(gate):
            return self._said_of(target, failed=failed)
        self._work.place = today
        return self._return_to(last, target, why_not="was asked for and is not proven")

    def _kept_data(self, data: Downgrade | WithData, outgoing: Release, free_disk: Callable[[], None]) -> Ending | None:
        """Brings the data to where the target knows them; how it ends where that fails."""
        try:
            self._steps.move(data.swap if isinstance(data, WithData) else data)
        except Exception as error:  # noqa: BLE001 (whatever it was, nothing is started on such a schema)
            reason = explain(error)
        else:
            return None
        self._course.blame(reason)
        if not isinstance(data, WithData):
            self._work.notes.append(data.left_behind(self._work))
            return decision.held(self._work, replaced=False)
        again = Restore(outgoing, outgoing)
        failed = self._attempt(again, free_disk)
        self._course.blame(f"{reason}; then: {failed}" if failed else reason)
        return self._said_of(again.target)

    def _take_back(self, undo: Sequence[Move]) -> dict[str, str]:
        """Every undo, whatever became of the one before; which failed, and why."""
        failed: dict[str, str] = {}
        for step in undo:
            try:
                self._steps.move(step)
            except Exception as error:  # noqa: BLE001 (the release is gone back to all the same)
                self._hindered(failed, step, error)
        return failed

    def _hindered(self, failed: dict[str, str], step: Move, error: Exception) -> None:
        failed[step.name] = explain(error)
        self._work.notes.append(f"In the rollback: {failed[step.name]}")

    def again(
        self,
        move: Restart,
        *,
        free_disk: Callable[[], None],
        arrived: Callable[[], str],
        undo: Callable[[], None] | None,
    ) -> Ending:
        """An operator asked for it: start what serves anew and prove it.

        Args:
            move: starts it.
            free_disk: called where the disk is full.
            arrived: why its settings are not those that it was to have; nothing where they are.
            undo: gives it the settings back that it had; None where they are the same.
        """
        course, today = self._course, self._work.place
        self._work.journal.lenient = True
        reason = self._attempt(move, free_disk) or arrived()
        if course.back_after is not None:
            self._work.release = move.target
        if not reason:
            return decision.wanted(decision.of_target(course, move.target))
        course.blame(reason, course.verified.blocking if course.verified else ())
        if undo is None:
            return decision.of_target(course, move.target)
        undo()
        self._work.place, move.target = today, self._work.release
        self._work.notes.append("It was not well with the new settings, so it was started with the former ones again.")
        course.verified, course.back_after = None, None
        self._attempt(move, free_disk)
        if course.back_after is not None:
            self._work.release = move.target
        return decision.of_target(course, move.target)

    def _attempt(self, restore: Restore | Restart, free_disk: Callable[[], None]) -> str:
        """Starts a release and asks it; why it is not proven, or nothing."""
        begin = time.monotonic()
        try:
            try:
                self._restore(restore)
            except OSError:
                free_disk()
                self._restore(restore)
            free_disk()
            self._course.back_after = time.monotonic() - begin
            self._probe.mark("settled")
            self._ask(restore.target, restore)
        except Exception as error:  # noqa: BLE001 (whatever it was, something proven must serve again)
            return explain(error)
        if self._proven():
            return ""
        gate = self._course.verified
        return why(gate) if gate else "no gate was asked"

    def _is_held(self, gate: GateResult | None) -> bool:
        """Whether a deployment with such a gate would not be turned back.

        What could not be found out turns nothing back, nor does what is red in the release that served as well.
        """
        started = self._course.back_after is not None
        return (
            started
            and gate is not None
            and judge(gate, baseline=self._work.baseline(gate.stage)).action is not Consequence.ROLLBACK
        )

    def _proven_before(self, target: Release | None) -> Release | None:
        """What went GO before a release that never did and is not well now; only where it knows the schema."""
        work = self._work
        if target is None or target.is_good or self._proven():
            return None
        last = work.state.before(target)
        schema = {*work.release.heads, *target.heads, *target.accepted}
        return last if last is not None and schema <= {*last.heads, *last.accepted} else None

    def _return_to(self, last: Release, target: Release, *, why_not: str) -> Ending:
        """What was gone back to is not proven: what went GO before, or served, starts again."""
        course, work = self._course, self._work
        work.journal.write("rollback", reason=course.reason, to=last.id)
        work.notes.append(f"{target.id} {why_not}, so {last.id}, which served before, was started again.")
        course.verified, course.back_after = None, None
        begin, restore = time.monotonic(), Restore(last, target, red=True)
        failed = ""
        try:
            self._restore(restore)
            course.back_after = time.monotonic() - begin
        except Exception as error:  # noqa: BLE001 (it may answer all the same, so it is asked)
            failed = explain(error)
            work.notes.append(f"In the rollback to {last.short}: {failed}")
        self._ask(restore.target, None if failed else restore)
        self._probe.mark("settled")
        if not failed and work.serving is not None and work.serving.id == last.id:
            self._let_go(last, red=True)
        return self._said_of(restore.target)

    def _let_go(self, serving: Release, *, red: bool) -> None:
        """Stops what still runs beside a release that serves again."""
        if serving.beside:
            self._steps.move(Leave("leave", red=red))

    def _said_of(self, target: Release, *, failed: Collection[str] = (), interrupted: bool = False) -> Ending:
        """How it ended; where a person is needed, which command starts and proves what is to serve."""
        half_done = self._work.half_done
        ending = decision.of_target(
            self._course, target, failed=tuple(failed), half_done=half_done, interrupted=interrupted
        )
        for left in half_done:
            self._work.notes.append(
                f"The migration failed half-way and left this in {left}. No revision says so, and the next upgrade "
                "would meet it: take it away by hand, then deploy again."
            )
        if ending.needs_human:
            again = f"gonogo rollback --env {self._work.place.environment.name} --to {target.id}"
            self._work.notes.append(f"Once it is mended, `{again}` starts and proves {target.short} again.")
        return ending

    def _hold(self, begun: str) -> Ending:
        """Leaves the new release, and says what each choice would lose."""
        replaced = not still_serves(self._work)
        self._work.notes += choices(self._work, begun, touched=self._course.first_touch, replaced=replaced)
        return decision.held(self._work, replaced=replaced, forward_only=True)

    def _run(self, recipe: Recipe, target: Release | None) -> tuple[Release | None, dict[str, str]]:
        """Every step of the recipe, whatever happens to the one before; which failed, and why."""
        work = self._work
        failed: dict[str, str] = {}
        begin = time.monotonic()
        undo = tuple(reversed(self._steps.undo))
        target = self._accept(target)
        replaced = work.progress.has_replaced or self._lost()
        restore: Restore | None = None
        for step in recipe.rollback(work.release, to=target, undo=undo, replaced=replaced):
            if isinstance(step, Gate):
                if target is not None:
                    self._ask(target, restore)
                continue
            try:
                self._steps.move(step)
            except Exception as error:  # noqa: BLE001 (what comes after is tried all the same)
                if not (isinstance(step, Restore) and self._earlier(step)):
                    self._hindered(failed, step, error)
                    continue
            if isinstance(step, Restore):
                restore, target = step, step.target
                self._course.back_after = time.monotonic() - begin
            self._stopped |= isinstance(step, Stop)
        return target, failed

    def _restore(self, restore: Restore | Restart) -> None:
        try:
            self._steps.move(restore)
        except Exception:
            if not self._earlier(restore):
                raise

    def _ask(self, target: Release, restore: Restore | Restart | None) -> None:
        """Asks the release that is back; red with today's secrets, once more with its own."""
        self._verify(VERIFY, target)
        if restore is None or self._proven():
            return
        today = self._work.place
        if self._earlier(restore):
            self._verify(VERIFY, restore.target)
        elif self._work.place is not today:
            self._work.place = today
            with contextlib.suppress(Exception):
                self._steps.move(restore)

    def _earlier(self, restore: Restore | Restart) -> bool:
        """Starts it with the secrets that it was made with, where today's are others; whether it did start."""
        work, target = self._work, restore.target
        names = ", ".join(changed(work.place, target))
        if not names:
            return False
        work.place = with_earlier(work.place, target)
        try:
            self._steps.move(restore)
        except Exception as error:  # noqa: BLE001 (the verdict names the first failure)
            work.notes.append(f"{target.short} with the earlier {names}: {explain(error)}")
            return False
        work.notes.append(
            f"{target.short} was not well with today's {names}, and runs with the value of the day it was deployed. "
            f"Mend the env file in {work.place.path}."
        )
        return True

    def _lost(self) -> bool:
        """Whether the runtime went away: what it ran may have ended with it, although nobody stopped that."""
        work = self._work
        return work.runtime.lost(work.place, self._course.reason) or restarted(work, work.epoch)

    def _accept(self, target: Release | None) -> Release | None:
        """The schema stays where the migrations brought it: the release that is back runs on that revision too."""
        if target is None or not self._work.progress.has_migrated or self._is_taken_back:
            return target
        accepted = self._newer_than(target)
        target = target.model_copy(update={"accepted": accepted})
        with contextlib.suppress(OSError):
            self._work.state.save(target)
        return target

    def _newer_than(self, target: Release) -> tuple[str, ...]:
        """The revisions that the upgrade would run; one that was cut off half-way stands at any of them."""
        place, release = self._work.place, self._work.release
        newer = {*release.heads, *release.accepted} - {*target.heads}
        with contextlib.suppress(OSError):
            for graph in graphs(place.environment, place.project).values():
                newer |= {*graph.pending(target.heads)}
        return tuple(sorted(newer))

    def _verify(self, step: Gate, target: Release) -> None:
        """The gate that the release going back to was pinned with; once more where it could not find something out."""
        before = [known for known in (self._work.baseline(), read_gate(target.gate)) if known is not None]

        def counted(gate: GateResult) -> GateResult:
            return as_before(gate, before)

        try:
            self._work.runtime.wait(self._work.place)
            gate = self._steps.gate(step, about=target, counted=counted)
            if any(check.outcome is Outcome.INCONCLUSIVE for check in gate.blocking):
                self._work.runtime.wait(self._work.place)
                gate = self._steps.gate(step, about=target, counted=counted)
            self._course.verified = counted(gate)
        except Exception as error:  # noqa: BLE001 (a gate that could not be asked proves nothing)
            self._course.verified = GateResult(
                stage=Stage.POSTDEPLOY,
                env=self._work.place.environment.name,
                role=Role.ROLLBACK,
                started=datetime.now(UTC),
                problem=explain(error),
            )

    def _first_stopped(self, failed: Collection[str], *, interrupted: bool) -> Ending:
        """A first deploy was stopped; what it may have left is told."""
        stored = self._stored()
        if stored:
            self._work.notes.append(f"What the first deploy stored was left as it is: {', '.join(stored)}.")
        left = bool(stored)
        return decision.of_first(stopped=self._stopped, failed=tuple(failed), stored=left, interrupted=interrupted)

    def _stored(self) -> list[str]:
        """What a first deploy may have left for good, in words."""
        work = self._work
        found = list(self._migrated)
        if work.progress.has_migrated or work.progress.has_replaced:
            found += work.runtime.stores(work.place, work.release)
        return found + [f'what the step "{step.name}" did' for step in self._steps.undo if step.undo is None]

    def _proven(self) -> bool:
        """Nothing is red that was not red before: in the release's own gate, or in this run's baseline.

        What could not be found out proves nothing, and a release that does not run is proven by no baseline.
        """
        gate = self._course.verified
        return gate is not None and gate.is_green
