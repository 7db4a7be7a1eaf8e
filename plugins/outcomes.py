"""What one phase of a check came to: its outcome and message, and how those of several phases are one."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gonogo.errors import GonogoError, OutOfTimeError
from gonogo.inspection import things
from gonogo.plugins.evidence import Collected, InconclusiveError, LackingError, LateError
from gonogo.records.results import CheckResult
from gonogo.runtimes.base import RuntimeUnreachableError
from gonogo.words import Outcome

if TYPE_CHECKING:
    from httpx import Response

__all__ = ["causes_of", "is_late", "last_line", "merged", "outcome_of", "part_name"]

_SAID = ("found", "details")
_WORSE = (Outcome.SKIPPED, Outcome.PASSED, Outcome.WARNED, Outcome.INCONCLUSIVE, Outcome.FAILED)
"""What one phase or subtest of a check was found to be weighs more than what stands before it."""


def part_name(context: Any) -> str:
    """A subtest's name, as pytest shows it."""
    facts = ", ".join(f"{name}={value}" for name, value in context.kwargs.items())
    return " ".join(part for part in (f"[{context.msg}]" if context.msg else "", f"({facts})" if facts else "") if part)


def merged(before: CheckResult, check: CheckResult, *, part: bool) -> CheckResult:
    """One verdict of two phases or subtests of a check: the worse one; of two that are equally bad, both messages.

    A body that ends well says nothing beside its subtests: when all of them skipped, nothing was asked.
    """
    if check.outcome in {Outcome.PASSED, Outcome.SKIPPED} and before.outcome is not check.outcome and not part:
        return before
    if check.outcome is before.outcome and check.found and check.found != before.found:
        said = {"excused": before.excused or check.excused, "evidence": check.evidence}
        said |= {name: "\n".join(filter(None, (getattr(before, name), getattr(check, name)))) for name in _SAID}
        return before.model_copy(update={**said, **_shared(before, check), "waiver": before.waiver or check.waiver})
    kept, other = (check, before) if _WORSE.index(check.outcome) > _WORSE.index(before.outcome) else (before, check)
    return kept.model_copy(update={"evidence": max(kept.evidence, other.evidence, key=len), **_shared(kept, other)})


def _shared(one: CheckResult, other: CheckResult) -> dict[str, Any]:
    """What both parts of a check that are red come from; where one of them names no cause, nobody knows the whole."""
    if not other.outcome.is_red:
        return {}
    needs = sorted({*one.needs, *other.needs}) if one.needs and other.needs else []
    return {
        "breaks": tuple(sorted({*one.breaks, *other.breaks})),
        "needs": tuple(needs),
        "lacking": one.lacking and other.lacking,
    }


def outcome_of(call: pytest.CallInfo[None], report: pytest.TestReport, collected: Collected) -> tuple[Outcome, str]:
    """What pytest's report of a phase says, as a verdict and its message."""
    if report.skipped and hasattr(report, "wasxfail"):
        return Outcome.SKIPPED, f"expected to fail (xfail): {report.wasxfail or 'no reason given'}"
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        return Outcome.SKIPPED, reason.removeprefix("Skipped: ")
    if report.passed:
        return (Outcome.WARNED, "; ".join(collected.warnings)) if collected.warnings else (Outcome.PASSED, "")
    return _failure(call.excinfo.value if call.excinfo else None, report)


def _failure(error: BaseException | None, report: pytest.TestReport) -> tuple[Outcome, str]:
    """Failed: the subject answered wrongly. Inconclusive: we could not find out."""
    if isinstance(error, InconclusiveError | GonogoError):
        return Outcome.INCONCLUSIVE, str(error)
    if isinstance(error, AssertionError | LackingError):
        return Outcome.FAILED, _message(error)
    if error is None:  # pytest's own word: a strict xfail that passed
        return Outcome.FAILED, str(report.longrepr)
    if isinstance(error, pytest.fail.Exception):
        ran_out, unasked = str(error).startswith("Timeout"), str(error).startswith("async def functions are not")
        unknown = ran_out or unasked
        return (Outcome.INCONCLUSIVE if unknown else Outcome.FAILED), f"{'no end: ' if ran_out else ''}{error}"
    if (httpx := sys.modules.get("httpx")) is not None and isinstance(
        error, httpx.TransportError | httpx.TooManyRedirects
    ):
        from gonogo.plugins import transport  # noqa: PLC0415 (60 ms: only where something did not answer)

        return transport.judge(error)
    return (
        Outcome.INCONCLUSIVE,
        f"the check crashed: {type(error).__name__}: {_message(error)} ({_place(error, report)})",
    )


def causes_of(
    call: pytest.CallInfo[None], collected: Collected, redact: Callable[[str], str], *, answer: Response | None = None
) -> dict[str, Any]:
    """What a red check found broken, and what its red comes from: as it said, or as the error tells.

    Where neither does it comes from ``answer``, the error that it got last.
    """
    error = call.excinfo.value if call.excinfo else None
    needed = list(collected.needed)
    if isinstance(error, LackingError):
        needed = [error.needs]
    elif isinstance(error, RuntimeUnreachableError) or isinstance(error and error.__cause__, RuntimeUnreachableError):
        needed = [things.RUNTIME]
    elif (httpx := sys.modules.get("httpx")) is not None and isinstance(
        error, httpx.TransportError | httpx.TooManyRedirects
    ):
        from gonogo.plugins import transport  # noqa: PLC0415 (60 ms: only where something did not answer)

        needed = [*transport.needs(error)]
    elif answer is not None and not needed and not collected.broken:
        from gonogo.plugins import transport  # noqa: PLC0415 (likewise)

        needed = [*transport.needs_of(answer)]
    return {
        "breaks": [redact(thing) for thing in collected.broken],
        "needs": [redact(thing) for thing in needed],
        "lacking": isinstance(error, LackingError),
    }


def is_late(error: BaseException | None) -> bool:
    """Whether a check, or what it asked, ran out of time."""
    if isinstance(error, pytest.fail.Exception):
        return str(error).startswith("Timeout")
    while error is not None and not isinstance(error, LateError | OutOfTimeError):
        error = error.__cause__
    return error is not None


def _place(error: BaseException | None, report: pytest.TestReport) -> str:
    """The line of the check's own file where it crashed, else where the check begins."""
    path, line, _ = report.location
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    own = [frame.lineno for frame in frames if Path(frame.filename).name == Path(path).name]
    return f"{path}:{own[-1] if own else (line or 0) + 1}"


def _message(error: BaseException | None) -> str:
    """What was said, without pytest's own explanation below it; further lines are indented, as pytest does it."""
    plain = isinstance(error, AssertionError) and _is_built_in(error) and not sys.flags.optimize
    text = str(error).replace("\n", "\n  ") if plain else str(error).split("\nassert ")[0]
    return text.strip() or type(error).__name__


def _is_built_in(error: BaseException) -> bool:
    """Whether a built-in check raised it: their asserts are not rewritten by pytest (``gonogo.plugins.gate``)."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and str(frames[-1].f_globals.get("__name__")).startswith("gonogo.checks.")


def last_line(text: str) -> str:
    """The last line of a traceback, which says what went wrong."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].removeprefix("E").strip() if lines else "no reason given"
