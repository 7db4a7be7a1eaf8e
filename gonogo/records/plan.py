"""What ``gonogo plan`` found, and how it is printed for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from gonogo.records.results import GateResult
from gonogo.records.terminal import gate_lines
from gonogo.words import Exit

__all__ = ["Plan", "PlannedStep", "plan_lines"]

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
