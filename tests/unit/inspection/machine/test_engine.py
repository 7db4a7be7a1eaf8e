"""What `docker info` says, read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gonogo.inspection.machine.engine import EngineFacts, layers_since, parse

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


def test_layers_of_a_build_are_the_ones_made_since_it_began() -> None:
    """What a cache or a base image brought was made before; times may have a zone, and whole seconds only."""
    history = (
        "2026-11-29T13:00:00+01:00\t5\tCOPY . .\n2026-11-29T12:00:00Z\t7\tRUN pip install\n"
        "2026-11-29T11:59:59Z\t900\tFROM\nN/A\t1\tFROM\nhow\n"
    )

    assert list(layers_since(history, datetime(2026, 11, 29, 12, 0, 0, 400_000, tzinfo=UTC))) == [
        ("2026-11-29T13:00:00+01:00", "COPY . .", 5),
        ("2026-11-29T12:00:00Z", "RUN pip install", 7),
    ]
