"""What the team's waivers do to red checks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from gonogo.records.results import CheckResult, GateResult, WaiverUse
from gonogo.words import Outcome, Role, WaiverDid

__all__ = ["applied", "base_code", "is_in_force", "of_run", "used"]

_MATTERED = frozenset({WaiverDid.COVERED, WaiverDid.ENDED, WaiverDid.TOO_LITTLE})
"""Something was red."""


def base_code(code: str | None) -> str:
    """``D09`` of ``D09[GET /login]``; empty for a check without a code."""
    return (code or "").partition("[")[0]


def is_in_force(until: date, *, today: date) -> bool:
    """Whether a waiver covers on this day (in UTC): up to its last day, that one included."""
    return today <= until


def applied(check: CheckResult, waivers: Sequence[WaiverUse], *, today: date) -> CheckResult:
    """The verdict with the waiver that names the check: what failed is a warning while the waiver is in force.

    A check that could not be found out is not covered, and one whose waiver has ended blocks again; both say so.
    """
    may = check.blocks and not check.never_waived
    waiver = next((one for one in _exact_first(waivers) if _names(one, check.code)), None) if may else None
    if waiver is None:
        return check
    term = f"until {waiver.until} by {waiver.owner}"
    if not is_in_force(waiver.until, today=today):
        did, found = WaiverDid.ENDED, f"its waiver ended on {waiver.until} ({waiver.owner}): {check.found}"
    elif check.outcome is Outcome.INCONCLUSIVE:
        did, found = WaiverDid.TOO_LITTLE, f"{check.found} (waived {term}, which covers a failure only)"
    else:
        did, found = WaiverDid.COVERED, f"waived {term}: {waiver.reason}; {check.found}"
    changed = {"found": found, "waiver": waiver.model_copy(update={"did": did})}
    if did is WaiverDid.COVERED:
        changed |= {"outcome": Outcome.WARNED, "excused": True}
    return check.model_copy(update=changed)


def used(waivers: Iterable[WaiverUse], checks: Sequence[CheckResult], *, whole: bool = True) -> tuple[WaiverUse, ...]:
    """What each waiver did in a gate with these checks; those of other stages' checks are left out.

    Of a gate that is not ``whole`` nobody can say that a check is missing.
    """
    asked = {base_code(check.code) for check in checks}
    found = []
    for waiver in waivers:
        mine = [_did(waiver, check) for check in checks if _names(waiver, check.code)]
        if mine or (whole and base_code(waiver.check) in asked):
            found.append(waiver.model_copy(update={"did": _first(mine or [WaiverDid.NO_CHECK])}))
    return tuple(found)


def of_run(waivers: Iterable[WaiverUse], gates: Sequence[GateResult], *, whole: bool) -> tuple[WaiverUse, ...]:
    """What each waiver did in a run; of those that only a release gone back to has, the ones that mattered.

    The baseline speaks where no other gate does. ``whole``: every stage was asked, so that a check that nobody saw does
    not exist.
    """
    others = [one for gate in gates for one in gate.waivers if one.did in _MATTERED]
    found = []
    for waiver in dict.fromkeys(_bare(one) for one in (*waivers, *others)):
        told = [(gate.role, one.did) for gate in gates for one in gate.waivers if _bare(one) == waiver]
        dids = [did for role, did in told if role is not Role.BASELINE] or [did for _, did in told]
        unseen = WaiverDid.NO_CHECK if whole else WaiverDid.NOT_ASKED
        found.append(waiver.model_copy(update={"did": _first(dids or [unseen])}))
    return tuple(found)


def _bare(waiver: WaiverUse) -> WaiverUse:
    return waiver.model_copy(update={"did": WaiverDid.NOT_ASKED})


def _exact_first(waivers: Iterable[WaiverUse]) -> list[WaiverUse]:
    """One case's own waiver counts before that of all cases."""
    return sorted(waivers, key=lambda one: "[" not in one.check)


def _names(waiver: WaiverUse, code: str | None) -> bool:
    """Whether it names the check; pytest writes what is no ASCII in a case's name with escapes."""
    name = waiver.check
    return code is not None and (name == base_code(code) or code in {name, name.encode("unicode_escape").decode()})


def _did(waiver: WaiverUse, check: CheckResult) -> WaiverDid:
    if check.waiver is not None and check.waiver.check == waiver.check:
        return check.waiver.did
    return WaiverDid.NOT_ASKED if check.outcome is Outcome.SKIPPED else WaiverDid.NOT_NEEDED


def _first(dids: Iterable[WaiverDid]) -> WaiverDid:
    return min(dids, key=list(WaiverDid).index)
