"""What `docker info` says, read."""

from __future__ import annotations

import pytest

from gonogo.inspection.machine.engine import EngineFacts, parse

__all__: list[str] = []


def test_a_living_engine_says_version_and_root() -> None:
    """Version, data root and clock are read from the answer."""
    found = parse(
        '{"ServerVersion": "26.1.5", "DockerRootDir": "/var/lib/docker", "SystemTime": "2026"}', "", asked=(1, 2)
    )

    assert found == EngineFacts(version="26.1.5", root="/var/lib/docker", time="2026", asked=(1, 2))


@pytest.mark.parametrize(
    ("output", "errors", "problem"),
    [
        ('{"ServerVersion": ""}', "Cannot connect\n to it", "Cannot connect to it"),
        ('{"ServerErrors": ["permission denied"]}', "", "permission denied"),
        ('{"ServerVersion": ""}', "", "the client answers, the daemon does not"),
        ("", "", "`docker info` gave no answer that can be read"),
        ("[]", "boom", "boom"),
    ],
)
def test_a_dead_engine_says_why(output: str, errors: str, problem: str) -> None:
    """The client answers for a dead daemon; whatever it prints, the reason is one line."""
    assert parse(output, errors) == EngineFacts(problem=problem)
