"""Where the bars of a page's charts begin and end: shares of a width, so that a page can draw them at any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gonogo.records.results import GateResult, Measure
from gonogo.records.run_results import RunResult, Span, StepResult
from gonogo.records.text import with_unit
from gonogo.words import Role

__all__ = ["Bar", "Compared", "Strip", "compare", "strip", "ticks", "time_line"]

_MINUTE = 60
_STEPS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
_MOST_TICKS = 10
_LATE = 90
"""Per cent; a mark behind it has its name on its left, where the one before it stands as well."""
_TWO_NAMES = 25
"""Per cent that these two need on a phone."""
_LEAST = 0.4
"""Per cent; the narrowest bar that is still seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar on a line: where it begins and how long it is, in per cent of the line."""

    left: float
    width: float
    ok: bool = True
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """What the probe saw, with the moments that explain it."""

    bars: tuple[Bar, ...]
    marks: tuple[Bar, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One figure of a check, before and after the release; None where it was not taken."""

    check: str
    title: str
    before: Measure | None
    after: Measure | None
    bars: tuple[Bar | None, Bar | None]
    limit: float | None
    """Where the limit stands on the same line, in per cent."""


def time_line(run: RunResult) -> tuple[Bar, ...]:
    """One bar for each step, against the whole run; a step without a beginning follows the one before."""
    begins: list[float] = []
    clock = 0.0
    for step in run.steps:
        begins.append(max((step.started - run.started).total_seconds(), 0.0) if step.started else clock)
        clock = begins[-1] + step.seconds
    whole = max(run.seconds, *(begin + step.seconds for begin, step in zip(begins, run.steps, strict=True)), 0.001)
    return tuple(
        _bar(begin, step.seconds, whole, ok=step.ok, said=f"{step.seconds:.1f} s")
        for begin, step in zip(begins, run.steps, strict=True)
    )


def strip(run: RunResult) -> Strip | None:
    """The probe's stretches and the beginnings of the steps that touched; None when nothing was probed."""
    if not run.probed:
        return None
    begin = run.probed[0].at
    whole = max((run.probed[-1].at - begin).total_seconds() + run.probed[-1].seconds, 0.001)
    bars = tuple(
        _bar((span.at - begin).total_seconds(), span.seconds, whole, ok=span.ok, said=_said(span, begin))
        for span in run.probed
    )
    return Strip(bars=bars, marks=tuple(_marks(run.steps, begin, whole)), seconds=whole)


def ticks(seconds: float) -> tuple[Bar, ...]:
    """The marks of a time axis: at most a dozen, at round numbers, the first at its beginning."""
    step = next((one for one in _STEPS if seconds / one <= _MOST_TICKS), _STEPS[-1])
    count = min(int(seconds / step), _MOST_TICKS) + 1
    marks = [
        Bar(left=round(min(100 * at * step / seconds, 100.0), 2), width=0.0, said=_span(at * step))
        for at in range(count)
    ]
    is_tight = marks[-1].left > _LATE and 100 * step / seconds < _TWO_NAMES
    return tuple(marks[:-1] if is_tight else marks)


def _span(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < _MINUTE * 2 else f"{seconds / _MINUTE:g} min"


def compare(run: RunResult) -> tuple[Compared, ...]:
    """The figures that checks took of the serving release and of the new one, in the order of the gate."""
    gates = [step.gate for step in run.steps if step.gate is not None and step.after_touch]
    after = next((gate for gate in gates if gate.role is not Role.ROLLBACK), None)
    before = next((step.gate for step in run.steps if step.gate and step.gate.role is Role.BASELINE), None)
    new, old = _measures(after), _measures(before)
    return tuple(_compared(name, old.get(name), new.get(name)) for name in (new | old))


def _measures(gate: GateResult | None) -> dict[tuple[str, str], Measure]:
    checks = gate.checks if gate is not None else ()
    return {
        (check.code or check.id, piece.title): measure
        for check in checks
        for piece in check.evidence
        if (measure := piece.measure) is not None
    }


def _compared(name: tuple[str, str], before: Measure | None, after: Measure | None) -> Compared:
    """Both on one line, which is as long as the limit, or as the longest of them where that is more."""
    given = [one for one in (before, after) if one is not None]
    limit = next((one.limit for one in (after, before) if one is not None and one.limit is not None), None)
    most = max([limit or 0.0, *(one.value for one in given)]) or 1.0
    first, second = (
        None
        if one is None
        else Bar(
            left=0.0,
            width=round(max(100 * one.value / most, _LEAST), 2),
            ok=one.limit is None or one.value <= one.limit,
            said=with_unit(one),
        )
        for one in (before, after)
    )
    at = None if limit is None else round(100 * limit / most, 2)
    return Compared(check=name[0], title=name[1], before=before, after=after, bars=(first, second), limit=at)


def _marks(steps: Sequence[StepResult], begin: datetime, whole: float) -> list[Bar]:
    """Steps that began while the probe asked."""
    end = begin + timedelta(seconds=whole)
    began = [(step, step.started) for step in steps if step.after_touch and step.started is not None]
    return [
        Bar(left=round(100 * (at - begin).total_seconds() / whole, 2), width=0.0, said=step.name)
        for step, at in began
        if begin <= at <= end
    ]


def _bar(begin: float, seconds: float, whole: float, *, ok: bool, said: str) -> Bar:
    """Inside the line, whatever a clock that was set said."""
    width = min(max(100 * seconds / whole, _LEAST), 100.0)
    return Bar(left=round(min(100 * begin / whole, 100 - width), 2), width=round(width, 2), ok=ok, said=said)


def _said(span: Span, begin: datetime) -> str:
    word = "answered" if span.ok else "not answered" if span.status is None else f"got {span.status}"
    after = max((span.at - begin).total_seconds(), 0.0)
    requests = "1 request" if span.requests == 1 else f"{span.requests} requests"
    return f"{requests} {word} for {span.seconds:.1f} s, from second {after:.1f} on"
