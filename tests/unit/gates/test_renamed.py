"""Where a database stands is asked by the name that its service has in the release that serves."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.config import Environment, Service
from gonogo.gates.pending_migrations import ask_serving
from gonogo.host.runner import Command, Completed, LocalHost

__all__: list[str] = []

TOML = """\
[app]
name = "shop"

[service.{name}]
migrations = "{tool}"

[env.test]
tier = "dev"
project = "shop"
url = "http://127.0.0.1:1"
compose = ["docker-compose.yml"]
"""
ALEMBIC = Service(migrations="alembic")
ID = "20261128T101010-1111111"


class Inside:
    """A running service that stands at a revision."""

    label = "container"
    code = {".": "/app"}  # noqa: RUF012

    def __init__(self, service: str) -> None:
        """Of this name."""
        self.service = service

    def python(self, *_: object, **__: object) -> Completed:
        """Says it."""
        return LocalHost().run(
            Command(argv=("echo", "<<gonogo-revision>>" + json.dumps({"current": ["a"], "heads": ["a"]})))
        )


@pytest.mark.parametrize(
    ("former", "tool", "asked", "why"),
    [
        ("web", "alembic", ["web"], ""),
        ("api", "alembic", ["api"], ""),
        (
            "api",
            "none",
            [],
            f"{ID} has no service web, nor another one with these migrations; it is asked with the next release",
        ),
        (
            "api",
            "django",
            [],
            f"{ID} has no service web, nor another one with these migrations; it is asked with the next release",
        ),
    ],
)
def test_a_service_that_was_renamed_is_asked_by_its_former_name(
    tmp_path: Path, former: str, tool: str, asked: list[str], why: str
) -> None:
    """It is the one that had these migrations; where none had them, the note says when it will be known."""
    (tmp_path / "gonogo.toml").write_text(TOML.format(name=former, tool=tool))
    names: list[str] = []

    def inside(name: str) -> Inside:
        names.append(name)
        return Inside(name)

    serving = SimpleNamespace(
        id=ID, services=(former,), root=tmp_path, runtime="compose", source_root=lambda _: tmp_path
    )
    environment = Environment(name="test", project="shop", service={"web": ALEMBIC})
    place = SimpleNamespace(environment=environment, project=SimpleNamespace(app=SimpleNamespace(root=".")))
    runtime = SimpleNamespace(inspector=lambda *_: SimpleNamespace(inside=inside))
    question: Any = SimpleNamespace(place=place, runtime=runtime, serving=serving)
    said, guessed = ask_serving(question, "web", ALEMBIC)

    assert (names, guessed) == (asked, why)
    assert (said is not None) is bool(asked)
