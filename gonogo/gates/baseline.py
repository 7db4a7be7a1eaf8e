"""Whether the release that serves is healthy, as its own checks said before anything was touched."""

from __future__ import annotations

from collections import Counter

from gonogo.records.findings import follows
from gonogo.records.results import CheckResult, GateResult
from gonogo.words import Outcome

__all__ = ["BUILT_IN", "came_with_gonogo", "fresh", "is_known", "known_before", "named", "red", "unknown"]


BUILT_IN = "built-in:"
"""How the fingerprint of a built-in check begins."""


def known_before(baseline: GateResult | None, pinned: GateResult | None, *, anew: bool) -> GateResult | None:
    """What the serving release was asked when it went GO; of one that is judged ``anew``, what holds for anything.

    An application that was started by hand was never asked the checks that another commit's configuration has.
    """
    if not anew or baseline is None:
        return pinned
    checks = tuple(check for check in baseline.checks if check.never_excused)
    return baseline.model_copy(update={"checks": checks})


def is_known(check: CheckResult, pinned: GateResult | None) -> bool:
    """Whether the serving release was asked this very check when it went GO.

    A new or changed check (its source, or its configured thing) was written for the release that comes; the serving
    one need not pass it. Without a record of that gate, every check counts as known.
    """
    if pinned is None:
        return True
    return any(check.id == known.id and _is_same(check.fingerprint, known.fingerprint) for known in pinned.checks)


def came_with_gonogo(check: CheckResult, pinned: GateResult | None) -> bool:
    """Whether a built-in check is new because gonogo is: the release has no part in what it finds red before as well.

    A gate that was really asked knew no check of this function, not even as one that has nothing to ask.
    """
    if pinned is None or not pinned.asked or not check.fingerprint.startswith(BUILT_IN):
        return False
    return _function(check) not in {_function(known) for known in pinned.checks}


def _function(check: CheckResult) -> str:
    return check.id.partition("[")[0]


def _is_same(now: str, then: str) -> bool:
    """A gate of an older gonogo noted the source of built-in checks too, which another gonogo has otherwise."""
    return now == then or (now.startswith(BUILT_IN) and not then.startswith(BUILT_IN))


def red(gate: GateResult, *, pinned: GateResult | None = None) -> tuple[CheckResult, ...]:
    """The known blockers that failed: the serving release answers wrongly."""
    return tuple(check for check in gate.blocking if check.outcome is Outcome.FAILED and is_known(check, pinned))


def fresh(gate: GateResult, *, pinned: GateResult | None = None) -> tuple[CheckResult, ...]:
    """Red blockers that are new or changed; they count for the release that comes."""
    return tuple(check for check in gate.blocking if not is_known(check, pinned))


def unknown(gate: GateResult, *, pinned: GateResult | None = None) -> str:
    """Why the baseline says nothing for certain; empty when it does."""
    if gate.problem:
        return gate.problem
    lost = [c for c in gate.blocking if c.outcome is Outcome.INCONCLUSIVE and is_known(c, pinned)]
    if lost:
        return named(lost)
    return "" if gate.asked else "no check was asked"


def named(checks: tuple[CheckResult, ...] | list[CheckResult]) -> str:
    """``D01 (web-1 exited; and 3 more for the same cause), D09[GET /] (found 500)``."""
    behind = follows(checks)
    more = Counter(head.id for head in behind.values())
    return ", ".join(_named(check, more[check.id]) for check in checks if check.id not in behind)


def _named(check: CheckResult, more: int) -> str:
    found = check.found.splitlines()[0] if check.found else "red"
    same = f"; and {more} more for the same cause" if more else ""
    return f"{check.code or check.id} ({found}{same})"
