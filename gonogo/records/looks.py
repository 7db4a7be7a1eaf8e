"""What ``gonogo plan``, ``status`` and ``history`` found, and how it is printed for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from pydantic import BaseModel

from gonogo.records.history import TARGETS, EnvFigures
from gonogo.records.results import GateResult
from gonogo.records.run_results import Downtime
from gonogo.records.terminal import gate_lines
from gonogo.records.text import wrapped
from gonogo.words import Exit

__all__ = [
    "EnvStatus",
    "InstanceLine",
    "Needed",
    "PastRun",
    "Plan",
    "PlannedStep",
    "doctor_lines",
    "history_lines",
    "plan_lines",
    "status_lines",
]

_WIDTH = 120
_NO_COMMAND = {"ladder": "(decides what a rollback would do to the data; see below)"}


class PlannedStep(BaseModel):
    """One gate or move with its commands."""

    name: str
    kind: str
    commands: tuple[str, ...] = ()
    first_touch: bool = False
    expected: float | None = None
    """Seconds that it took in earlier runs, in the middle; None where it never ended well."""


class Plan(BaseModel):
    """A dry run."""

    app: str
    env: str
    commit: str
    summary: str
    serving: str | None
    services: tuple[str, ...] = ()
    steps: tuple[PlannedStep, ...] = ()
    rollback: tuple[PlannedStep, ...] = ()
    ladder: str = ""
    downtime: str = ""
    """How long nobody will be served, from earlier runs; or that nothing is known of it."""
    adopts: tuple[str, ...] = ()
    """Services that were started by hand, and that the deploy adopts first."""
    attest: dict[str, str] = {}
    """What the deploy must be told with ``--attest``: an id, and the sentence that it stands for."""
    problems: tuple[str, ...] = ()
    asked: GateResult | None = None
    """What the predeploy gate says of the commit; None where it could not be checked out."""
    exit_code: Exit = Exit.GO


class Needed(BaseModel):
    """One thing that an environment needs."""

    what: str
    found: str = ""
    """What is there; empty where it is missing."""
    get: str = ""
    """How to get it."""
    needed: bool = True
    """False: it is good to have, and a deployment goes without."""

    @property
    def missing(self) -> bool:
        """Whether a deployment cannot go without it, and it is not there."""
        return self.needed and not self.found


class InstanceLine(BaseModel):
    """One instance, as the runtime sees it now."""

    service: str
    name: str
    status: str
    health: str | None
    release: str | None
    well: bool = True
    """Whether it is as it should be: running, and healthy where it has a health check; or ended well, where it may."""


class EnvStatus(BaseModel):
    """One environment at a glance."""

    env: str
    tier: str
    url: str | None
    serving: str | None = None
    commit: str | None = None
    summary: str = ""
    since: datetime | None = None
    proven: bool = False
    """Whether the serving release went GO (a held one did not)."""
    adopted: bool = False
    """Whether it was started by hand, before gonogo came."""
    instances: tuple[InstanceLine, ...] = ()
    lock: str | None = None
    stale_lock: bool = False
    """Whether no run holds the environment, or one whose process is gone."""
    unfinished: str | None = None
    untouched: tuple[str, ...] = ()
    """Runs that were cut off before their first touch."""
    surviving: tuple[str, ...] = ()
    rollback_to: str | None = None
    rollback_lacks: tuple[str, ...] = ()
    """What that release is started from, and is gone: it cannot be started."""
    needs_human: str = ""
    """How the last run that touched something ended, where that left the decision to a person."""
    told: tuple[tuple[str, str], ...] = ()
    """Why it ended so, why a person is needed and what comes next, each as label and text."""
    problem: str = ""
    exit_code: Exit = Exit.GO
    """What ``gonogo status`` ends with: 0 all is well, 1 something does not run, 5 it could not be looked at, 6 a
    person is needed, 7 a run is at it and not all is well."""

    @property
    def ill(self) -> tuple[InstanceLine, ...]:
        """What does not run as it should."""
        return tuple(one for one in self.instances if not one.well)


class PastRun(BaseModel):
    """One line of the history."""

    run: str
    kind: str
    env: str
    who: str
    commit: str | None
    started: datetime
    seconds: float
    exit_code: Exit
    ending: str
    downtime: Downtime | None


def plan_lines(plan: Plan) -> list[str]:
    """The recipe with its first touch marked, the ladder's answer, and the rollback."""
    lines = [f"gonogo  plan: {plan.app} {plan.commit[:7]} ({plan.summary}) → {plan.env}", ""]
    lines.append(f"serving now   {plan.serving or 'nothing that gonogo deployed'}")
    if plan.adopts:
        lines.append(f"adopts first  {', '.join(plan.adopts)}: started by hand; the rollback starts them again")
    lines += [f"asks for      --attest {name}: {sentence}" for name, sentence in plan.attest.items()]
    lines += ["", *_steps(plan.steps)]
    lines += ["", f"down for      {plan.downtime or 'not known'}"]
    lines += ["", f"the data      {plan.ladder or 'not decided'}", "", "if it goes red after the first touch:"]
    lines += _steps(plan.rollback)
    if plan.asked is not None:
        lines += ["", *gate_lines(plan.asked)]
    for problem in plan.problems:
        lines += ["", "NO-GO as it stands:", *(f"  {line}" for line in problem.splitlines())]
    return lines


