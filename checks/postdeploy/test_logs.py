"""Whether the release logs errors."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gonogo.checks.postdeploy import logged
from gonogo.checks.postdeploy.instances import noted
from gonogo.checks.postdeploy.logged import SIGNATURES, Found
from gonogo.config import Environment
from gonogo.gates.subject import Subject
from gonogo.inspection.answers.logs import ErrorGroup
from gonogo.plugins.evidence import Collected
from gonogo.records.results import GateResult, read_gate
from gonogo.runtimes.base import Inspector, Place
from gonogo.words import Role

__all__: list[str] = []

_UNREAD = "Services whose logs cannot be read"
_ASIDE = "Caused by the move or a visitor, overcome, or harmless"


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
    place: Place,
    subject: Subject,
    baseline: GateResult | None,
    evidence: Collected,
) -> None:
    """Nothing logs an error that the release before did not log as well.

    Catches an exception that the answers do not show. What the move itself caused until the release was healthy (a
    proxy that did not reach what was being replaced), what gonogo's own requests caused, what a proxy refused a visitor
    (a limit on requests, a file that is not there), a visitor who asks Django for another name, a database or a queue
    that was not up yet and was reached after that (tried again, or started again by its restart policy), and a control
    socket that gunicorn could not make, is shown and not counted. Of a service whose logging driver keeps nothing
    (`none`) nobody knows; it warns once, where that is new. A host of the internet that was not reached, and that no
    variable names, warns: it may be down, and whoever asks for a page that needs it is answered otherwise (D30). In a
    first deployment, which has no release before, a line without a traceback warns that was logged before the release
    was healthy. Told in department-of-veterans-affairs/notification-api#991.

    Before (gonogo.toml, where the line is no error):

        [env.prod.logs]
        allow = []

    After (gonogo.toml):

        [env.prod.logs]
        allow = ["no route to printer, trying again"]
    """
    unread = _unread(inspector, subject, baseline, evidence)
    since = subject.release.started if subject.release is not None else None
    lines, groups = logged.read(inspector, environment, since)
    if not any(lines.values()):
        mute = f"; {unread}" if unread else ""
        pytest.skip(f"nothing was logged by {', '.join(lines) or 'any service'}{mute}")
    found = [logged.sort(name, lines, groups[name], inspector, subject, place.variables) for name in lines]
    errors = [(one.service, group) for one in found for group in one.counted]
    evidence.table(
        "Errors", [(name, group.count, group.example) for name, group in errors], header=("service", "times", "line")
    )
    evidence.text("Lines read", ", ".join(f"{name}: {len(text)}" for name, text in lines.items()))
    evidence.json(SIGNATURES, {one.service: [group.signature for group in one.counted] for one in found})
    evidence.table(
        _ASIDE,
        [(one.service, group.count, group.example) for one in found for group in one.aside],
    )
    known = logged.known_in(_before(subject, baseline)) if subject.role is not Role.BASELINE else {}
    unknown = [(name, group) for name, group in errors if group.signature not in known.get(name, ())]
    if subject.serving is None and subject.role is not Role.BASELINE:
        unknown = _warn_of_start(found, unknown, evidence)
    if subject.role is not Role.BASELINE:
        unknown = _warn_of_outside(found, unknown, evidence)
    new = [logged.said(name, group) for name, group in unknown]
    if subject.role is Role.BASELINE and new:
        evidence.warn(f"{len(new)} {'errors' if new[1:] else 'error'} in the logs already: {new[0]}")
        return
    evidence.needs(*dict.fromkeys(logged.cause(name, group) for name, group in unknown))
    many = f"{len(new)} different new errors in the logs, the first in" if new[1:] else "1 new error in the logs;"
    assert not new, f"{many} {new[0]}; expected none"


def _unread(inspector: Inspector, subject: Subject, baseline: GateResult | None, evidence: Collected) -> str:
    """What is said of services whose logs nobody can read; warns of those whose logs were read before."""
    unread = inspector.unread()
    if not unread:
        return ""
    said = f"what {', '.join(unread)} logs cannot be read: the logging driver keeps nothing"
    evidence.json(_UNREAD, dict.fromkeys(unread, said))
    known = noted(baseline, "D15", _UNREAD)
    if subject.role is not Role.BASELINE and any(name not in known for name in unread):
        evidence.warn(said)
    return said


def _warn_of_start(
    found: Sequence[Found], unknown: Sequence[tuple[str, ErrorGroup]], evidence: Collected
) -> list[tuple[str, ErrorGroup]]:
    """Warns of what may be logged at every start; the rest."""
    starting = [(one.service, group) for one in found for group in one.starting]
    told = [pair for pair in unknown if pair in starting]
    if told:
        more = f" (and {len(told) - 1} more)" if told[1:] else ""
        evidence.warn(
            f"{logged.said(*told[0])}{more}, at the start of a first release: it may be logged at every start"
        )
    return [pair for pair in unknown if pair not in told]


def _warn_of_outside(
    found: Sequence[Found], unknown: Sequence[tuple[str, ErrorGroup]], evidence: Collected
) -> list[tuple[str, ErrorGroup]]:
    """Warns of what somebody out there may be the cause of; the rest."""
    outside = [(one.service, group) for one in found for group in one.outside]
    told = [pair for pair in unknown if pair in outside]
    for name, group in told:
        evidence.warn(f"{logged.said(name, group)}, about a host that no variable of the release names: is it up?")
    return [pair for pair in unknown if pair not in told]


def _before(subject: Subject, baseline: GateResult | None) -> GateResult | None:
    """What said what was logged before: the baseline, or this very release's own gate where it is only looked at."""
    if subject.run is not None or subject.serving is None:
        return baseline
    return read_gate(subject.serving.gate)
