"""Runs recipes: asks the gates, makes the moves, and turns a red release back."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import httpx  # noqa: F401 (the probe asks with it: a damaged installation is found before anything is touched)

from gonogo.backups.written import ProvenDowngrade
from gonogo.errors import DISK_FULL, GonogoError, InterruptedRunError, explain
from gonogo.gates.asked import last_of
from gonogo.gates.baseline import known_before
from gonogo.gates.budget import FILE, Budget
from gonogo.gates.judgement import Consequence, Judgement, counted, judge, refusal
from gonogo.gates.subject import as_it_serves
from gonogo.host.signals import Signals
from gonogo.records.ending import Ending
from gonogo.records.results import CheckResult, GateResult, read_gate
from gonogo.run import decision
from gonogo.run.attribution import excuse, restarted
from gonogo.run.course import Course
from gonogo.run.disk_reserve import Reserve
from gonogo.run.downtime_probe import DowntimeProbe, Target
from gonogo.run.gate_step import Gate
from gonogo.run.moves.data import WithData
from gonogo.run.moves.downgrade import Downgrade
from gonogo.run.moves.start import Restart
from gonogo.run.recipes import Recipe
from gonogo.run.rollback import Rollback
from gonogo.run.steps import StepRunner, why
from gonogo.run.strategies.base import Step
from gonogo.run.work import Move, Work
from gonogo.runtimes.base import Place
from gonogo.runtimes.place import maker
from gonogo.state.interrupted import CutOff
from gonogo.state.release import Release
from gonogo.words import Role, Stage

__all__ = ["Pipeline"]

Urls = tuple[Target | None, Target | None]
"""Where the release is asked from outside, and where the serving one is, if that is elsewhere."""
Found = TypeVar("Found")
_BASELINE_SECONDS = 30.0
"""How long a rollback by hand waits for what serves to be asked: it may hang, and somebody wants it gone."""


class Pipeline:
    """One run of a recipe, with the rollback behind it."""

    def __init__(self, work: Work, *, signals: Signals) -> None:
        """``signals`` says where a run may be stopped."""
        self._work = work
        self._signals = signals
        self._served = work.serving
        """What serves for as long as nothing is touched."""
        self.course = Course()
        self._reserve = Reserve(work.state.root / "reserve")
        self._steps = StepRunner(work, self.course)

    def deploy(self, recipe: Recipe) -> Ending:
        """Runs to GO, or stops before the first touch, or goes back."""
        return self._told(lambda: self._deploy(recipe))

    def _deploy(self, recipe: Recipe) -> Ending:
        touch = recipe.first_touch
        urls: Urls = (None, None)
        try:
            with self._signals.interruptible():
                self._work.epoch = self._work.runtime.epoch(self._work.place)
                ending = self._walk(recipe.steps[:touch], self._passes)
                if ending is None:
                    urls = self._probe_urls()
        except InterruptedRunError as error:
            return self._early(error)
        except (GonogoError, OSError) as error:
            ending = self._early(error, refusal(error, env=self._work.place.environment.name))
        if ending is not None:
            return ending.model_copy(update={"serves": None}) if self._is_unsure() else ending
        rest = recipe.steps[touch:] if touch is not None else ()
        return self._touching(urls, lambda probe: self._touch(recipe, rest, probe))

    def rehearse(self, recipe: Recipe) -> Ending:
        """Runs up to the first touch, and no further."""
        return self._told(lambda: self._rehearse(recipe))

    def _rehearse(self, recipe: Recipe) -> Ending:
        try:
            with self._signals.interruptible():
                self._work.epoch = self._work.runtime.epoch(self._work.place)
                red = self._walk(recipe.steps[: recipe.first_touch], self._passes)
        except InterruptedRunError as error:
            return self._early(error)
        except (GonogoError, OSError) as error:
            return self._early(error, refusal(error, env=self._work.place.environment.name))
        return red or decision.rehearsed(serves=self._served)

    def _early(self, error: BaseException, causes: tuple[CheckResult, ...] = (), *, sure: bool = True) -> Ending:
        """Before anything was changed; not ``sure``: nobody can tell what serves."""
        self.course.blame(explain(error), causes)
        return decision.early(error, serves=self._served if sure else None)

    def _touching(self, urls: Urls, run: Callable[[DowntimeProbe], Ending], *, sure: bool = True) -> Ending:
        """Keeps room free for the rollback, asks from outside, goes on; where the disk is full, nothing was changed."""
        work = self._work
        with contextlib.ExitStack() as around:
            try:
                around.enter_context(self._reserve)
                self._steps.touch()
                per_minute = work.place.environment.requests_per_minute
                budget, log = Budget(work.folder / FILE, per_minute=per_minute), work.folder / "probe.jsonl"
                probe = DowntimeProbe(urls[0], log, former=urls[1], budget=budget, moving=work.moving)
                around.enter_context(probe)
            except OSError as error:
                return self._early(error, sure=sure)
            return run(probe)

    def _is_unsure(self) -> bool:
        """Whether the runtime went away, and with it perhaps what served."""
        work = self._work
        return work.runtime.lost(work.place, self.course.reason) or restarted(work, work.epoch)

    def go_back(
        self,
        target: Release,
        outgoing: Release,
        *,
        last: Release | None = None,
        undo: Sequence[Move] = (),
        data: Downgrade | WithData | None = None,
    ) -> Ending:
        """Starts a kept release and proves it by its own gate; the operator asked for it.

        ``last`` is what served until now, and serves again where the target is not proven; None where nothing did.
        ``undo`` takes back what the team's steps did since the target served, ``data`` what migrations did, or puts a
        backup in the place of what is live, which is restored before anything is touched.
        """
        return self._told(lambda: self._go_back(target, outgoing, last, undo, data))

    def _go_back(
        self,
        target: Release,
        outgoing: Release,
        last: Release | None,
        undo: Sequence[Move],
        data: Downgrade | WithData | None,
    ) -> Ending:
        self._work.serving = outgoing
        try:
            if isinstance(data, WithData):
                with self._signals.interruptible():
                    self._steps.move(data.aside)
        except (GonogoError, OSError) as error:
            return self._early(error)
        if last is not None and last.id == outgoing.id:
            self._ask_first()
        give = self._reserve.give
        return self._start_kept(
            lambda back: back.on_demand(target, outgoing, last=last, undo=undo, free_disk=give, data=data),
        )

    def restart(
        self, services: tuple[str, ...], *, arrived: Callable[[], str], undo: Callable[[], None] | None
    ) -> Ending:
        """Starts what serves anew and proves it by its own gate; the arguments are those of ``Rollback.again``."""
        return self._told(lambda: self._restart(services, arrived, undo))

    def _restart(
        self, services: tuple[str, ...], arrived: Callable[[], str], undo: Callable[[], None] | None
    ) -> Ending:
        self._work.serving = self._work.release
        move, give = Restart(self._work.release, services), self._reserve.give
        return self._start_kept(lambda back: back.again(move, free_disk=give, arrived=arrived, undo=undo))

    def _start_kept(self, run: Callable[[Rollback], Ending]) -> Ending:
        """What an operator asked for, from the first touch on: asked from outside, and not to be interrupted."""
        try:
            urls = self._probe_urls()
        except GonogoError as error:
            return self._early(error)

        def kept(probe: DowntimeProbe) -> Ending:
            with self._signals.rollback():
                return run(Rollback(self._work, self.course, self._steps, probe))

        return self._touching(urls, kept)

    def _ask_first(self) -> None:
        """Asks what serves, shortly: what is red there already is no fault of the release that is gone back to."""
        work, place = self._work, self._work.place
        bound = {"attempts": 1, "gate_timeout": min(_BASELINE_SECONDS, place.environment.gate_timeout)}
        work.place = replace(place, environment=place.environment.model_copy(update=bound))
        with contextlib.suppress(GonogoError, OSError):  # nobody waits for it: the rollback is not in need of it
            gate = self._steps.gate(Gate("baseline", Stage.POSTDEPLOY, Role.BASELINE))
            work.baselines |= {} if gate.problem else {Stage.POSTDEPLOY: gate}
        work.place = place

    def recover(self, recipe: Recipe, cut: CutOff, *, back: str | None) -> Ending:
        """Completes a deployment that was cut off, where only gates or the team's steps are left; else goes back.

        ``back`` says why it must go back in any case.
        """
        return self._told(lambda: self._recover(recipe, cut, back=back))

    def _recover(self, recipe: Recipe, cut: CutOff, *, back: str | None) -> Ending:
        work = self._work
        work.progress = cut.progress
        work.ladder, work.rung, work.epoch = cut.ladder, cut.rung, cut.epoch
        work.proven_downgrade = ProvenDowngrade.model_validate(cut.proven_downgrade) if cut.proven_downgrade else None
        known = {team.name: team for team in work.place.environment.step}
        names = work.progress.names
        self._steps.undo += [known[name] for name in names if name in known and not work.progress.was_taken_back(name)]
        rest = recipe.remaining(work.progress)
        if back is None and rest is None:
            back = f"the run {cut.run} was cut off before its start was complete"
        try:
            urls = self._probe_urls()
        except GonogoError as error:
            return self._early(error, sure=False)
        return self._touching(urls, lambda probe: self._go_on(recipe, rest or (), cut, probe, back=back), sure=False)

    def _go_on(
        self, recipe: Recipe, rest: Sequence[Step], cut: CutOff, probe: DowntimeProbe, *, back: str | None
    ) -> Ending:
        work = self._work
        self.course.epoch = cut.epoch
        if back is None:
            probe.wait_for_first()
            work.notes.append(f"The downtime counts from here; what the run {cut.run} cost before is not in it.")
            return self._touch(recipe, rest, probe)
        red = last_of(work.state.run_folder(cut.run), role=Role.CANDIDATE) if cut.returning else None
        self.course.excuse = cut.excuse
        return self._back(recipe, probe, back, causes=red.blocking if red else (), seen=True)

    def _walk(self, steps: Sequence[Step], ask: Callable[[Gate, Sequence[Step]], Found | None]) -> Found | None:
        """Step after step; what is found where a gate is not passed ends it. ``ask`` is told what comes after, too."""
        for at, step in enumerate(steps):
            if not isinstance(step, Gate):
                self._steps.move(step)
            elif (found := ask(step, steps[at:])) is not None:
                return found
        return None

    def _not_passed(self, gate: GateResult) -> Ending:
        self.course.blame(why(gate), gate.blocking)
        return decision.not_passed(gate, serves=self._served)

    def _passes(self, step: Gate, rest: Sequence[Step]) -> Ending | None:
        """Asks a gate before the first touch; a baseline is kept, never a reason to stop (P36 reads it).

        What of predeploy needs only the source is asked before it: where that is red, nobody waits for what serves.
        """
        if step.role is Role.BASELINE:
            source = next((one for one in rest if isinstance(one, Gate) and one.stage is Stage.PREDEPLOY), None)
            found = self._steps.early(source) if source is not None else None
            if found is not None and (found.problem or found.blocking):
                return self._not_passed(found)
            self._work.baselines[step.stage] = self._steps.gate(step)
            return None
        gate = self._steps.gate(step)
        if step.remade_by is not None and self._is_stale(gate):
            gate = self._anew(step, step.remade_by)
        if not gate.is_green:
            return self._not_passed(gate)
        if step.stage is Stage.BUILD:
            self._keep_routes(gate)
        return None

    def _is_stale(self, gate: GateResult) -> bool:
        """Whether a layer that the build took from its cache may be all that is wrong."""
        is_ours = "build" not in self._work.place.environment.commands
        brought = tuple(f"[{name}]" for name in self._work.release.brought)
        stale = any(check.stale and not (check.code or "").endswith(brought) for check in gate.blocking)
        return is_ours and not self._work.options.no_cache and stale

    def _anew(self, step: Gate, build: Move) -> GateResult:
        """Builds once more, without the cache, and asks again."""
        self._work.options = replace(self._work.options, no_cache=True)
        self._work.notes.append("What was built held something stale, so it was built once more, without the cache.")
        self._steps.move(build)
        return self._steps.gate(step)

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

    def _touch(self, recipe: Recipe, steps: Sequence[Step], probe: DowntimeProbe) -> Ending:
        """From the first touch on, everything that goes wrong goes back."""
        try:
            with self._signals.interruptible():
                judgement = self._run_touching(steps, probe)
        except InterruptedRunError as error:
            return self._back(recipe, probe, str(error), interrupted=True)
        except (GonogoError, OSError) as error:
            return self._back(recipe, probe, explain(error))
        except Exception as error:  # noqa: BLE001 (a bug of ours must not leave the target half way)
            return self._back(recipe, probe, self._internal(error))
        if judgement.action is Consequence.ROLLBACK:
            return self._back(recipe, probe, judgement.reason, causes=judgement.causes)
        self.course.blame(judgement.reason, judgement.causes)
        return decision.proven(self._work, judgement.action)

    def _run_touching(self, steps: Sequence[Step], probe: DowntimeProbe) -> Judgement:
        """The moves, and the gates that judge them; the first one that is not GO ends it."""

        def ask(step: Gate, _: Sequence[Step]) -> Judgement | None:
            probe.mark("settled")
            self.course.asked = asked = self._steps.gate(step, counted=lambda gate: counted(gate, self._judged(gate)))
            self.course.judged_by |= {} if step.is_before_touch else {step.stage: asked}
            judgement = self._judged(asked)
            if judgement.action is Consequence.HOLD and not step.may_hold:
                judgement = replace(judgement, action=Consequence.ROLLBACK)
            if judgement.action is Consequence.GO and step.stage is Stage.BUILD:  # a team's step came before it
                self._keep_routes(asked)
            return None if judgement.action is Consequence.GO else judgement

        red = self._walk(steps, ask)
        if red is None and self.course.asked is None:
            return Judgement(action=Consequence.ROLLBACK, reason="no gate was asked")
        return red or Judgement(action=Consequence.GO)

    def _told(self, run: Callable[[], Ending]) -> Ending:
        """A run with an ending, whatever happens: an error of ours says where it leaves the target."""
        try:
            return run()
        except Exception as error:  # noqa: BLE001 (the last net)
            self.course.blame(self._internal(error))
            return decision.lost(touched=self.course.first_touch is not None, served=self._served)
        finally:
            self._steps.end_leftovers()

    def _internal(self, error: Exception) -> str:
        """What happened, in one line; the journal has the traceback."""
        journal = self._work.journal
        with contextlib.suppress(OSError):
            journal.write("internal-error", traceback="".join(traceback.format_exception(error)))
        return f"{explain(error)} (traceback: {journal.path})"

    def _judged(self, gate: GateResult) -> Judgement:
        return judge(gate, baseline=self._work.baseline(gate.stage), pinned=self._pinned(gate.stage))

    def _back(
        self,
        recipe: Recipe,
        probe: DowntimeProbe,
        reason: str,
        *,
        causes: tuple[CheckResult, ...] = (),
        interrupted: bool = False,
        seen: bool = False,
    ) -> Ending:
        """Goes back; ``seen``: whether the release is to blame was found out when its verdict fell."""
        self.course.blame(reason, causes)
        with self._signals.rollback():
            if causes and not seen:
                self.course.excuse = self._excuse()
            self._reserve.give()
            back = Rollback(self._work, self.course, self._steps, probe)
            return back.after_red(recipe, interrupted=interrupted)

    def _excuse(self) -> str:
        """What failed under the release; nothing in the question may keep it from being turned back."""
        try:
            return excuse(self._work, self.course)
        except Exception as error:  # noqa: BLE001 (the journal's disk is full, or a mistake of ours)
            return explain(error) if isinstance(error, OSError) and error.errno in DISK_FULL else ""

    def _probe_urls(self) -> Urls:
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
        return Target(url=url + health.live, alive=health.alive, reached=reached) if url else None

    def _pinned(self, stage: Stage) -> GateResult | None:
        serving = self._work.serving
        if serving is None:
            return None
        pinned = read_gate(serving.gate_of(stage)) or read_gate(serving.gate)
        unasked = pinned is None and not serving.adopted  # nobody knows what it was asked: nothing of it excuses
        return known_before(self._work.baseline(stage), pinned, anew=serving.is_judged_anew or unasked)
