"""Runs recipes: journals every step, asks the gates, and turns a red one back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gonogo.asking import Gate
from gonogo.config import TeamStep
from gonogo.errors import GonogoError, InterruptedRunError, RefusedError
from gonogo.inspection.downtime import figures
from gonogo.judgement import Action, Judgement, judge
from gonogo.ladder import Rung
from gonogo.moves.base import Move, Work
from gonogo.moves.start import Restore, Stop
from gonogo.moves.team import TeamMove
from gonogo.probe import DowntimeProbe
from gonogo.recipes import AskLadder, Recipe, Step, rollback_recipe
from gonogo.records.results import CheckResult, Downtime, GateResult, StepResult, read_gate
from gonogo.release import Release
from gonogo.schema import ask_ladder
from gonogo.signals import Signals
from gonogo.words import Exit, Role, Stage, Tier

__all__ = ["Outcome", "Pipeline"]


@dataclass(kw_only=True)
class Outcome:
    """How a run ended."""

    exit_code: Exit
    reason: str = ""
    causes: tuple[CheckResult, ...] = ()
    steps: list[StepResult] = field(default_factory=list)
    first_touch: datetime | None = None
    asked: GateResult | None = None
    """The post-deploy gate of the new release."""
    went_back_to: Release | None = None
    back_after: float | None = None
    """Seconds from the red verdict to the previous release being healthy again."""
    verified: GateResult | None = None
    """The gate of the release that is back."""
    stopped: bool = False
    """A first deploy that was stopped."""
    held: bool = False


class Pipeline:
    """One run of a deploy recipe, with the rollback recipe behind it."""

    def __init__(self, work: Work, *, tell: Callable[[StepResult], None], signals: Signals) -> None:
        """``tell`` shows each finished step; ``signals`` says where a run may be stopped."""
        self._work = work
        self._tell = tell
        self._signals = signals
        self._outcome = Outcome(exit_code=Exit.INTERNAL)
        self._undo: list[TeamStep] = []

    def deploy(self, recipe: Recipe) -> Outcome:
        """Run to GO, or stop before the first touch, or go back."""
        touch = recipe.first_touch
        before = recipe.steps[:touch]
        after = recipe.steps[touch:] if touch is not None else ()
        try:
            with self._signals.interruptible():
                self._run_safe(before)
                url = self._probe_url()
        except InterruptedRunError as error:
            return self._end(Exit.INTERRUPTED, str(error))
        except (GonogoError, OSError) as error:
            return self._end(_early_exit(error), str(error))
        if self._outcome.exit_code is not Exit.GO:
            return self._outcome
        with DowntimeProbe(url, self._work.folder / "probe.jsonl") as probe:
            return self._touch(after, probe)

    def go_back(self, target: Release, outgoing: Release) -> Outcome:
        """Start a kept release and prove it by its own gate; the operator asked for it."""
        work = self._work
        work.serving = outgoing
        self._outcome.first_touch = datetime.now(UTC)
        work.journal.write("first-touch", release=target.id)
        behind = tuple(rev for rev in (*outgoing.heads, *outgoing.accepted) if rev not in target.heads)
        with DowntimeProbe(self._probe_url(), work.folder / "probe.jsonl") as probe:
            begin = time.monotonic()
            restore = Restore(target.model_copy(update={"accepted": behind}), outgoing)
            try:
                self._move(restore)
                self._outcome.back_after = time.monotonic() - begin
                probe.mark("settled")
                self._verify(Gate("verify", Stage.POSTDEPLOY, Role.ROLLBACK), restore.target)
            except (GonogoError, OSError) as error:
                return self._end(Exit.NEEDS_HUMAN, str(error))
        work.release = restore.target
        self._outcome.went_back_to = restore.target
        gate = self._outcome.verified
        if self._proven(gate, restore.target):
            return self._end(Exit.GO, "")
        causes = gate.blocking if gate else ()
        return self._end(Exit.NEEDS_HUMAN, _why(gate) if gate else "no gate was asked", causes)

    def _end(self, code: Exit, reason: str, causes: tuple[CheckResult, ...] = ()) -> Outcome:
        self._outcome.exit_code = code
        self._outcome.reason = reason
        self._outcome.causes = causes
        return self._outcome

    def _run_safe(self, steps: Sequence[Step]) -> None:
        """Steps that change nothing that serves; the first red gate ends the run."""
        self._outcome.exit_code = Exit.GO
        for step in steps:
            if isinstance(step, AskLadder):
                self._ladder()
            elif isinstance(step, Gate):
                gate = self._gate(step, after_touch=False)
                if step.role is Role.BASELINE:
                    self._work.baseline = gate
                elif gate.problem or gate.blocking or not gate.asked:
                    self._end(_red_early(gate), _why(gate), gate.blocking)
                    return
                elif step.stage is Stage.BUILD:
                    self._keep_routes(gate)
            else:
                self._move(step)

    def _keep_routes(self, gate: GateResult) -> None:
        """The routes that the build gate measured are pinned with the release; the next one is compared with them."""
        work = self._work
        routes = {
            check.code[4:-1]: evidence.value
            for check in gate.checks
            if check.code is not None and check.code.startswith("B06[")
            for evidence in check.evidence
            if evidence.kind == "json" and evidence.title == "routes"
        }
        work.release = work.release.model_copy(update={"routes": routes})
        work.state.save(work.release)

    def _ladder(self) -> None:
        """Decide what a rollback would do; refuse a forward-only change in prod.

        Raises:
            RefusedError: the change is forward-only and the environment does not allow it.
        """
        work = self._work
        answer = ask_ladder(work)
        work.ladder, work.rung = str(answer), int(answer.rung)
        work.journal.write("ladder", rung=work.rung, said=work.ladder)
        environment = work.place.environment
        if answer.rung is Rung.FORWARD_ONLY and environment.tier is Tier.PROD and not environment.allow_forward_only:
            raise RefusedError(
                f"{answer}. Expected migrations that the release now serving can live with. "
                "Split the change (add first, remove in a later release), "
                "or state compatible_migrations for the service once it is proven, "
                f"or set env.{environment.name}.allow_forward_only."
            )

    def _touch(self, steps: Sequence[Step], probe: DowntimeProbe) -> Outcome:
        """From the first touch on, everything that goes wrong goes back."""
        self._outcome.first_touch = datetime.now(UTC)
        self._work.journal.write("first-touch", release=self._work.release.id)
        judgement: Judgement | None = None
        try:
            with self._signals.interruptible():
                judgement = self._run_touching(steps, probe)
        except InterruptedRunError as error:
            return self._back(str(error), probe, interrupted=True)
        except (GonogoError, OSError) as error:
            return self._back(str(error), probe)
        except Exception as error:  # noqa: BLE001 (a bug of ours must not leave the target half way)
            return self._back(f"internal error: {type(error).__name__}: {error}", probe)
        if judgement is None or judgement.action is Action.ROLLBACK:
            reason = judgement.reason if judgement else "no gate was asked"
            return self._back(reason, probe, causes=judgement.causes if judgement else ())
        if judgement.action is Action.HOLD:
            self._outcome.held = True
            return self._end(Exit.NEEDS_HUMAN, judgement.reason, judgement.causes)
        return self._end(Exit.GO, "")

    def _run_touching(self, steps: Sequence[Step], probe: DowntimeProbe) -> Judgement | None:
        """The moves and the gate that judges them."""
        judgement: Judgement | None = None
        for step in steps:
            if isinstance(step, Gate):
                probe.mark("settled")
                gate = self._gate(step, after_touch=True)
                judgement = judge(gate, baseline=self._work.baseline, pinned=self._pinned())
                self._outcome.asked = gate
                self._work.notes += judgement.notes
            elif isinstance(step, AskLadder):
                self._ladder()
            else:
                self._move(step)
        return judgement

    def _back(
        self, reason: str, probe: DowntimeProbe, *, causes: tuple[CheckResult, ...] = (), interrupted: bool = False
    ) -> Outcome:
        """The rollback recipe; a forward-only change holds instead."""
        work = self._work
        self._end(Exit.NEEDS_HUMAN, reason, causes)
        if work.rung == Rung.FORWARD_ONLY and "migrate" in work.done:
            self._outcome.held = True
            work.notes.append(
                "The migrations that ran are forward-only: no automatic rollback. "
                f"`gonogo rollback --env {work.place.environment.name}` starts the previous release on the new schema; "
                "mending forward is the other way."
            )
            return self._outcome
        work.journal.lenient = True
        with self._signals.way_back():
            work.journal.write("rollback", reason=reason, to=work.serving.id if work.serving else None)
            return self._way_back(interrupted=interrupted, probe=probe)

    def _way_back(self, *, interrupted: bool, probe: DowntimeProbe) -> Outcome:
        work = self._work
        begin = time.monotonic()
        started = "start" in work.done
        recipe = rollback_recipe(work.release, to=work.serving, undo=tuple(reversed(self._undo)), started=started)
        failed: list[str] = []
        target = work.serving
        for step in recipe:
            if isinstance(step, AskLadder):
                continue
            if isinstance(step, Gate):
                if target is not None:
                    self._verify(step, target)
                continue
            try:
                self._move(step)
            except Exception as error:  # noqa: BLE001 (what comes after is tried all the same)
                failed.append(str(error) or type(error).__name__)
                continue
            if isinstance(step, Restore):
                target = self._accept(step.target)
                self._outcome.back_after = time.monotonic() - begin
            self._outcome.stopped |= isinstance(step, Stop)
        probe.mark("settled")
        return self._judge_back(target, failed, interrupted=interrupted)

    def _accept(self, target: Release) -> Release:
        """After rung 2 the schema stays ahead: the release that is back runs on the newer revision."""
        work = self._work
        if work.rung == Rung.SCHEMA_STAYS and "migrate" in work.done:
            target = target.model_copy(update={"accepted": work.release.heads})
            with contextlib.suppress(OSError):
                work.state.save(target)
        return target

    def _verify(self, step: Gate, target: Release) -> None:
        """The gate that the release going back to was pinned with, against its own baseline."""
        work = self._work
        gate = work.place
        try:
            result = self._gate(step, after_touch=True, about=target)
        except (GonogoError, OSError) as error:
            result = GateResult(
                stage=Stage.POSTDEPLOY,
                env=gate.environment.name,
                started=datetime.now(UTC),
                problem=str(error),
            )
        self._outcome.verified = result

    def _judge_back(self, target: Release | None, failed: list[str], *, interrupted: bool) -> Outcome:
        outcome = self._outcome
        safe = Exit.INTERRUPTED if interrupted else Exit.NO_GO
        if target is None:
            persistent = "migrate" in self._work.done and bool(self._work.release.heads or self._stores())
            outcome.exit_code = Exit.NEEDS_HUMAN if failed or persistent else safe
            if persistent and not failed:
                self._work.notes.append("What the first deploy stored (volumes, migrated database) was left as it is.")
        else:
            outcome.went_back_to = target
            proven = self._proven(outcome.verified, target)
            outcome.exit_code = safe if proven and not failed else Exit.NEEDS_HUMAN
        self._work.notes += [f"On the way back: {text}" for text in failed]
        return outcome

    def _stores(self) -> bool:
        return bool(self._work.runtime.prepare(self._work.place, self._work.release))

    def _proven(self, gate: GateResult | None, target: Release) -> bool:
        """Nothing red that was not red in the baseline."""
        if gate is None or gate.problem or not gate.asked:
            return False
        before = [gate for gate in (self._work.baseline, read_gate(target.gate)) if gate is not None]
        red_before = {check.id for gate in before for check in gate.blocking}
        return all(check.id in red_before or check.code == "D27" for check in gate.blocking)

    def _gate(self, step: Gate, *, after_touch: bool, about: Release | None = None) -> GateResult:
        work = self._work
        subject = about or (work.serving if step.role is Role.BASELINE else work.release)
        root = about.root if about is not None else work.release.root
        work.journal.enter(step.name, kind="gate", release=subject.id if subject else None)
        try:
            gate = step.ask(work, about=subject, root=root, after_touch=after_touch)
        except BaseException as error:
            work.journal.leave(ok=False, problem=str(error))
            raise
        work.journal.leave(ok=not gate.blocking and not gate.problem, summary=gate.summary())
        ok = not gate.blocking and not gate.problem and bool(gate.asked)
        said = gate.problem.splitlines()[0] if gate.problem else gate.summary()
        self._note(
            StepResult(
                name=step.name, kind="gate", ok=ok, seconds=gate.seconds, said=said, gate=gate, after_touch=after_touch
            )
        )
        return gate

    def _move(self, step: Move) -> None:
        work = self._work
        commands = step.describe(work)
        work.journal.enter(step.name, kind="move", touches=step.touches)
        if isinstance(step, TeamMove):
            self._undo.append(step.step)
        work.done.append(step.name)
        begin = time.monotonic()
        try:
            said = step.do(work)
        except BaseException as error:
            work.journal.leave(ok=False, problem=str(error))
            first = (str(error).splitlines() or [type(error).__name__])[0]
            self._note(self._moved(step, ok=False, begin=begin, said=first, commands=commands))
            raise
        work.journal.leave(ok=True)
        self._note(self._moved(step, ok=True, begin=begin, said=said, commands=commands))

    def _moved(self, step: Move, *, ok: bool, begin: float, said: str, commands: tuple[str, ...]) -> StepResult:
        return StepResult(
            name=step.name,
            kind="move",
            ok=ok,
            seconds=time.monotonic() - begin,
            said=said,
            commands=commands,
            after_touch=self._outcome.first_touch is not None,
        )

    def _note(self, step: StepResult) -> None:
        self._outcome.steps.append(step)
        self._tell(step)

    def _probe_url(self) -> str | None:
        work = self._work
        url = work.runtime.inspector(work.place, work.release, work.host).url()
        return url + work.place.environment.health.live if url else None

    def _pinned(self) -> GateResult | None:
        serving = self._work.serving
        return read_gate(serving.gate) if serving is not None else None

    def downtime(self) -> Downtime | None:
        """What the probe saw in this run, or None without a probe."""
        path = self._work.folder / "probe.jsonl"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError:
            return None
        return figures(lines) if lines else None


def _early_exit(error: BaseException) -> Exit:
    code = getattr(error, "exit_code", Exit.NO_GO)
    return Exit(code) if code in {Exit.USAGE, Exit.LOCKED} else Exit.NO_GO


def _red_early(gate: GateResult) -> Exit:
    if gate.problem:
        return Exit.NO_GO
    return Exit.NO_GO if gate.blocking else Exit.NOTHING_CHECKED


def _why(gate: GateResult) -> str:
    if gate.problem:
        return gate.problem
    if not gate.blocking:
        return "nothing was checked"
    first = gate.blocking[0]
    return f"{first.code or first.id}: {first.found}"
