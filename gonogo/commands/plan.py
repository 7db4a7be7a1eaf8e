"""``gonogo plan``: what a deploy would run, where the first touch is, and what a rollback would do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gonogo.backups.shelf import shelf_of
from gonogo.commands.adopt import foreseen
from gonogo.commands.bare_gate import ask_beside
from gonogo.commands.history import recent
from gonogo.commands.prepare import Commit, Where, at_commit, make_work, new_release
from gonogo.errors import GonogoError
from gonogo.gates.pending_migrations import ask_ladder, standings
from gonogo.gates.process import stage_options
from gonogo.gates.subject import Subject, attestations
from gonogo.host.runner import Command
from gonogo.records.history import downtime, expected
from gonogo.records.plan import Plan, PlannedStep
from gonogo.records.run_results import RunResult
from gonogo.run.gate_step import Gate
from gonogo.run.moves.checkout import Checkout
from gonogo.run.moves.start import Stop
from gonogo.run.recipes import Recipe, deploy_recipe
from gonogo.run.strategies.base import VERIFY, Step
from gonogo.run.work import Options, Work
from gonogo.state.store import State
from gonogo.words import Exit, Stage

__all__ = ["plan"]

_AFTER_ADOPTION = "decided by the deploy, once what was started by hand is adopted: a rollback starts that again"


def plan(folder: Path, env: str | None, *, ref: str, options: Options) -> Plan:
    """Renders a deployment without doing it; the commit is checked out aside and thrown away again.

    Raises:
        UsageError: wrong usage or configuration.
    """
    at, commit = at_commit(folder, env, ref)
    with tempfile.TemporaryDirectory(prefix="gonogo-plan-") as aside:
        work = _work_aside(at, commit, Path(aside), options)
        planned = _describe(at, work, real=at.state.root, aside=Path(aside))
        return planned if planned.problems else _asked(planned, at, work)


def _asked(planned: Plan, at: Where, work: Work) -> Plan:
    """The plan, and what the predeploy gate says of the commit; what ``--attest`` asks for stands in the plan."""
    given = attestations(at.environment, at.environment.attest)
    subject = Subject(
        env=at.environment.name,
        root=work.release.root,
        path=at.path,
        state=at.state.root,
        checkout=work.checkout,
        release=work.release,
        serving=work.serving,
        hotfix=work.options.hotfix,
        force=work.options.force,
        attested=given,
    )
    gate = ask_beside(at, Stage.PREDEPLOY, subject=subject)
    red = bool(gate.blocking or gate.problem or not gate.asked)
    return planned.model_copy(update={"asked": gate, "exit_code": Exit.NO_GO if red else Exit.GO})


def _work_aside(at: Where, commit: Commit, aside: Path, options: Options) -> Work:
    """A run's surroundings whose own files stand aside, but whose memory is the environment's."""
    elsewhere = replace(at, state=State(aside))
    release = new_release(elsewhere, commit)
    work = make_work(elsewhere, release, run=release.id, options=options)
    work.serving, work.shelf = at.state.current(), shelf_of(at.project, at.environment, at.state)
    return work


def _describe(at: Where, work: Work, *, real: Path, aside: Path) -> Plan:
    recipe = deploy_recipe(at.environment, first=work.serving is None)
    problems = _checkout(work)
    shown = _Names({str(aside): str(real), work.release.id: "{release}"})
    ladder = ""
    if not problems:
        try:
            ladder = str(ask_ladder(work, found=[*standings(work, built=False)]).answer)
        except GonogoError as error:
            problems = (str(error),)
    steps = tuple(
        _step(work, step, shown, first=index == recipe.first_touch) for index, step in enumerate(recipe.steps)
    )
    runs = recent(at.state)
    before = expected(runs)
    adopts = foreseen(at)
    return Plan(
        app=at.project.app.name,
        env=at.environment.name,
        commit=work.release.commit,
        summary=work.release.summary,
        serving=work.serving.id if work.serving else None,
        services=work.release.services,
        steps=tuple(step.model_copy(update={"expected": before.get(step.name)}) for step in steps),
        rollback=tuple(_rollback(at, work, recipe, shown, adopts)),
        adopts=adopts,
        attest=at.environment.attest,
        ladder=_AFTER_ADOPTION if adopts and ladder else ladder,
        downtime=_downtime(work, runs, adopts),
        problems=tuple(map(shown, problems)),
        exit_code=Exit.NO_GO if problems else Exit.GO,
    )


def _downtime(work: Work, runs: Sequence[RunResult], adopts: Sequence[str]) -> str:
    """How long nobody will be served, as far as earlier runs tell."""
    environment = work.place.environment
    if work.serving is None and not adopts:
        return "nothing serves yet"
    seen = downtime(runs)
    set_by_team = "max_downtime" in environment.model_fields_set
    most = f"more than {environment.max_downtime:g} s {'holds the run' if set_by_team else 'is warned of'} (D27)"
    if seen.median is None:
        return f"not known, no deployment was measured yet; {most}"
    return f"about {seen.median:.1f} s, at the worst {seen.worst:.1f} s of {seen.count} deployments; {most}"


def _rollback(at: Where, work: Work, recipe: Recipe, shown: _Names, adopts: Sequence[str]) -> Iterator[PlannedStep]:
    """What a red gate leads to; the model that starts what was adopted is only known once it is."""
    undo = [team for team in reversed(at.environment.step) if team.undo]
    for step in recipe.rollback(work.release, to=work.serving, undo=undo, replaced=True):
        if adopts and isinstance(step, Stop):
            restored = f"(starts again what was started by hand: {', '.join(adopts)})"
            yield PlannedStep(name="restore", kind="move", commands=(restored,))
            yield _step(work, VERIFY, shown, first=False)
        else:
            yield _step(work, step, shown, first=False)


def _checkout(work: Work) -> tuple[str, ...]:
    """Does the first move aside, so that everything after it can be described exactly."""
    try:
        Checkout().do(work)
    except GonogoError as error:
        return (str(error),)
    return (str(work.pin_problem),) if work.pin_problem else ()


def _step(work: Work, step: Step, shown: _Names, *, first: bool) -> PlannedStep:
    if isinstance(step, Gate):
        options = stage_options(
            step.stage, env=work.place.environment.name, subject=Path("S"), results=Path("R"), timeout=1
        )
        command = ("pytest", *options[:2], "--env", work.place.environment.name)
        return PlannedStep(name=step.name, kind="gate", commands=(str(Command(argv=command)),))
    try:
        commands = tuple(shown(text) for text in step.describe(work))
    except GonogoError as error:
        commands = (f"(not known yet: {shown(str(error).splitlines()[0])})",)
    return PlannedStep(name=step.name, kind="move", commands=commands, first_touch=first)


class _Names:
    """Replaces what exists only while planning by its real name."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def __call__(self, text: str) -> str:
        for name, real in self._names.items():
            text = text.replace(name, real)
        return text
