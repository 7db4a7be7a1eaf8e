"""What the probe from outside saw while a release was replaced: how long nobody was served.

A probe's file holds one JSON object a line: requests (``{"at": 12.5, "ok": false, "status": 502, "seconds": 0.01}``,
``at`` is when the request was sent) in the order of the answers, and marks (``{"mark": "settled"}``, with ``at`` where
it is known).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from gonogo.inspection.answers.refusals import REFUSED
from gonogo.records.run_results import Downtime, Span

__all__ = [
    "LIMITED",
    "SETTLED",
    "Gap",
    "answered_from",
    "answered_last",
    "figures",
    "gaps",
    "got",
    "spans",
]

LIMITED = 429
"""The answer of an application that is alive and asked too often."""

SETTLED = "settled"
"""The mark that the moves wrote when they had settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """From the first request that failed to the next one that did not."""

    begin: float
    seconds: float
    failed: int
    status: int | None
    """What the first failed request got; None without an answer."""


@dataclass(frozen=True, slots=True)
class _Request:
    at: float
    ok: bool
    status: int | None
    seconds: float


def figures(lines: Iterable[str]) -> Downtime:
    """Requests, failures, seconds down and the window that was watched, up to the last settled mark.

    Without a mark everything counts. A torn line is left out.
    """
    requests, end = _watched(lines)
    others = Counter(got(request.status) for request in requests if not request.ok)
    return Downtime(
        requests=len(requests),
        failed=others.total(),
        others=dict(sorted(others.items())),
        limited=sum(request.status == LIMITED or (request.ok and request.status == REFUSED) for request in requests),
        seconds_down=round(sum(gap.seconds for gap in _gaps(requests, end)), 3),
        window=round(max(end - requests[0].at, 0.0), 3) if requests else 0.0,
    )


def got(status: int | None) -> str:
    """An answer in words: ``400``, or ``no answer``."""
    return "no answer" if status is None else str(status)


def gaps(lines: Iterable[str]) -> tuple[Gap, ...]:
    """When nobody was served, one gap after the other."""
    return tuple(_gaps(*_watched(lines)))


def answered_from(lines: Iterable[str], healthy: float) -> float:
    """When it answered again, of a release whose instances were healthy at this moment.

    Without a health check an instance counts as healthy before it answers: then that is the first good answer.
    """
    requests = sorted(filter(None, (_request(_document(line)) for line in lines)), key=lambda request: request.at)
    before = [request for request in requests if request.at < healthy]
    after = [request for request in requests if request.at >= healthy and request.ok]
    if not before or before[-1].ok or not after:
        return healthy
    return after[0].at + after[0].seconds


def answered_last(lines: Iterable[str]) -> bool | None:
    """Whether the newest request, however late, was answered well; None where none was sent."""
    requests = filter(None, (_request(_document(line)) for line in lines))
    return max(((request.at, request.ok) for request in requests), default=(0.0, None))[1]


def spans(lines: Iterable[str]) -> tuple[Span, ...]:
    """What was answered well and what was not, in turn; each stretch lasts until the next begins.

    Requests that failed make one stretch for each status.
    """
    requests, end = _watched(lines)
    runs = [list(run) for _, run in groupby(requests, key=lambda one: (one.ok, None if one.ok else one.status))]
    untils = [*(run[0].at for run in runs[1:]), end]
    return tuple(_span(run, until) for run, until in zip(runs, untils, strict=False))  # no run, nothing until


def _span(run: Sequence[_Request], until: float) -> Span:
    return Span(
        at=_moment(run[0].at),
        seconds=round(max(until - run[0].at, 0.0), 3),
        ok=run[0].ok,
        requests=len(run),
        slowest=max(request.seconds for request in run),
        status=run[0].status,
    )


def _moment(at: float) -> datetime:
    """The time; the beginning of time for a clock that was never set."""
    try:
        return datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _watched(lines: Iterable[str]) -> tuple[list[_Request], float]:
    """The requests that count, in the order they were sent, and the time at which the watch ended."""
    requests: list[_Request] = []
    before: int | None = None
    moment: float | None = None
    for line in lines:
        document = _document(line)
        if document.get("mark") == SETTLED:
            before, moment = len(requests), _number(document.get("at"))
        elif (request := _request(document)) is not None:
            requests.append(request)
    if moment is not None:  # answers are noted as they come: one that hung is noted after the mark
        requests = [request for request in requests if request.at <= moment]
    elif before is not None:
        requests = requests[:before]
    requests.sort(key=lambda request: request.at)
    last = max((request.at + request.seconds for request in requests), default=0.0)
    return requests, last if moment is None else moment


def _gaps(requests: Sequence[_Request], end: float) -> list[Gap]:
    found: list[Gap] = []
    run: list[_Request] = []
    for request in requests:
        if not request.ok:
            run.append(request)
        elif run:
            found.append(_gap(run, request.at))
            run = []
    if run:
        found.append(_gap(run, end))
    return found


def _gap(run: Sequence[_Request], until: float) -> Gap:
    first = run[0]
    return Gap(begin=first.at, seconds=max(until - first.at, 0.0), failed=len(run), status=first.status)


def _document(line: str) -> dict[str, Any]:
    """The line's object; a torn line is an empty one."""
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _request(document: dict[str, Any]) -> _Request | None:
    at, ok, status = _number(document.get("at")), document.get("ok"), document.get("status")
    if at is None or not isinstance(ok, bool):
        return None
    return _Request(
        at, ok, status if isinstance(status, int) else None, max(_number(document.get("seconds")) or 0.0, 0.0)
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
