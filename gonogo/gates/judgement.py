"""What a gate's results mean after the first touch: go on, go back, or hold for a person. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from gonogo.config.builtin import refusing
from gonogo.errors import RefusedError
from gonogo.gates.baseline import came_with_gonogo, is_known
from gonogo.gates.waived import used
from gonogo.records.findings import causes_first, findings, is_deferred, with_causes
from gonogo.records.results import CheckResult, GateResult
from gonogo.words import Exit, OnRed, Outcome

__all__ = [
    "Consequence",
    "Judgement",
    "as_before",
    "counted",
    "judge",
    "of_attempts",
    "refusal",
    "undecided",
    "with_checks",
    "without_tls",
]


class Consequence(StrEnum):
    """What follows from a gate."""

    GO = "go"
    ROLLBACK = "rollback"
    HOLD = "hold"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The action, the checks that caused it, and those that are red and cause nothing."""

    action: Consequence
    causes: tuple[CheckResult, ...] = ()
    excused: tuple[CheckResult, ...] = ()
    """As warnings, which say why they do not count."""
    reason: str = ""


def judge(gate: GateResult, *, baseline: GateResult | None, pinned: GateResult | None = None) -> Judgement:
    """Weighs the red blockers of a post-deploy gate.

    Args:
        gate: what the checks say of the new release.
        baseline: what the same checks said of the serving release, before the first touch.
        pinned: the serving release's own gate when it went GO; a check that it was not asked is new or changed.
    """
    if gate.problem or not gate.asked:
        return Judgement(action=Consequence.ROLLBACK, reason=gate.problem or "nothing was checked")
    before = {check.id: check for check in baseline.checks} if baseline is not None else {}
    excused: list[CheckResult] = []
    back: list[CheckResult] = []
    held: list[CheckResult] = []
    shaky: list[CheckResult] = []
    for check in gate.blocking:
        asked = is_known(check, pinned) or came_with_gonogo(check, pinned)
        prior = before.get(check.id) if asked and not check.never_excused else None
        if prior is not None and _was_as_red(check, prior):
            excused.append(_warning(check, _before(prior)))
        elif check.on_red is OnRed.WARN:
            excused.append(_warning(check, f"is red and only warns{f' until {check.until}' if check.until else ''}"))
        elif check.on_red is OnRed.HOLD or check.limited or _is_open(check, gate):
            held.append(check)
        elif prior is not None and prior.unstable:
            shaky.append(check)
        else:
            back.append(check)
    action = Consequence.ROLLBACK if back else Consequence.HOLD if held or shaky else Consequence.GO
    causes = causes_first([*back, *shaky] if back else [*held, *shaky])
    return Judgement(action=action, causes=causes, excused=tuple(excused), reason=_reason(causes, shaky))


def counted(gate: GateResult, judgement: Judgement) -> GateResult:
    """The gate as the record shows it: what does not count is a warning, not a red check."""
    softened = {check.id: check for check in judgement.excused}
    return with_checks(gate, tuple(softened.get(check.id, check) for check in gate.checks))


def as_before(gate: GateResult, before: Sequence[GateResult]) -> GateResult:
    """The gate of a release that is back: what failed in it before already, and was known to, is a warning.

    A waiver that covered it then was somebody's word, so that the end of its term makes no news of it, D01 to D06
    included; without one those must pass.
    """
    known = {check.id: check for earlier in before for check in earlier.checks if check.blocks}
    waived = {check.id for earlier in before for check in earlier.checks if check.waived}
    excused = [
        _warning(check, "was red before too")
        for check in gate.blocking
        if check.outcome is Outcome.FAILED and (check.id in waived or (check.id in known and not check.never_excused))
    ]
    return counted(gate, Judgement(action=Consequence.GO, excused=tuple(excused)))


def of_attempts(attempts: Sequence[GateResult], *, of: int) -> GateResult:
    """The first gate, with each red check replaced by the verdict of ``k of n`` asks (k: more than half of n).

    A check that was not red often enough becomes a warning that says so.
    """
    first = attempts[0]
    checks = [
        _of_attempts(check, [found for gate in attempts[1:] for found in gate.checks if found.id == check.id], of=of)
        for check in first.checks
    ]
    seconds = sum(gate.seconds for gate in attempts)
    return _within_limits(with_checks(first, with_causes(checks))).model_copy(update={"seconds": seconds})


def _of_attempts(check: CheckResult, again: Sequence[CheckResult], *, of: int) -> CheckResult:
    """One check's verdict; an ask that met a limit on requests says nothing beside one that was answered."""
    if not again or not (check.blocks or is_deferred(check)):
        return check
    if is_deferred(check) and not again[-1].blocks:
        return again[-1]
    every = (check, *again)
    told = [found for found in every if not found.limited] or every
    reds = [found for found in told if _counts(found)]
    if not reds:
        return told[-1]
    if len(reds) > (of if len(told) == len(every) else len(told)) // 2:
        return _as_most([found for found in reds if found.blocks] or [check])
    if waived := [found for found in again if found.waived]:
        return waived[-1]
    word = "red" if check.outcome is Outcome.FAILED else "could not be found out"
    said = f"unstable: {word} {len(reds)} of {len(again) + 1} times ({check.found})"
    return check.model_copy(update={"outcome": Outcome.WARNED, "found": said, "unstable": True})


