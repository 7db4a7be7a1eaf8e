"""Whether the release logs errors."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from gonogo.config import Environment
from gonogo.errors import CommandError
from gonogo.gates.budget import FILE, Budget
from gonogo.gates.subject import Subject
from gonogo.inspection import things
from gonogo.inspection.answers.downtime import answered_from, read_probe
from gonogo.inspection.answers.logs import ErrorGroup, error_lines
from gonogo.inspection.answers.moved import (
    asked_in_vain,
    caused_by_move,
    hung_up,
    is_trying,
    no_request_needs,
    no_upstream,
    not_reached,
    refused_visitor,
    signed_wrongly,
    tried_again,
)
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.records.results import GateResult, read_gate
from gonogo.runtimes.base import Inspector, LogLine
from gonogo.state.release import Release
from gonogo.words import Role

__all__: list[str] = []

_SIGNATURES = "Error signatures"
_ASIDE = "Caused by the move or a visitor, overcome, or harmless"
_SHOWN = 160
_READ_AGAIN = 0.5
_TIMES = 5
"""How often a log is read that ends in the middle of a traceback."""
_TRYING = 10.0
"""Seconds for which something that is not reached yet, and is tried again, is waited for."""


@dataclass(frozen=True, slots=True)
class _Found:
    """The errors of one service's log."""

    service: str
    counted: tuple[ErrorGroup, ...]
    aside: tuple[ErrorGroup, ...]
    """What the move or a visitor caused, was overcome or harms nobody, and a traceback that never came to its end."""
    starting: tuple[ErrorGroup, ...]
    """Of those that count: a line without a traceback, from before the release was healthy, about nothing it needs."""


@pytest.mark.postdeploy(
    "D15",
    impact="SEV3",
    needs=("logs of an instance",),
    reads=("logs",),
    remedy="Mend what is logged; or, if it is no error, allow it in [env.{env}.logs] allow of gonogo.toml",
)
def test_no_new_errors_are_logged(
    inspector: Inspector,
    environment: Environment,
    subject: Subject,
    baseline: GateResult | None,
    evidence: Collected,
) -> None:
    """Nothing logs an error that the release before did not log as well.

    Catches an exception that the answers do not show. What the move itself caused until the release was healthy (a
    proxy that did not reach what was being replaced), what gonogo's own requests caused, what a proxy refused a visitor
    (a limit on requests, a file that is not there), a database or a queue that was not up yet and was reached after
    that (tried again, or started again by its restart policy), and a control socket that gunicorn could not make, is
    shown and not counted. In a first deployment, which has no release before, a line without a traceback warns that was
    logged before the release was healthy.
    """
    lines, groups = _read(inspector, environment, subject.release)
    if not any(lines.values()):
        pytest.skip(f"nothing was logged by {', '.join(lines) or 'any service'}")
    found = [_sorted(name, lines, groups[name], inspector, subject) for name in lines]
    errors = [(one.service, group) for one in found for group in one.counted]
    evidence.table(
        "Errors", [(name, group.count, group.example) for name, group in errors], header=("service", "times", "line")
    )
    evidence.text("Lines read", ", ".join(f"{name}: {len(text)}" for name, text in lines.items()))
    evidence.json(_SIGNATURES, {one.service: [group.signature for group in one.counted] for one in found})
    evidence.table(
        _ASIDE,
        [(one.service, group.count, group.example) for one in found for group in one.aside],
    )
    known = _known(_before(subject, baseline)) if subject.role is not Role.BASELINE else {}
    unknown = [(name, group) for name, group in errors if group.signature not in known.get(name, ())]
    if subject.serving is None and subject.role is not Role.BASELINE:
        unknown = _warn_of_start(found, unknown, evidence)
    new = [_said(name, group) for name, group in unknown]
    if subject.role is Role.BASELINE and new:
        evidence.warn(f"{len(new)} {'errors' if new[1:] else 'error'} in the logs already: {new[0]}")
        return
    evidence.needs(*dict.fromkeys(_cause(name, group) for name, group in unknown))
    many = f"{len(new)} different new errors in the logs, the first in" if new[1:] else "1 new error in the logs;"
    assert not new, f"{many} {new[0]}; expected none"


def _warn_of_start(
    found: Sequence[_Found], unknown: Sequence[tuple[str, ErrorGroup]], evidence: Collected
) -> list[tuple[str, ErrorGroup]]:
    """Warns of what may be logged at every start; the rest."""
    starting = [(one.service, group) for one in found for group in one.starting]
    told = [pair for pair in unknown if pair in starting]
    if told:
        more = f" (and {len(told) - 1} more)" if told[1:] else ""
        evidence.warn(f"{_said(*told[0])}{more}, at the start of a first release: it may be logged at every start")
    return [pair for pair in unknown if pair not in told]


def _read(
    inspector: Inspector, environment: Environment, release: Release | None
) -> tuple[Mapping[str, Sequence[LogLine]], dict[str, tuple[ErrorGroup, ...]]]:
    """The logs since the start and their errors; read again while a traceback is written, or something tried again.

    Raises:
        InconclusiveError: they cannot be read.
    """
    since = release.started if release is not None else None
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


def _sorted(
    name: str,
    lines: Mapping[str, Sequence[LogLine]],
    groups: Sequence[ErrorGroup],
    inspector: Inspector,
    subject: Subject,
) -> _Found:
    """What counts, and what does not."""
    until, budget = _until(subject), Budget(subject.run / FILE if subject.run is not None else None)
    gone = [_moment(at) for at in budget.hang_ups]
    refused = [_moment(at) for at in budget.refusals]
    missed = [(_moment(at), path) for at, path in budget.misses]
    others = [*(other for other in lines if other != name)]
    others += [f":{port}" for owner, _, port in inspector.published() if owner != name and owner in lines]
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
        idle = refused_visitor(group.example) or no_request_needs(group.example)
        return moved or ours or idle or not group.signature

    aside = tuple(group for group in groups if is_aside(group))
    counted = tuple(group for group in groups if group not in aside)
    plain = (group for group in counted if not group.in_traceback and not not_reached(group.example))
    starting = tuple(group for group in plain if all(early(group)))
    return _Found(name, counted, aside, starting)


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


def _before(subject: Subject, baseline: GateResult | None) -> GateResult | None:
    """What said what was logged before: the baseline, or this very release's own gate where it is only looked at."""
    if subject.run is not None or subject.serving is None:
        return baseline
    return read_gate(subject.serving.gate)


def _known(baseline: GateResult | None) -> dict[str, list[str]]:
    """Service → the errors that the serving release logged already, as this check noted them in the baseline."""
    checks = [check for check in (baseline.checks if baseline else ()) if check.code == "D15"]
    pieces = [piece for check in checks for piece in check.evidence]
    return next((piece.value for piece in pieces if piece.title == _SIGNATURES and isinstance(piece.value, dict)), {})


def _cause(name: str, group: ErrorGroup) -> str:
    """Which thing that another check may find broken would explain an error."""
    return things.upstreams(name) if no_upstream(group.example) else things.end(name)


def _said(name: str, group: ErrorGroup) -> str:
    times = f" ({group.count} times)" if group.count > 1 else ""
    return f"{name}: found {group.said[:_SHOWN]}{times}"
