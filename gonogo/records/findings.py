"""Red checks by their causes: one finding for each, the check whose remedy mends it first. Pure.

A check says what it found broken (``breaks``) and what its own red comes from (``needs``), as names that mean the same
everywhere: ``service web``, ``address 127.0.0.1:8080``. What says neither stands for itself: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gonogo.words import Outcome

if TYPE_CHECKING:
    from gonogo.records.results import CheckResult

__all__ = ["Finding", "causes_first", "findings", "follows", "is_deferred", "once_each", "with_causes"]


_SHARED = ("address ", "name ", "the runtime")
"""What is one cause for whoever meets it, although no check looks at it alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One cause."""

    check: CheckResult
    """Who found it, with the remedy that mends it."""
    red: tuple[CheckResult, ...] = ()
    """Red for the same cause."""
    unasked: tuple[CheckResult, ...] = ()
    """What could not be asked for the same cause."""


def is_deferred(check: CheckResult) -> bool:
    """Whether it was not asked for a cause that another check names."""
    return check.outcome is Outcome.SKIPPED and bool(check.needs)


def follows(checks: Iterable[CheckResult]) -> dict[str, CheckResult]:
    """Id of each check that is red, or was not asked, for another one's cause → that other one."""
    listed = list(checks)
    known = _Known.of(check for check in listed if check.blocks)
    heads = {one.id: head for one in listed if (one.blocks or is_deferred(one)) and (head := known.head_of(one))}
    return {check.id: top for check in listed if (top := _top(check, heads)) is not None}


def _top(check: CheckResult, heads: Mapping[str, CheckResult]) -> CheckResult | None:
    """The end of a chain of causes."""
    head = heads.get(check.id)
    while head is not None and head.id in heads:
        head = heads[head.id]
    return head


def findings(checks: Iterable[CheckResult]) -> tuple[Finding, ...]:
    """The causes of one gate's red checks, in the order of the checks that found them."""
    listed = list(checks)
    behind = follows(listed)
    below: dict[str, list[CheckResult]] = {}
    for check in listed:
        if check.id in behind:
            below.setdefault(behind[check.id].id, []).append(check)
    return tuple(
        Finding(
            check=head,
            red=tuple(one for one in below.get(head.id, ()) if one.blocks),
            unasked=tuple(one for one in below.get(head.id, ()) if is_deferred(one)),
        )
        for head in listed
        if head.blocks and head.id not in behind
    )


def causes_first(checks: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    """The same checks, those that are red for another one's cause last."""
    behind = follows(checks)
    return tuple(sorted(checks, key=lambda check: check.id in behind))


def once_each(checks: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """Warnings, one for each cause: what a check says alike of several things names them all, ``B11[web, worker]``."""
    groups: dict[object, list[CheckResult]] = {}
    for check in checks:
        code, _, about = (check.code or "").partition("[")
        alike = (code, frozenset(check.breaks), check.outcome, check.excused, check.waiver)
        groups.setdefault(alike if check.breaks and about else check.id, []).append(check)
    return tuple(_named_once(group) for group in groups.values())


def _named_once(alike: Sequence[CheckResult]) -> CheckResult:
    """The first of them, under the names of all."""
    if len(alike) == 1:
        return alike[0]
    code = (alike[0].code or "").partition("[")[0]
    about = (check.code.partition("[")[2].removesuffix("]") for check in alike if check.code)
    return alike[0].model_copy(update={"code": f"{code}[{', '.join(about)}]"})


def with_causes(checks: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    """The checks of a whole gate: one that lacked what it looks at was not asked, where another names that cause.

    Where nobody does, nothing is known of what it asks, and that is red.
    """
    broken = {thing for check in checks if check.blocks and not check.lacking for thing in check.breaks}
    return tuple(_with_cause(check, broken) for check in checks)


def _with_cause(check: CheckResult, broken: set[str]) -> CheckResult:
    if not check.lacking or check.outcome in {Outcome.PASSED, Outcome.WARNED}:
        return check
    explained = broken.issuperset(check.needs)
    if explained and check.blocks:
        return check.model_copy(update={"outcome": Outcome.SKIPPED, "found": f"not asked: {check.found}"})
    if not explained and is_deferred(check):
        found = check.found.removeprefix("not asked: ")
        return check.model_copy(update={"outcome": Outcome.INCONCLUSIVE, "found": found})
    return check


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Who found what broken, and who needs the very same: each in the order of their codes."""

    breakers: Mapping[str, Sequence[CheckResult]]
    alike: Mapping[frozenset[str], CheckResult]

    @classmethod
    def of(cls, red: Iterable[CheckResult]) -> _Known:
        breakers: dict[str, list[CheckResult]] = {}
        alike: dict[frozenset[str], CheckResult] = {}
        for check in sorted(red, key=_place):
            for thing in check.breaks:
                breakers.setdefault(thing, []).append(check)
            alike.setdefault(frozenset(check.needs), check)
        return cls(breakers=breakers, alike=alike)

    def head_of(self, check: CheckResult) -> CheckResult | None:
        """The first check that found broken what this one needs, all of it; else the first that needs the very same.

        One that found something broken itself follows only those before it, so that no two follow each other.
        """
        found = [self._breaker(check, thing) for thing in check.needs]
        if found and all(found):
            return min((one for one in found if one is not None), key=_place)
        if check.breaks or not check.needs or not all(thing.startswith(_SHARED) for thing in check.needs):
            return None
        first = self.alike.get(frozenset(check.needs))
        return first if first is not None and _place(first) < _place(check) else None

    def _breaker(self, check: CheckResult, thing: str) -> CheckResult | None:
        others = (one for one in self.breakers.get(thing, ()) if one.id != check.id)
        return next((one for one in others if not check.breaks or _place(one) < _place(check)), None)


def _place(check: CheckResult) -> tuple[str, str]:
    return check.code or "~", check.id
