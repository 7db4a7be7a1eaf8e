"""What ends and comes again while a release is watched: a job that is done in turns, and a crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from . import small
from .stack import Stack, stack

__all__: list[str] = []

JOB = """\
  tidy:
    build: .
    init: true
    restart: always
    command: [python, -c, "import sys, time; time.sleep(@SECONDS@); sys.exit(@CODE@)"]
"""


@pytest.fixture
def app(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Stack]:
    """The small application, watched for a while; it is not committed yet."""
    with stack(tmp_path, engine, "watched") as made:
        small.create(made)
        made.replace("gonogo.toml", 'watch = { for = "0s" }', 'watch = { for = "45s" }')
        yield made


def watched(app: Stack, code: int) -> tuple[int, dict[str, Any]]:
    """Deploys with a job that ends so after half a minute; the exit code, and the watch's checks."""
    model = (app.root / "docker-compose.yml").read_text()
    job = JOB.replace("@CODE@", str(code)).replace("@SECONDS@", "30")
    app.write({"docker-compose.yml": model.replace("volumes:\n  data:", f"{job}volumes:\n  data:")})
    app.commit("a job")
    ended = app.deploy()
    gates = [step["gate"] for step in ended.document["steps"] if step["name"] == "watch"]
    return ended.code, {check["code"]: check for gate in gates for check in gate["checks"]}


@pytest.mark.thorough
def test_a_job_that_comes_round_is_a_warning(app: Stack) -> None:
    """Its restart policy is its clock: it ends with exit code 0, and nobody asks it for anything."""
    code, checks = watched(app, 0)

    assert code == 0
    assert checks["W04"]["outcome"] == "warned"
    assert "a job that comes round may do so" in checks["W04"]["found"]


@pytest.mark.thorough
def test_a_crash_that_comes_round_is_red(app: Stack) -> None:
    """The same with exit code 3: nothing but the watch sees it, half a minute after a green gate."""
    code, checks = watched(app, 3)

    assert code in {1, 6}
    assert checks["W04"]["outcome"] == "failed"
    assert "restarted 1 times" in checks["W04"]["found"]