def _within_limits(gate: GateResult) -> GateResult:
    """What only a limit on requests kept from being found out is a warning where the release otherwise answers."""
    if not _answered_well(gate):
        return gate
    softened = tuple(
        check.model_copy(
            update={"outcome": Outcome.WARNED, "found": f"not asked to the end: {check.found}", "excused": True}
        )
        if check.blocks and check.limited
        else check
        for check in gate.checks
    )
    return with_checks(gate, softened)


def _is_open(check: CheckResult, gate: GateResult) -> bool:
    """Whether it could not be found out, of a release that was seen to answer."""
    return check.outcome is Outcome.INCONCLUSIVE and _answered_well(gate)


def refusal(error: BaseException, *, env: str) -> tuple[CheckResult, ...]:
    """The red check that a refusal before the first touch is an answer of; nothing for one that has no code."""
    known = refusing(error.refuses) if isinstance(error, RefusedError) and error.refuses else None
    if known is None:
        return ()
    red = CheckResult(
        id=f"gonogo/{known.stage}/{known.code}",
        code=known.code,
        proves=f"{known.proves}.",
        stage=known.stage,
        outcome=Outcome.FAILED,
        found=str(error),
        remedy=known.remedy.replace("{env}", env),
    )
    return (red,)


def without_tls(result: GateResult, url: str) -> GateResult:
    """A gate's result as if it had asked for the same pages of a URL's host without TLS; as it is where it did."""
    if urlsplit(url).scheme != "https":
        return result
    plain = urlsplit(url)._replace(scheme="http", path="", query="", fragment="").geturl()
    public = re.escape(f"https{plain[4:]}")
    return GateResult.model_validate_json(re.sub(rf"{public}(?![\w.:-])", plain, result.model_dump_json()))


def with_checks(gate: GateResult, checks: tuple[CheckResult, ...]) -> GateResult:
    """The gate with other verdicts; an exit status that only told of a red check follows them."""
    changed = gate.model_copy(update={"checks": checks, "waivers": used(gate.waivers, checks)})
    green = gate.exitstatus == Exit.NO_GO and gate.blocking and not changed.blocking and not changed.problem
    return changed.model_copy(update={"exitstatus": int(Exit.GO)}) if green else changed


def _as_most(reds: Sequence[CheckResult]) -> CheckResult:
    """The last of the more frequent kind of red: a wrong answer, unless most asks could not find out."""
    failed = [check for check in reds if check.outcome is Outcome.FAILED]
    unknown = [check for check in reds if check.outcome is not Outcome.FAILED]
    return (failed if len(failed) >= len(unknown) else unknown)[-1]


def undecided(attempts: Sequence[GateResult], *, of: int) -> tuple[str, ...]:
    """Ids of checks that more asks could still decide, and of those that wait for what these find."""
    need = of // 2 + 1
    open_ids = []
    for check in (*attempts[0].blocking, *filter(is_deferred, attempts[0].checks)):
        asked = [check, *(found for gate in attempts[1:] for found in gate.checks if found.id == check.id)]
        reds = sum(map(_counts, asked))
        if check.seen_once or (is_deferred(check) and not _counts(asked[-1])):
            continue
        if reds < need and (of - len(asked)) + reds >= need and len(asked) < of:
            open_ids.append(check.id)
    return tuple(open_ids)


def _counts(check: CheckResult) -> bool:
    """Whether an ask counts as red; one that finds nothing to ask any more does not clear a check that was red."""
    return check.blocks or check.outcome is Outcome.SKIPPED


def _was_as_red(check: CheckResult, prior: CheckResult) -> bool:
    """Red before already; what could not be found out then does not excuse what is seen to be wrong now.

    A waiver covers what failed, then as now; what it covered then does not excuse what cannot be found out now.
    """
    if prior.waived:
        return check.outcome is Outcome.FAILED
    return prior.blocks and (prior.outcome is Outcome.FAILED or check.outcome is Outcome.INCONCLUSIVE)


def _before(prior: CheckResult) -> str:
    """What was known of it before the release."""
    if prior.outcome is Outcome.INCONCLUSIVE:
        return "could not be found out before this release either, so it does not turn it back"
    return "was red before this release too, so it does not turn it back"


def _warning(check: CheckResult, why: str) -> CheckResult:
    known = "" if check.outcome is Outcome.FAILED or why.startswith("could not") else " (could not be found out)"
    found = f"{why}{known}: {check.found}"
    return check.model_copy(update={"outcome": Outcome.WARNED, "found": found, "excused": True})


def _answered_well(gate: GateResult) -> bool:
    """Whether the instances' own health, liveness or any endpoint was seen to be good in this very gate."""
    return any(check.says_alive and check.outcome is Outcome.PASSED for check in gate.checks)


def _name(check: CheckResult) -> str:
    return check.code or check.id


def _reason(causes: Sequence[CheckResult], shaky: Sequence[CheckResult]) -> str:
    if not causes:
        return ""
    unstable = ", and was unstable before this release" if causes[0] in shaky else ""
    word = "could not be found out" if causes[0].outcome is Outcome.INCONCLUSIVE else "is red"
    return f"{_name(causes[0])} {word}{unstable}: {causes[0].found}{_others(causes)}"


def _others(causes: Sequence[CheckResult]) -> str:
    """How many more are red: for the same cause, and for others."""
    found = findings(causes)
    same, rest = len(found[0].red) if found else 0, len(causes) - 1
    if same and same == rest:
        return f" (and {same} more for the same cause)"
    return f" (and {rest} more)" if rest else ""
