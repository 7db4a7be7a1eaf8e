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


@pytest.mark.thorough
def test_a_job_that_comes_round_is_no_reason_to_stop_the_next_deployment(app: Stack) -> None:
    """Seen: a healthy release was called unwell before the first touch, since its job had come round meanwhile."""
    app.replace("gonogo.toml", 'watch = { for = "45s" }', 'watch = { for = "0s" }')
    app.replace("gonogo.toml", 'stable_for = "100ms"', 'stable_for = "20s"')
    model = (app.root / "docker-compose.yml").read_text()
    job = JOB.replace("@CODE@", "0").replace("@SECONDS@", "12")
    app.write({"docker-compose.yml": model.replace("volumes:\n  data:", f"{job}volumes:\n  data:")})
    app.commit("a job")
    begun = app.deploy()
    app.write({"app/more.py": "MORE = True\n"})
    app.commit("more")
    followed = app.deploy()

    assert begun.code == 0, begun
    assert followed.code == 0, followed
    for gate in ("baseline", "postdeploy"):
        found = [step["gate"] for step in followed.document["steps"] if step["name"] == gate]
        assert [one["outcome"] for one in found[0]["checks"] if one["code"] in {"D01", "D03"}] == ["passed", "passed"]


EARLY = """\
  jobs:
    build: .
    init: true
    restart: always
    command:
      - python
      - -c
      - |
        import os, sys, time
        early = not os.path.exists("/tmp/there")
        open("/tmp/there", "w").close()
        time.sleep(@SECONDS@)
        sys.exit("no database yet") if early or @ALWAYS@ else time.sleep(9999)
"""


@pytest.mark.thorough
@pytest.mark.parametrize(("always", "outcome"), [(False, "warned"), (True, "failed")], ids=["once", "always"])
def test_a_worker_that_was_early_for_its_database_is_watched_until_it_lasts(
    app: Stack,
    always: bool,  # noqa: FBT001
    outcome: str,
) -> None:
    """It ends while its release is being judged, and is started again: then it goes on, or ends again each time."""
    app.replace("gonogo.toml", 'watch = { for = "45s" }', 'watch = { for = "0s" }')
    app.replace("gonogo.toml", 'stable_for = "100ms"', 'stable_for = "15s"')
    model = (app.root / "docker-compose.yml").read_text()
    jobs = EARLY.replace("@ALWAYS@", str(always)).replace("@SECONDS@", "8")
    app.write({"docker-compose.yml": model.replace("volumes:\n  data:", f"{jobs}volumes:\n  data:")})
    app.commit("a worker")
    ended = app.deploy()
    gate = next(step["gate"] for step in ended.document["steps"] if step["name"] == "postdeploy")
    found = {check["code"]: check for check in gate["checks"]}

    assert found["D03"]["outcome"] == outcome, ended
    assert (ended.code == 0) is not always, ended
