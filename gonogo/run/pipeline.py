"""Runs recipes: asks the gates, makes the moves, and turns a red release back."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace

import httpx  # noqa: F401 (the probe asks with it: a damaged installation is found before anything is touched)

from gonogo.errors import NO_ROOM, GonogoError, InterruptedRunError, explain
from gonogo.gates.baseline import known_before
from gonogo.gates.budget import FILE, Budget
from gonogo.gates.judgement import Action, Judgement, counted, judge, refusal
from gonogo.gates.ladder import Rung, foresee
from gonogo.gates.pending_migrations import ask_ladder, forward_only, standings
from gonogo.gates.subject import as_it_serves
from gonogo.host.signals import Signals
from gonogo.records.results import CheckResult, GateResult, read_gate
from gonogo.run.attribution import excuse, restarted
from gonogo.run.disk_reserve import Reserve
from gonogo.run.downtime_probe import DowntimeProbe, Target
from gonogo.run.gate_step import Gate
from gonogo.run.moves.start import Restart
from gonogo.run.recipes import AskLadder, Recipe, Step, remaining
from gonogo.run.rollback import Rollback
from gonogo.run.steps import Ending, StepRunner, why
from gonogo.run.work import Move, Work
from gonogo.runtimes.base import Place
from gonogo.runtimes.place import maker
from gonogo.state.interrupted import CutOff
from gonogo.state.release import Release
from gonogo.words import Exit, Role, Stage, Tier

__all__ = ["Ending", "Pipeline"]

_BASELINE_SECONDS = 30.0
"""How long a rollback by hand waits for what serves to be asked: it may hang, and somebody wants it gone."""


class Pipeline:
    """One run of a recipe, with the way back behind it."""

    def __init__(self, work: Work, *, signals: Signals) -> None:
        """``signals`` says where a run may be stopped."""
        self._work = work
        self._signals = signals
        self._outcome = Ending()
        self._reserve = Reserve(work.state.root / "reserve")
        self._steps = StepRunner(work, self._outcome)

    def deploy(self, recipe: Recipe) -> Ending:
        """Run to GO, or stop before the first touch, or go back."""
        return self._told(lambda: self._deploy(recipe))

    def _deploy(self, recipe: Recipe) -> Ending:
        touch = recipe.first_touch
        try:
            with self._signals.interruptible():
                self._work.epoch = self._work.runtime.epoch(self._work.place)
                self._run_safe(recipe.steps[:touch])
                urls = self._probe_urls() if self._outcome.exit_code is Exit.GO else (None, None)
        except InterruptedRunError as error:
            return self._outcome.end(Exit.INTERRUPTED, str(error))
        except (GonogoError, OSError) as error:
            self._outcome.end(_early_exit(error), explain(error), refusal(error, env=self._work.place.environment.name))
        if self._outcome.exit_code is not Exit.GO:
            self._outcome.unsure = self._is_unsure()
            return self._outcome
        with contextlib.ExitStack() as around:
            probe = self._first_touch(around, urls)
            if probe is None:
                return self._outcome
            return self._touch(recipe.steps[touch:] if touch is not None else (), probe)

    def _first_touch(
        self, around: contextlib.ExitStack, urls: tuple[Target | None, Target | None]
    ) -> DowntimeProbe | None:
        """Keep room free for the way back, and begin to ask from outside; None where the disk is full already."""
        try:
            around.enter_context(self._reserve)
            self._steps.touch()
            folder, moving = self._work.folder, self._work.moving
            budget = Budget(folder / FILE)
            probe = DowntimeProbe(urls[0], folder / "probe.jsonl", former=urls[1], budget=budget, moving=moving)
            return around.enter_context(probe)
        except OSError as error:
            self._outcome.end(Exit.NO_GO, explain(error))
            return None

    def _is_unsure(self) -> bool:
        """Whether the runtime went away, and with it perhaps what served."""
        work = self._work
        return work.runtime.lost(work.place, self._outcome.reason) or restarted(work, work.epoch)

    def go_back(
        self, target: Release, outgoing: Release, *, last: Release | None = None, undo: Sequence[Move] = ()
    ) -> Ending:
        """Start a kept release and prove it by its own gate; the operator asked for it.

        ``last`` is what served until now, and serves again where the target is not proven; None where nothing did.
        ``undo`` takes back what the team's steps did since the target served.
        """
        return self._told(lambda: self._go_back(target, outgoing, last, undo))

    def _go_back(self, target: Release, outgoing: Release, last: Release | None, undo: Sequence[Move]) -> Ending:
        self._work.serving = outgoing
        if last is not None and last.id == outgoing.id:
            self._ask_first()
        room = self._reserve.give
        return self._start_kept(
            lambda back: back.on_demand(target, outgoing, last=last, undo=undo, make_room=room),
        )

    def restart(
        self, services: tuple[str, ...], *, arrived: Callable[[], str], undo: Callable[[], None] | None
    ) -> Ending:
        """Start what serves anew and prove it by its own gate; the arguments are those of ``Rollback.again``."""
        return self._told(lambda: self._restart(services, arrived, undo))

    def _restart(
        self, services: tuple[str, ...], arrived: Callable[[], str], undo: Callable[[], None] | None
    ) -> Ending:
        self._work.serving = self._work.release
        move, room = Restart(self._work.release, services), self._reserve.give
        return self._start_kept(lambda back: back.again(move, make_room=room, arrived=arrived, undo=undo))

    def _start_kept(self, run: Callable[[Rollback], Ending]) -> Ending:
        """What an operator asked for, from the first touch on: asked from outside, and not to be interrupted."""
        try:
            urls = self._probe_urls()
        except GonogoError as error:
            return self._outcome.end(_early_exit(error), str(error))
        with contextlib.ExitStack() as around:
            probe = self._first_touch(around, urls)
            if probe is None:
                return self._outcome
            around.enter_context(self._signals.way_back())
            return run(Rollback(self._work, self._outcome, self._steps, probe))

    def _ask_first(self) -> None:
        """Ask what serves, shortly: what is red there already is no fault of the release that is gone back to."""
        work, place = self._work, self._work.place
        bound = {"attempts": 1, "gate_timeout": min(_BASELINE_SECONDS, place.environment.gate_timeout)}
        work.place = replace(place, environment=place.environment.model_copy(update=bound))
        with contextlib.suppress(GonogoError, OSError):  # nobody waits for it: the way back is not in need of it
            gate = self._steps.gate(Gate("baseline", Stage.POSTDEPLOY, Role.BASELINE))
            work.baseline = None if gate.problem else gate
        work.place = place

    def recover(self, recipe: Recipe, cut: CutOff, *, back: str | None) -> Ending:
        """Complete a deployment that was cut off, where only gates or the team's steps are left; else go back.

        ``back`` says why it must go back in any case.
        """
        return self._told(lambda: self._recover(recipe, cut, back=back))

    def _recover(self, recipe: Recipe, cut: CutOff, *, back: str | None) -> Ending:
        work = self._work
        work.progress = cut.progress
        work.ladder, work.rung, work.epoch = cut.ladder, cut.rung, cut.epoch
        known = {team.name: team for team in work.place.environment.step}
        names = work.progress.names
        self._steps.undo += [known[name] for name in names if name in known and not work.progress.was_taken_back(name)]
        rest = remaining(recipe, work.progress)
        if back is None and rest is None:
            back = f"the run {cut.run} was cut off before its start was complete"
        try:
            urls = self._probe_urls()
        except GonogoError as error:
            self._outcome.unsure = True
            return self._outcome.end(_early_exit(error), str(error))
        with contextlib.ExitStack() as around:
            probe = self._first_touch(around, urls)
            if probe is None:
                self._outcome.unsure = True
                return self._outcome
            self._outcome.epoch = cut.epoch
            if back is None:
                probe.wait_for_first()
                work.notes.append(f"The downtime counts from here; what the run {cut.run} cost before is not in it.")
                return self._touch(rest or (), probe)
            red = read_gate(work.state.run_folder(cut.run) / "postdeploy.json") if cut.returning else None
            self._outcome.excuse = cut.excuse
            return self._back(probe, back, causes=red.blocking if red else (), seen=True)

    def _run_safe(self, steps: Sequence[Step]) -> None:
        """StepRunner that change nothing that serves; the first red gate ends the run."""
        self._outcome.exit_code = Exit.GO
        for index, step in enumerate(steps):
            if isinstance(step, AskLadder):
                self._ladder()
            elif not isinstance(step, Gate):
                self._steps.move(step)
            elif (step.role is Role.BASELINE and not self._source_passes(steps[index:])) or not self._passes(step):
                return

    def _source_passes(self, steps: Sequence[Step]) -> bool:
        """Ask first what needs only the source: where that is red, nobody waits for what serves."""
        gate = next((one for one in steps if isinstance(one, Gate) and one.stage is Stage.PREDEPLOY), None)
        found = self._steps.early(gate) if gate is not None else None
        if found is None or not (found.problem or found.blocking):
            return True
        self._outcome.end(Exit.NO_GO, why(found), found.blocking)
        return False

    def _passes(self, step: Gate) -> bool:
        """Ask a gate before the first touch; a baseline is kept, never a reason to stop (P36 reads it)."""
        gate = self._steps.gate(step)
        if step.role is Role.BASELINE:
            self._work.baseline = gate
            return True
        if gate.problem or gate.blocking:
            self._outcome.end(Exit.NO_GO, why(gate), gate.blocking)
            return False
        if not gate.asked:
            self._outcome.end(Exit.NOTHING_CHECKED, why(gate))
            return False
        if step.stage is Stage.BUILD:
            self._keep_routes(gate)
        return True

    def _keep_routes(self, gate: GateResult) -> None:
        """The routes that the build gate measured are pinned with the release; the next one is compared with them."""
        work = self._work
        routes = {
            check.code.partition("[")[2].removesuffix("]"): evidence.value
            for check in gate.checks
            if check.code is not None and check.keeps == "routes"
            for evidence in check.evidence
            if evidence.kind == "json" and evidence.title == check.keeps
        }
        work.release = work.release.model_copy(update={"routes": routes})
        work.state.save(work.release)

    def _ladder(self) -> None:
        """Decide what a rollback would do; refuse a forward-only change in prod.

        Raises:
            RefusedError: the change is forward-only and the environment does not allow it.
        """
        work = self._work
        asked = ask_ladder(work, found=[*standings(work, built=True)])
        answer = foresee(asked.answer, work.baseline)
        work.notes += asked.notes
        work.standings = asked.standings
        work.ladder, work.rung = str(answer), int(answer.rung)
        work.journal.write("ladder", rung=work.rung, said=work.ladder)
        environment = work.place.environment
        if answer.rung is Rung.FORWARD_ONLY and environment.tier is Tier.PROD and not environment.allow_forward_only:
            raise forward_only(answer)

    def _touch(self, steps: Sequence[Step], probe: DowntimeProbe) -> Ending:
        """From the first touch on, everything that goes wrong goes back."""
        try:
            with self._signals.interruptible():
                judgement = self._run_touching(steps, probe)
        except InterruptedRunError as error:
            return self._back(probe, str(error), interrupted=True)
        except (GonogoError, OSError) as error:
            return self._back(probe, explain(error))
        except Exception as error:  # noqa: BLE001 (a bug of ours must not leave the target half way)
            return self._back(probe, self._internal(error))
        if judgement.action is Action.ROLLBACK:
            return self._back(probe, judgement.reason, causes=judgement.causes)
        self._outcome.held = judgement.action is Action.HOLD
        code = Exit.NEEDS_HUMAN if self._outcome.held else Exit.GO
        return self._outcome.end(code, judgement.reason, judgement.causes)

    def _run_touching(self, steps: Sequence[Step], probe: DowntimeProbe) -> Judgement:
        """The moves, and the gates that judge them; the first one that is not GO ends it."""
        judgement = Judgement(action=Action.ROLLBACK, reason="no gate was asked")
        for step in steps:
            if isinstance(step, Gate):
                probe.mark("settled")
                self._outcome.asked = self._steps.gate(step, counted=lambda gate: counted(gate, self._judged(gate)))
                judgement = self._judged(self._outcome.asked)
                if judgement.action is not Action.GO:
                    break
                if step.stage is Stage.BUILD:  # one of the team's steps came before it
                    self._keep_routes(self._outcome.asked)
            elif isinstance(step, AskLadder):
                self._ladder()
            else:
                self._steps.move(step)
        return judgement

    def _told(self, run: Callable[[], Ending]) -> Ending:
        """A run with an ending, whatever happens: an error of ours says where it leaves the target."""
        try:
            return run()
        except Exception as error:  # noqa: BLE001 (the last net)
            touched = self._outcome.first_touch is not None
            return self._outcome.end(Exit.NEEDS_HUMAN if touched else Exit.INTERNAL, self._internal(error))

    def _internal(self, error: Exception) -> str:
        """What happened, in one line; the journal has the traceback."""
        journal = self._work.journal
        with contextlib.suppress(OSError):
            journal.write("internal-error", traceback="".join(traceback.format_exception(error)))
        return f"{explain(error)} (traceback: {journal.path})"

    def _judged(self, gate: GateResult) -> Judgement:
        return judge(gate, baseline=self._work.baseline, pinned=self._pinned())

    def _back(
        self,
        probe: DowntimeProbe,
        reason: str,
        *,
        causes: tuple[CheckResult, ...] = (),
        interrupted: bool = False,
        seen: bool = False,
    ) -> Ending:
        """Go back; ``seen``: whether the release is to blame was found out when its verdict fell."""
        self._outcome.end(Exit.NEEDS_HUMAN, reason, causes)
        with self._signals.way_back():
            if causes and not seen:
                self._outcome.excuse = self._excuse()
            self._reserve.give()
            return Rollback(self._work, self._outcome, self._steps, probe).after_red(interrupted=interrupted)

    def _excuse(self) -> str:
        """What failed under the release; nothing in the question may keep it from being turned back."""
        try:
            return excuse(self._work, self._outcome)
        except Exception as error:  # noqa: BLE001 (the journal's disk is full, or a mistake of ours)
            return explain(error) if isinstance(error, OSError) and error.errno in NO_ROOM else ""

    def _probe_urls(self) -> tuple[Target | None, Target | None]:
        """Where the release is asked whether it answers, and where the serving one is, if that is elsewhere."""
        work = self._work
        place = replace(work.place, environment=as_it_serves(work.place.environment, work.serving))
        url, former = self._live(work.place, work.release), self._live(place, work.serving)
        return url, former if former != url else None

    def _live(self, place: Place, release: Release | None) -> Target | None:
        if release is None:
            return None
        runtime, place = maker(self._work.runtime, place, release)
        url = runtime.inspector(place, release).url()
        health, reached = place.environment.health, place.environment.reached
        return Target(url=url + health.live, live=health.live_status, reached=reached) if url else None

    def _pinned(self) -> GateResult | None:
        serving = self._work.serving
        if serving is None:
            return None
        pinned = read_gate(serving.gate)
        unasked = pinned is None and not serving.adopted  # nobody knows what it was asked: nothing of it excuses
        return known_before(self._work.baseline, pinned, anew=serving.is_judged_anew or unasked)


def _early_exit(error: BaseException) -> Exit:
    code = getattr(error, "exit_code", Exit.NO_GO)
    return Exit(code) if code in {Exit.USAGE, Exit.LOCKED} else Exit.NO_GO