def _steps(steps: Iterable[PlannedStep]) -> Iterator[str]:
    for step in steps:
        if step.first_touch:
            yield f"{'-' * 12}  first touch: from here on, everything that goes wrong goes back"
        first, *more = step.commands or (_NO_COMMAND.get(step.name, "(nothing to run)"),)
        about = f"  (about {step.expected:.0f} s)" if step.expected is not None and step.expected >= 1 else ""
        yield f"{step.name:<12}  {first}{about}"
        yield from (f"{'':<12}  {command}" for command in more)


def doctor_lines(needed: Sequence[Needed], *, env: str) -> list[str]:
    """What is missing first in each line, with how to get it; then what is there."""
    missing, advice = [one for one in needed if one.missing], [one for one in needed if not one.needed]
    there = [one for one in needed if one.needed and not one.missing]
    lines = [f"gonogo  doctor: {env} {'lacks nothing' if not missing else f'lacks {len(missing)}'}"]
    for word, part in (("missing", missing), ("advice", advice)):
        for one in part:
            first, *more = one.get.splitlines() or [""]
            lines += ["", f"{word:<8}  {one.what}", f"{'':<10}{first}", *(f"{'':<10}{line}" for line in more)]
    lines += ["", *(f"ok        {one.what}{'' if one.found == 'yes' else f': {one.found}'}" for one in there)]
    return lines


def status_lines(found: Iterable[EnvStatus]) -> list[str]:
    """One block an environment."""
    return [line for status in found for line in (*_status(status), "")][:-1]


def _status(status: EnvStatus) -> Iterator[str]:
    yield f"{status.env} ({status.tier})  {status.url or ''}".rstrip()
    if status.serving is None:
        yield "  serving     nothing that gonogo deployed"
    else:
        summary = f"  {status.summary}" if status.summary else ""
        since = f", since {status.since:%Y-%m-%d %H:%M:%S} UTC" if status.since else ""
        yield f"  serving     {status.serving}{summary}{since}{_unproven(status)}"
        yield f"  rollback to {status.rollback_to or 'nothing: no earlier release is kept'}{_lacking(status)}"
    if status.needs_human:
        yield from _labelled("last run", status.needs_human)
        for label, text in status.told:
            yield from _labelled(label, text)
    for instance in status.instances:
        health = f", {instance.health}" if instance.health else ""
        yield f"  {instance.service:<11} {instance.status}{health}  {instance.name}  {instance.release or ''}".rstrip()
    if status.ill and status.exit_code is Exit.NO_GO:
        names = ", ".join(dict.fromkeys(one.service for one in status.ill))
        yield f"  NOT WELL    {names}: `gonogo restart --env {status.env}` starts what serves again, and proves it"
    if status.problem:
        yield "  could not look at the instances:"
        yield from _labelled("", status.problem)
    if status.lock:
        yield f"  lock        {status.lock}"
    if status.unfinished:
        ways = f"gonogo resume --env {status.env}, or gonogo rollback --env {status.env}"
        yield f"  unfinished  the run {status.unfinished} was cut off: {ways}"
    for run in status.untouched:
        yield f"  cut off     the run {run}, before its first touch: the next deploy clears it away"
    yield from (f"  surviving   {argv}" for argv in status.surviving)


