"""Which checks of a run are red, which warn, and what the operator was told before."""

from __future__ import annotations

from collections.abc import Iterable

from gonogo.records.findings import Finding, findings, is_deferred, once_each
from gonogo.records.results import CheckResult, GateResult, WaiverUse
from gonogo.records.run_results import RunResult
from gonogo.words import Exit, Outcome, Role, WaiverDid

__all__ = [
    "as_before",
    "gates_of",
    "needless",
    "red_checks",
    "red_findings",
    "run_as_before",
    "run_warnings",
    "waived_checks",
    "warnings_of",
]

_BY_HAND = frozenset({"rollback", "restart"})
"""Runs about a release that was kept; deployments go back to one."""


def red_checks(run: RunResult) -> tuple[CheckResult, ...]:
    """The checks that made the run end so, then those that the release gone back to does not pass."""
    own, back = red_findings(run)
    return tuple(check for finding in (*own, *back) for check in (finding.check, *finding.red))


def red_findings(run: RunResult) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Why the run ended so, by causes; then what is red in the release that it went back to, if that is something else.

    The two were asked of two releases, so that none of them is the cause of the other.
    """
    if run.exit_code is Exit.GO:
        return (), ()
    own = run.causes or next(
        (gate.blocking for gate in reversed(gates_of(run)) if gate.blocking and _is_own(gate, run)), ()
    )
    own = tuple({(check.id, check.found): check for check in own}.values())
    unproven = run.verified is not None and run.exit_code is Exit.NEEDS_HUMAN
    back = run.verified.blocking if run.verified is not None and unproven else ()
    seen = {(check.id, check.found) for check in own}
    others = tuple(check for check in back if (check.id, check.found) not in seen)
    asked = [check for gate in gates_of(run) if gate.role is not Role.ROLLBACK for check in gate.checks]
    after = run.verified.checks if run.verified is not None else ()
    return _findings(own, asked), _findings(others, after)


def _findings(red: tuple[CheckResult, ...], asked: Iterable[CheckResult]) -> tuple[Finding, ...]:
    """The causes of red checks, with what could not be asked for them."""
    return findings((*red, *{check.id: check for check in asked if is_deferred(check)}.values()))


def _is_own(gate: GateResult, run: RunResult) -> bool:
    """Whether the gate is about what the run brings, not about the release that it went back to."""
    return gate.role is not Role.ROLLBACK or run.kind in _BY_HAND


def warnings_of(gate: GateResult) -> tuple[CheckResult, ...]:
    """What the operator should read although it does not block."""
    heard = {Outcome.WARNED, Outcome.FAILED, Outcome.INCONCLUSIVE}
    return once_each(check for check in gate.checks if check.outcome in heard and not check.blocks)


def run_warnings(run: RunResult) -> tuple[CheckResult, ...]:
    """The warnings of all gates about the candidate, each once; what is red and does not count comes first."""
    found = {check.id: check for gate in gates_of(run) for check in warnings_of(gate)}
    return tuple(sorted(found.values(), key=lambda check: not check.excused))


def as_before(gates: Iterable[GateResult]) -> list[tuple[str, str]]:
    """What gates advise and the release that serves was told already: the check's code, and the words, each once."""
    listed = ((check.code or check.id, line) for gate in gates for check in gate.checks for line in check.as_before)
    return list({line: (name, line) for name, line in listed}.values())


def run_as_before(run: RunResult) -> list[tuple[str, str]]:
    """The same of all gates about the candidate."""
    return as_before(gates_of(run))


def waived_checks(run: RunResult) -> tuple[CheckResult, ...]:
    """What failed in any gate about a release that the run started, and was waived."""
    return tuple(check for gate in gates_of(run) for check in gate.checks if check.waived)


def needless(waivers: Iterable[WaiverUse]) -> list[str]:
    """Waivers that cover nothing, a line each: whoever keeps them learns to overlook red."""
    said = {
        WaiverDid.NOT_NEEDED: "was not needed: take it out of gonogo.toml once the check stays green",
        WaiverDid.NO_CHECK: "names no check that was asked: correct it in gonogo.toml, or take it out",
    }
    return [f"{one.check} (until {one.until}, {one.owner}) {said[one.did]}" for one in waivers if one.did in said]


def gates_of(run: RunResult) -> list[GateResult]:
    """The gates about what the run brings, and about what it went back to."""
    return [step.gate for step in run.steps if step.gate is not None and step.gate.role is not Role.BASELINE]
