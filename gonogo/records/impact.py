"""How bad it was, or is, for whoever uses the environment: decided here, from what is red. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from gonogo.records.ending import Kind
from gonogo.records.results import CheckResult, GateResult
from gonogo.records.run_results import RunResult
from gonogo.words import Impact, OnRed, Outcome, Role, Severity

__all__ = ["impact_of", "impact_said"]

_UNKNOWN = frozenset({Kind.NOT_BACK, Kind.LOST})
"""After which nobody knows that anything serves."""
_UNTOUCHED = frozenset({Kind.HELD_BEFORE, Kind.NEVER_STOPPED})
"""What served before did so all the time."""
_OVER = frozenset({Kind.REVERTED, Kind.STOPPED})
_SEVERAL = 2


def impact_of(run: RunResult) -> Impact | None:
    """The worst of what is red in what serves, or served in the run; None where nobody noticed anything.

    Where nothing was touched that is what no release may fail and the one that serves does; a release that could not be
    started answered nobody.
    """
    if run.ended.kind in _UNKNOWN or (run.touched and any(step.replaces and not step.ok for step in run.steps)):
        return Impact.SEV1
    was_asked = [*run.causes, *_excused(run)] if run.touched and run.ended.kind not in _UNTOUCHED else _before(run)
    return _worst([*was_asked, *(run.verified.blocking if run.verified is not None else ())])


def impact_said(run: RunResult) -> str:
    """The same in words, and whether it is over; nothing where there is none."""
    impact = run.ended.impact
    return f"{impact} ({impact.said}){', over' if run.ended.kind in _OVER else ''}" if impact is not None else ""


def _excused(run: RunResult) -> Iterable[CheckResult]:
    """What is red in the last gate of the release that came, and does not turn it back."""
    gates = [step.gate for step in run.steps if step.gate is not None and step.after_touch]
    last: GateResult | None = next((gate for gate in reversed(gates) if gate.role is Role.CANDIDATE), None)
    return (check for check in last.checks if check.excused and not check.limited) if last is not None else ()


def _before(run: RunResult) -> Iterable[CheckResult]:
    """What the baseline failed of it; a page that only the new release has is none of that."""
    asked = (step.gate for step in run.steps if step.gate is not None and step.gate.role is Role.BASELINE)
    failed = (check for gate in asked for check in gate.blocking if check.outcome is Outcome.FAILED)
    return (check for check in failed if check.never_excused)


def _worst(checks: Iterable[CheckResult]) -> Impact | None:
    return min((_of(check) for check in checks), default=None)


def _of(check: CheckResult) -> Impact:
    """What a red check means by itself; what could not be found out is one grade less."""
    if check.severity is Severity.ADVISORY or check.on_red is OnRed.WARN or check.waived:
        return Impact.SEV3
    down = sum(thing.startswith("service ") for thing in check.breaks) >= _SEVERAL
    impact = Impact.SEV1 if down else check.impact
    if check.outcome is Outcome.INCONCLUSIVE:
        return Impact.SEV2 if impact is Impact.SEV1 else Impact.SEV3
    return impact
