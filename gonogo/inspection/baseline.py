"""Whether the release that serves is healthy, as its own checks said before anything was touched."""

from __future__ import annotations

from gonogo.records.results import CheckResult, GateResult
from gonogo.words import Outcome

__all__ = ["named", "red", "unknown"]


def red(gate: GateResult) -> tuple[CheckResult, ...]:
    """The blockers that failed: the serving release answers wrongly."""
    return tuple(check for check in gate.blocking if check.outcome is Outcome.FAILED)


def unknown(gate: GateResult) -> str:
    """Why the baseline says nothing for certain; empty when it does."""
    if gate.problem:
        return gate.problem
    lost = [check for check in gate.blocking if check.outcome is Outcome.INCONCLUSIVE]
    if lost:
        return named(lost)
    return "" if gate.asked else "no check was asked"


def named(checks: tuple[CheckResult, ...] | list[CheckResult]) -> str:
    """``D06 (connection refused), D09[GET /] (found 500)``."""
    return ", ".join(
        f"{check.code or check.id} ({check.found.splitlines()[0] if check.found else 'red'})" for check in checks
    )
