"""gonogo.gates.workers: how many processes ask a gate."""

from __future__ import annotations

import os

import pytest

from gonogo.config import Environment
from gonogo.gates.workers import worker_options


def environment(workers: object, requests: int = 0, repeat: int = 1) -> Environment:
    """An environment with so many endpoints."""
    endpoints = [{"request": f"GET /{number}", "repeat": repeat} for number in range(requests)]
    return Environment.model_validate({"project": "x", "workers": workers, "endpoint": endpoints})


@pytest.mark.parametrize(
    ("workers", "requests", "repeat", "stage", "options"),
    [
        (0, 1000, 1, "postdeploy", ()),
        (1, 1000, 1, "postdeploy", ()),
        (3, 0, 1, "postdeploy", ("-n", "3")),
        (3, 0, 1, "predeploy", ()),
        ("auto", 199, 1, "postdeploy", ()),
        ("auto", 200, 1, "postdeploy", ("-n", "2")),
        ("auto", 2, 100, "postdeploy", ("-n", "2")),
        ("auto", 2000, 1, "postdeploy", ("-n", "4")),
    ],
)
def test_workers_are_taken_where_they_pay(
    workers: object, requests: int, repeat: int, stage: str, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred requests for each, on a machine of four cores; only where requests are sent."""
    monkeypatch.setattr(os, "cpu_count", lambda: 4)

    assert worker_options(environment(workers, requests, repeat), stage) == options
