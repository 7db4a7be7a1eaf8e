"""Whether a release that its checks turned back is to blame: what it stood on may have failed under it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from gonogo.errors import GonogoError
from gonogo.host.disk import full, says_full
from gonogo.inspection import things
from gonogo.records.results import CheckResult
from gonogo.run.course import Course
from gonogo.run.work import Work
from gonogo.words import Outcome

__all__ = ["excuse", "is_its_fault", "restarted"]


def is_its_fault(course: Course) -> bool:
    """Whether its checks turned a release back; one whose runtime or disk failed under it may be as good as any."""
    checks = course.asked.checks if course.asked is not None else ()
    blind = any(check.outcome is Outcome.INCONCLUSIVE and things.RUNTIME in check.needs for check in checks)
    return not blind and not course.excuse and any(cause.outcome is Outcome.FAILED for cause in course.causes)


def restarted(work: Work, since: str) -> bool:
    """Whether the runtime was restarted since then, and took with it what it ran; False where that is not known."""
    now = work.runtime.epoch(work.place) if since else ""
    return bool(now) and now != since


def excuse(work: Work, course: Course) -> str:
    """What failed under a release before its red verdict, in words; empty when nothing is known to have failed.

    To be asked at the moment of the verdict: what comes after it may free the disk, or end the runtime.
    """
    if restarted(work, course.epoch):
        return f"{work.runtime.ground} was restarted meanwhile"
    if work.runtime.lost(work.place, course.reason):
        return f"{work.runtime.ground} went away meanwhile"
    if _is_replaced(course):
        return "what ran was not what had been started"
    try:
        found = full(work.runtime.disks(work.place, work.release))
    except GonogoError:
        found = []
    said = says_full(_words(course))
    return "; ".join([*found, *([f'something said "{said}"'] if said else [])])


def _is_replaced(course: Course) -> bool:
    """Whether what ran was not what had been started: somebody else was at it after the start, which made sure."""
    checks = course.asked.checks if course.asked is not None else ()
    return any(check.says_which and check.outcome is Outcome.FAILED for check in checks)


def _words(course: Course) -> Iterator[str]:
    """Everything that was said of what went wrong: commands, checks that did not pass, and their evidence."""
    yield course.reason
    asked = course.asked.checks if course.asked is not None else ()
    for check in (*course.causes, *asked):
        if check.outcome not in {Outcome.PASSED, Outcome.SKIPPED}:
            yield from _of_check(check)


def _of_check(check: CheckResult) -> Iterator[str]:
    yield from (check.found, check.details)
    for piece in check.evidence:
        if piece.kind != "image":
            yield piece.value if isinstance(piece.value, str) else json.dumps(piece.value, ensure_ascii=False)
