"""Whether the release logs errors."""

from __future__ import annotations

import contextlib

import pytest

from gonogo.config import Environment
from gonogo.errors import CommandError, GonogoError
from gonogo.inspection import things
from gonogo.inspection.logs import ErrorGroup, error_lines
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector
from gonogo.subject import Subject
from gonogo.words import Role

__all__: list[str] = []

_SIGNATURES = "Error signatures"
_SHOWN = 160


@pytest.mark.postdeploy(
    "D15",
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

    Catches an exception that the answers do not show.
    """
    since = subject.release.started if subject.release is not None else None
    try:
        lines = inspector.logs(since)
    except CommandError as error:
        raise InconclusiveError(f"the logs are not known: {error}") from error
    if not any(lines.values()):
        pytest.skip(f"nothing was logged by {', '.join(lines) or 'any service'}")
    found = {name: error_lines(text, environment.logs.allow) for name, text in lines.items()}
    evidence.text("Lines read", ", ".join(f"{name}: {len(text)}" for name, text in lines.items()))
    evidence.json(_SIGNATURES, {name: [group.signature for group in groups] for name, groups in found.items()})
    errors = [(name, group) for name, groups in found.items() for group in groups]
    evidence.table("Errors", [(name, group.count, group.example) for name, group in errors])
    known = _known(baseline) if subject.role is not Role.BASELINE else {}
    unknown = [(name, group) for name, group in errors if group.signature not in known.get(name, ())]
    new = [_said(name, group) for name, group in unknown]
    if subject.role is Role.BASELINE and new:
        evidence.warn(f"{len(new)} errors in the logs already: {new[0]}")
        return
    evidence.needs(*_ended(inspector, {name for name, _ in unknown}))
    assert not new, f"{len(new)} new errors in the logs; {new[0]}; expected none"


def _ended(inspector: Inspector, services: set[str]) -> list[str]:
    """These services, where none of them runs any more: what they logged is what ended them."""
    with contextlib.suppress(GonogoError):
        if not services & {one.service for one in inspector.instances() if one.status == "running"}:
            return [things.service(name) for name in sorted(services)]
    return []


def _known(baseline: GateResult | None) -> dict[str, list[str]]:
    """Service → the errors that the serving release logged already, as this check noted them in the baseline."""
    checks = [check for check in (baseline.checks if baseline else ()) if check.code == "D15"]
    pieces = [piece for check in checks for piece in check.evidence]
    return next((piece.value for piece in pieces if piece.title == _SIGNATURES and isinstance(piece.value, dict)), {})


def _said(name: str, group: ErrorGroup) -> str:
    last = group.example.strip().splitlines()[-1].strip()
    times = f" ({group.count} times)" if group.count > 1 else ""
    return f"{name}: found {last[:_SHOWN]}{times}"
