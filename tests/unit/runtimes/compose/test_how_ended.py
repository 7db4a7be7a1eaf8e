"""How containers ended that did not start, as the Engine tells it."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.runtimes.compose.start import how_ended

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
    ],
    ids=["the kernel says so", "a child of tini", "a health check", "an older one", "ended", "runs"],
)
def test_what_was_killed_is_told(state: dict[str, Any], said: str) -> None:
    """Also where it runs again already, or the first process only waited for the one that was killed."""
    assert how_ended([state]) == said
