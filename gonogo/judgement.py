"""What a gate's results mean after the first touch: go on, go back, or hold for a person. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gonogo.inspection.baseline import is_known
from gonogo.records.results import CheckResult, GateResult
from gonogo.words import OnRed, Outcome

__all__ = ["NEVER_EXCUSED", "SEEN_ONCE", "Action", "Judgement", "judge", "settle", "undecided"]

NEVER_EXCUSED = frozenset({"D01", "D02", "D03", "D04", "D05", "D06"})
"""Checks of what runs; a new release is not excused because the old one failed them too."""

SEEN_ONCE = frozenset({"D03"})
"""Observations over time: an instance that was seen to die has died, whatever stands there a moment later."""


class Action(StrEnum):
    """What follows from a gate."""

    GO = "go"
    ROLLBACK = "rollback"
    HOLD = "hold"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The action, the checks that caused it, and what the operator should know besides."""

    action: Action
    causes: tuple[CheckResult, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""


def judge(gate: GateResult, *, baseline: GateResult | None, pinned: GateResult | None = None) -> Judgement:
    """Weigh the red blockers of a post-deploy gate.

    Args:
        gate: what the checks say of the new release.
        baseline: what the same checks said of the serving release, before the first touch.
        pinned: the serving release's own gate when it went GO; a check that it was not asked is new or changed.
    """
    if gate.problem or not gate.asked:
        return Judgement(action=Action.ROLLBACK, reason=gate.problem or "nothing was checked")
    before = {check.id: check for check in baseline.checks} if baseline is not None else {}
    notes: list[str] = []
    back: list[CheckResult] = []
    held: list[CheckResult] = []
    for check in gate.blocking:
        if _was_red(check, before) and is_known(check, pinned):
            notes.append(f"{_name(check)} was red before this release too and does not turn it back: {check.found}")
        elif check.on_red is OnRed.WARN:
            notes.append(f"{_name(check)} is red and only warns: {check.found}")
        elif check.on_red is OnRed.HOLD or (check.outcome is Outcome.INCONCLUSIVE and _answered_well(gate)):
            held.append(check)
        else:
            back.append(check)
    action = Action.ROLLBACK if back else Action.HOLD if held else Action.GO
    causes = tuple(back or held)
    return Judgement(action=action, causes=causes, notes=tuple(notes), reason=_reason(causes))


def settle(attempts: Sequence[GateResult], *, of: int) -> GateResult:
    """The first gate, with each red check replaced by the verdict of ``k of n`` asks (k: more than half of n).

    A check that was not red often enough becomes a warning that says so.
    """
    first = attempts[0]
    need = of // 2 + 1
    checks = []
    for check in first.checks:
        again = [found for gate in attempts[1:] for found in gate.checks if found.id == check.id]
        reds = [found for found in (check, *again) if _counts(found)]
        if not check.blocks or not again:
            checks.append(check)
        elif len(reds) >= need:
            checks.append(next(found for found in reversed(reds) if found.blocks))
        else:
            said = f"unstable: red {len(reds)} of {len(again) + 1} times ({check.found})"
            checks.append(check.model_copy(update={"outcome": Outcome.WARNED, "found": said}))
    seconds = sum(gate.seconds for gate in attempts)
    return first.model_copy(update={"checks": tuple(checks), "seconds": seconds})


def undecided(attempts: Sequence[GateResult], *, of: int) -> tuple[str, ...]:
    """Ids of checks that more asks could still decide."""
    need = of // 2 + 1
    open_ids = []
    for check in attempts[0].blocking:
        asked = [check, *(found for gate in attempts[1:] for found in gate.checks if found.id == check.id)]
        reds = sum(map(_counts, asked))
        if _base(check) in SEEN_ONCE:
            continue
        if reds < need and (of - len(asked)) + reds >= need and len(asked) < of:
            open_ids.append(check.id)
    return tuple(open_ids)


def _counts(check: CheckResult) -> bool:
    """Whether an ask counts as red; one that finds nothing to ask any more does not clear a check that was red."""
    return check.blocks or check.outcome is Outcome.SKIPPED


def _base(check: CheckResult) -> str:
    return (check.code or "").split("[")[0]


def _was_red(check: CheckResult, before: Mapping[str, CheckResult]) -> bool:
    """Red before, and not one of those that are never excused."""
    prior = before.get(check.id)
    return prior is not None and prior.outcome.is_red and _base(check) not in NEVER_EXCUSED


def _answered_well(gate: GateResult) -> bool:
    """Whether liveness or any endpoint was seen to be good in this very gate."""
    good = {(check.code or "").split("[")[0] for check in gate.checks if check.outcome is Outcome.PASSED}
    return bool(good & {"D06", "D07", "D09"})


def _name(check: CheckResult) -> str:
    return check.code or check.id


def _reason(causes: Sequence[CheckResult]) -> str:
    if not causes:
        return ""
    more = f" (and {len(causes) - 1} more)" if len(causes) > 1 else ""
    word = "could not be found out" if causes[0].outcome is Outcome.INCONCLUSIVE else "is red"
    return f"{_name(causes[0])} {word}: {causes[0].found}{more}"
