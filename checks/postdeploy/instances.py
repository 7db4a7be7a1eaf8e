"""The running instance of a service, which the post-deploy checks share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pytest

from gonogo.errors import CommandError, GonogoError
from gonogo.inspection import things
from gonogo.plugins.evidence import InconclusiveError, LackingError
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inside, Inspector, RuntimeUnreachableError

__all__ = ["RESTARTS", "down", "measured", "noted", "ran_since", "rows_of", "running", "those_running"]

RESTARTS = "Seconds that instances live"
"""Under which title D03 attaches how long each service's instances lived that were started again."""


def running(inspector: Inspector, service: str) -> Inside:
    """The running instance of a service; skips for one that ends by itself or is to have none.

    Raises:
        InconclusiveError: the runtime does not answer.
        LackingError: none runs; whether one should, D01 says.
    """
    try:
        instances = [instance for instance in inspector.instances(health=False) if instance.service == service]
        if not instances:
            pytest.skip(f"{service} is scaled to no instance")
        if any(instance.one_shot for instance in instances):
            pytest.skip(f"{service} is meant to end; no instance of it runs on")
        return inspector.inside(service)
    except RuntimeUnreachableError as error:
        raise InconclusiveError(str(error)) from error
    except CommandError as error:
        raise LackingError(str(error), needs=things.service(service)) from error


def those_running(inspector: Inspector) -> dict[str, str]:
    """The service of each running instance, by its name; skips where none runs.

    Raises:
        InconclusiveError: the runtime does not answer.
    """
    try:
        found = {one.name: one.service for one in inspector.instances(health=False) if one.status == "running"}
    except GonogoError as error:
        raise InconclusiveError(str(error)) from error
    if not found:
        pytest.skip("no instance runs; D01 tells whether one should")
    return found


def ran_since(inspector: Inspector) -> float:
    """When the oldest instance was made, in seconds since the epoch; the end of time where nobody says.

    Of any service: they may write into the same folder.
    """
    told = (one.created_at or one.started_at for one in inspector.instances(health=False) if not one.one_shot)
    try:
        return min(datetime.fromisoformat(moment).timestamp() for moment in told)
    except ValueError:
        return math.inf


def rows_of(baseline: GateResult | None, code: str, title: str) -> list[list[str]]:
    """The rows of a table that a check attached in the baseline; none without one."""
    asked = (check for check in (baseline.checks if baseline is not None else ()) if check.code == code)
    return [row for check in asked for piece in check.evidence if piece.title == title for row in piece.value[1:]]


def noted(baseline: GateResult | None, code: str, title: str) -> Mapping[str, Any]:
    """What a check attached under a title in the baseline, name by name; nothing without one."""
    asked = (check for check in (baseline.checks if baseline is not None else ()) if check.code == code)
    pieces = (piece.value for check in asked for piece in check.evidence if piece.title == title)
    return next((value for value in pieces if isinstance(value, dict)), {})


def measured(baseline: GateResult | None, code: str, title: str) -> float | None:
    """The figure that a check attached in the baseline; None without one."""
    value = noted(baseline, code, title).get("value")
    return float(value) if isinstance(value, int | float) else None


def down(inspector: Inspector, names: Iterable[str]) -> list[str]:
    """These services, and where they would answer: what a check that found them down has found broken."""
    wanted = set(names)
    published = ((name, f"http://{host or '127.0.0.1'}:{port}") for name, host, port in inspector.published())
    places = [things.address(url) for name, url in published if name in wanted]
    return [*map(things.service, sorted(wanted)), *places]
