"""How containers ended that did not start, as the Engine tells it."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.runtimes.compose.start import how_ended, late_said

KILLED = ", of which a process was killed (exit code 137), as for want of memory"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"OOMKilled": True, "ExitCode": 137}, ", which was killed for want of memory"),
        ({"OOMKilled": False, "ExitCode": 137}, KILLED),
        ({"ExitCode": 0, "Health": {"Log": [{"ExitCode": 1}, {"ExitCode": 137}]}}, KILLED),
        ({"ExitCode": 0, "Health": {"Log": [{"ExitCode": 137}, {"ExitCode": 1}]}}, ""),
        ({"ExitCode": 3, "Health": {"Log": []}}, ", which ended with exit code 3"),
        ({"ExitCode": 0}, ""),
        ({"ExitCode": 0, "RestartCount": 0}, ""),
        ({"ExitCode": 0, "RestartCount": 1}, ", which ended and was started again once"),
        ({"ExitCode": 1, "RestartCount": 4}, ", which ended with exit code 1 and was started again 4 times"),
    ],
    ids=[
        "the kernel says so",
        "a child of tini",
        "a health check",
        "an older one",
        "ended",
        "runs",
        "first",
        "again",
        "loops",
    ],
)
def test_what_was_killed_is_told(state: dict[str, Any], said: str) -> None:
    """Also where it runs again already, or the first process only waited for the one that was killed."""
    assert how_ended([state]) == said


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([{"Running": True, "Health": {"Status": "unhealthy"}}], "it runs still, unhealthy"),
        ([{"Running": True, "Health": {"Status": "starting"}}], "it runs still, starting"),
        ([{"Running": True, "Health": {"Status": "healthy"}}], ""),
        ([{"Running": True}], ""),
        ([{"Running": False, "Health": {"Status": "unhealthy"}}], ""),
        ([{"Running": True, "RestartCount": 3, "Health": {"Status": "starting"}}], ""),
        ([], ""),
    ],
)
def test_what_runs_and_is_late_is_told_which_key_gives_it_longer(states: list[dict[str, Any]], said: str) -> None:
    """An entry point that migrates for minutes is none that failed; what ended needs no longer time."""
    told = " ".join(late_said(states, 120.0))

    assert told.startswith(said)
    assert bool(said) == ("longer than 120 s, health.timeout" in told)