def _labelled(label: str, text: str) -> Iterator[str]:
    """A label and the whole of a text, which may be long and of several lines."""
    for number, line in enumerate(wrapped(text, _WIDTH - 14)):
        yield f"  {label if number == 0 else '':<12}{line}".rstrip()


def _lacking(status: EnvStatus) -> str:
    lacks = status.rollback_lacks
    more = f" and {len(lacks) - 1} more" if len(lacks) > 1 else ""
    return f", which cannot be started: it lacks {lacks[0]}{more}" if lacks else ""


def _unproven(status: EnvStatus) -> str:
    """What is to be said of a release that no gate let go."""
    if status.proven:
        return ""
    if status.adopted:
        return "  adopted: started by hand"
    running = {one.release for one in status.instances if one.status == "running" and one.release}
    others = ", ".join(sorted(running - {status.serving}))
    if running and status.serving not in running:
        return f"  HELD: it did not start, {others} still serves, a person decides"
    if not running and not status.problem:
        return "  HELD: it did not go GO, and NOTHING of it runs; a person decides"
    unwell = [one.name for one in status.instances if one.status != "running" or one.health == "unhealthy"]
    if unwell:
        return f"  HELD: it did not go GO, and {', '.join(unwell)} is not well; a person decides"
    return "  HELD: it did not go GO, and runs; a person decides"


def history_lines(runs: Sequence[PastRun], found: Iterable[EnvFigures] = ()) -> list[str]:
    """One line a run, then the figures of each environment."""
    if not runs:
        return ["no runs yet"]
    lines = [
        f"{run.started:%Y-%m-%d %H:%M}  {run.env:<10}  {run.kind:<8}  exit {int(run.exit_code)}  "
        f"{run.seconds:6.1f} s  {run.ending.splitlines()[0] if run.ending else ''}"
        for run in runs
    ]
    return lines + [line for one in found for line in ("", *_figures(one))]


def _figures(one: EnvFigures) -> Iterator[str]:
    """The last 90 days of an environment, each figure beside its target."""
    yield f"{one.env}, the last 90 days: {one.deployments} deployments, {one.gone} GO, {one.stopped} stopped untouched"
    if one.failed_share is not None:
        share = f"{one.failed} of {one.deployments - one.stopped} ({one.failed_said})"
        verdict = "kept" if one.failed_met else "missed"
        yield _figure("failed after a change", share, f"{100 * TARGETS['failed']:.0f} %", verdict)
    for name, figure in (("downtime", one.downtime), ("healthy again", one.recovery), ("proven back", one.rollback)):
        if figure.median is not None:
            said = f"median {figure.median:.1f} s, worst {figure.worst:.1f} s of {figure.count}"
            yield _figure(name, said, f"{figure.target:.0f} s", figure.verdict)
    for name, checks in (("red most often", one.red), ("waived most often", one.waived)):
        if checks:
            yield f"  {name:<23} {', '.join(f'{red.code} ({red.times})' for red in checks[:5])}"


def _figure(name: str, said: str, target: str, verdict: str) -> str:
    return f"  {name:<23} {said:<34} target {target}: {verdict}"
