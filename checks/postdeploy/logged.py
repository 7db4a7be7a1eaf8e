"""How the logs of a release are read, and which of their errors count against it."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from gonogo.checks.build import probing
from gonogo.config import Environment
from gonogo.errors import CommandError
from gonogo.gates.budget import FILE, Budget
from gonogo.gates.subject import Subject
from gonogo.inspection import probe_answers, things
from gonogo.inspection.answers.downtime import answered_from
from gonogo.inspection.answers.logs import ErrorGroup, error_lines
from gonogo.inspection.answers.moved import (
    asked_by_another_name,
    asked_in_vain,
    caused_by_move,
    hung_up,
    is_trying,
    name_refused,
    no_request_needs,
    no_upstream,
    not_reached,
    not_reached_outside,
    refused_visitor,
    signed_wrongly,
    tried_again,
)
from gonogo.plugins.evidence import InconclusiveError
from gonogo.probes import logfiles
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inside, Inspector, LogLine
from gonogo.state.journal import read_probe

__all__ = [
    "FILE_SIGNATURES",
    "SIGNATURES",
    "Found",
    "InFiles",
    "cause",
    "known_in",
    "known_in_files",
    "read",
    "read_files",
    "said",
    "sort",
]

SIGNATURES = "Error signatures"
"""Under which title D15 attaches what it found."""
FILE_SIGNATURES = "Error signatures of files"
"""The same of D32."""
_SHOWN = 160
_READ_AGAIN = 0.5
_TIMES = 5
"""How often a log is read that ends in the middle of a traceback."""
_TRYING = 10.0
"""Seconds for which something that is not reached yet, and is tried again, is waited for."""


@dataclass(frozen=True, slots=True)
class Found:
    """The errors of one service's log."""

    service: str
    counted: tuple[ErrorGroup, ...]
    aside: tuple[ErrorGroup, ...]
    """What the move or a visitor caused, was overcome or harms nobody, and a traceback that never came to its end."""
    starting: tuple[ErrorGroup, ...]
    """Of those that count: a line without a traceback, from before the release was healthy, about nothing it needs."""
    outside: tuple[ErrorGroup, ...] = ()
    """Of those that count: a host of the internet was not reached that no variable names."""


def read(
    inspector: Inspector, environment: Environment, since: datetime | None
) -> tuple[Mapping[str, Sequence[LogLine]], dict[str, tuple[ErrorGroup, ...]]]:
    """The logs since a moment and their errors; read again while a traceback is written, or something tried again.

    Raises:
        InconclusiveError: they cannot be read.
    """
    begin, left = time.monotonic(), _TIMES
    while True:
        try:
            lines = inspector.log_lines(since)
        except CommandError as error:
            raise InconclusiveError(f"the logs are not known: {error}") from error
        texts = {name: [line.text for line in text] for name, text in lines.items()}
        groups = {name: error_lines(text, environment.logs.allow) for name, text in texts.items()}
        left -= 1
        torn = left > 0 and any(group.unfinished for found in groups.values() for group in found)
        trying = any(is_trying(group, texts[name]) for name, found in groups.items() for group in found)
        if not torn and not (trying and time.monotonic() - begin < _TRYING):
            return lines, groups
        time.sleep(_READ_AGAIN)


@dataclass(frozen=True, slots=True)
class InFiles:
    """What the log files of an instance hold."""

    lines: Mapping[str, int]
    """File → how many lines of its end were read."""
    groups: Mapping[str, Sequence[ErrorGroup]]
    """File → its errors."""
    problems: Sequence[str]
    """Files that cannot be read, one text each."""


def read_files(inside: Inside, environment: Environment, inspector: Inspector) -> InFiles | None:
    """The log files that are configured, where they stand in an instance; None where it has no Python to read them.

    What a visitor causes whom the application refuses is no error there either.

    Raises:
        CommandError: the instance could not be asked.
        InconclusiveError: what it answered cannot be read.
    """
    done = inside.python(probe_answers.script("logfiles.py"), *environment.logs.files, isolated=False)
    if not done.ok:
        return None
    found = probing.marked(inside, done, logfiles.MARKER)
    own = {urlsplit(inspector.url() or "").hostname or "", *environment.service}
    groups = {
        one["path"]: [
            group for group in error_lines(one["lines"], environment.logs.allow) if not _is_idle(group.example, own)
        ]
        for one in found["files"]
    }
    return InFiles({one["path"]: len(one["lines"]) for one in found["files"]}, groups, found["problems"])


def sort(
    name: str,
    lines: Mapping[str, Sequence[LogLine]],
    groups: Sequence[ErrorGroup],
    inspector: Inspector,
    subject: Subject,
    variables: Mapping[str, str],
) -> Found:
    """What counts, and what does not; ``variables`` are the release's own."""
    until, budget = _until(subject), Budget(subject.run / FILE if subject.run is not None else None)
    gone = [_moment(at) for at in budget.hang_ups]
    refused = [_moment(at) for at in budget.refusals]
    missed = [(_moment(at), path, status) for at, path, status in budget.misses]
    others = [*(other for other in lines if other != name)]
    others += [f":{port}" for owner, _, port in inspector.published() if owner != name and owner in lines]
    names = {*lines, urlsplit(inspector.url() or "").hostname or ""}
    texts, restarted = [line.text for line in lines[name]], _restarted(inspector, name)

    def moments(group: ErrorGroup) -> list[datetime | None]:
        return [lines[name][number - 1].at for number in group.lines]

    def early(group: ErrorGroup) -> list[bool]:
        return [until is not None and at is not None and at < until for at in moments(group)]

    def is_aside(group: ErrorGroup) -> bool:
        ended = restarted is not None and all(at is not None and at < restarted for at in moments(group))
        overcome = (ended and not_reached(group.example)) or (early(group)[0] and tried_again(group, texts))
        moved = overcome or (all(early(group)) and caused_by_move(group.example, others=others))
        ours = hung_up(group, moments(group), gone) or asked_in_vain(group, moments(group), missed)
        ours = ours or signed_wrongly(group, moments(group), refused)
        return moved or ours or _is_idle(group.example, names) or not group.signature

    aside = tuple(group for group in groups if is_aside(group))
    counted = tuple(group for group in groups if group not in aside)
    plain = (group for group in counted if not group.in_traceback and not not_reached(group.example))
    starting = tuple(group for group in plain if all(early(group)))
    given = "\n".join(variables.values()).lower()

    def is_known(host: str) -> bool:
        return host in names or host.lower() in given

    outside = tuple(group for group in counted if not_reached_outside(group.example, known=is_known))
    return Found(name, counted, aside, starting, outside)


def _is_idle(text: str, own: Collection[str]) -> bool:
    """Whether an error harms nobody who asks for what there is, by one of the application's own names."""
    return refused_visitor(text) or no_request_needs(text) or asked_by_another_name(text, own=own)


def _restarted(inspector: Inspector, service: str) -> datetime | None:
    """When the last instance of a service was started that its restart policy had to start again."""
    starts = [one.started_at for one in inspector.instances(health=False) if one.service == service and one.restarts]
    return max((datetime.fromisoformat(at) for at in starts if at), default=None)


def _until(subject: Subject) -> datetime | None:
    """Until when the release was being moved; None where that is not known."""
    release = subject.release
    if release is None or release.healthy is None:
        return None
    probed = read_probe(subject.run / "probe.jsonl") if subject.run is not None else []
    return _moment(answered_from(probed, release.healthy.timestamp()))


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def known_in(baseline: GateResult | None) -> dict[str, list[str]]:
    """Service → the errors that the serving release logged already, as this check noted them in the baseline."""
    checks = [check for check in (baseline.checks if baseline else ()) if check.code == "D15"]
    pieces = [piece for check in checks for piece in check.evidence]
    return next((piece.value for piece in pieces if piece.title == SIGNATURES and isinstance(piece.value, dict)), {})


def known_in_files(gate: GateResult, service: str) -> frozenset[str] | None:
    """The errors of a service's log files as D32 noted them; None where it did not look."""
    pieces = (piece for check in gate.checks if check.code == f"D32[{service}]" for piece in check.evidence)
    found = next((piece.value for piece in pieces if piece.title == FILE_SIGNATURES), None)
    return frozenset(one for each in found.values() for one in each) if isinstance(found, dict) else None


def cause(name: str, group: ErrorGroup) -> str:
    """Which thing that another check may find broken would explain an error."""
    if asked := name_refused(group.example):
        return things.refusal(asked)
    return things.upstreams(name) if no_upstream(group.example) else things.end(name)


def said(name: str, group: ErrorGroup) -> str:
    """One error in one line: whose log, what it says, how often."""
    times = f" ({group.count} times)" if group.count > 1 else ""
    return f"{name}: found {group.said[:_SHOWN]}{times}"
