"""Containers that are unhealthy for a while, for ever, or not to be renamed, started by the runtime ``compose``."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import docker
import httpx
import pytest

from gonogo.errors import CommandError

from .test_compose_runtime import CONF, MODEL, SERVER, Desk, desk

__all__ = ["desk"]

pytestmark = pytest.mark.thorough

SLOW = MODEL.replace("interval: 5s\n      start_period: 20s\n      start_interval: 500ms\n", "interval: 1s\n")
"""Whoever is not healthy after a second is unhealthy."""
LATE = "import pathlib, time\nif not pathlib.Path('/tmp/once').exists():\n    time.sleep(6)\n" + SERVER

JOBS = """\
  jobs:
    build: .
    stop_grace_period: 15s
    command: [python, -c, "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(999)"]
  web:
"""


def test_a_slow_stop_keeps_no_other_service_waiting(desk: Desk, engine: docker.DockerClient) -> None:
    """What answers is away for its own stop and start; the proxy goes on as it is, and finds the new container."""
    desk.write({"docker-compose.yml": MODEL.replace("  web:\n", JOBS)})
    first = desk.built(minute=1)
    desk.start(first, None)
    front = engine.containers.get(desk.container(engine, "web")).attrs["State"]["StartedAt"]
    desk.write({"server.py": SERVER.format(version="v2")})
    second = desk.built(minute=2)
    seen: dict[str, float] = {}
    begin = time.monotonic()
    with ThreadPoolExecutor() as pool:
        started = pool.submit(desk.start, second, first)
        while not started.done():
            with contextlib.suppress(httpx.HTTPError):
                said = httpx.get(f"http://127.0.0.1:{desk.port}/", timeout=1, trust_env=False).text[:2]
                seen[said] = time.monotonic() if said == "v1" else seen.get(said, time.monotonic())
            time.sleep(0.05)
    started.result()

    assert time.monotonic() - begin > 15
    assert seen["v2"] - seen["v1"] < 12
    assert engine.containers.get(desk.container(engine, "web")).attrs["State"]["StartedAt"] == front
    assert desk.answer().startswith(f"v2 {second.id}")


def test_what_is_unhealthy_for_a_while_is_waited_for(desk: Desk, engine: docker.DockerClient) -> None:
    """It serves in the end; one that ends at once is a failure long before ``health.timeout``.

    Its name, that somebody else has taken meanwhile, stops no way back either. A restart makes anew what is named, and
    nothing else.
    """
    model = SLOW.replace("  api:\n", "  api:\n    container_name: @NAME@\n")
    names = [f"{desk.project}-one", f"{desk.project}-two"]
    desk.write({"docker-compose.yml": model.replace("@NAME@", names[0]), "server.py": LATE.format(version="v1")})
    first = desk.built(minute=1)
    desk.start(first, None)
    assert desk.answer().startswith("v1")

    desk.write({"server.py": "raise SystemExit('no database')\n"})
    broken = desk.built(minute=2)
    begin = time.monotonic()
    with pytest.raises(CommandError, match="no database"):
        desk.start(broken, first)
    assert time.monotonic() - begin < 30

    desk.write({"docker-compose.yml": model.replace("@NAME@", names[1]), "web/default.conf": CONF})
    renamed = desk.built(minute=3)
    other = engine.containers.create("redis:7", name=names[1])
    try:
        with pytest.raises(CommandError, match="already in use"):
            desk.start(renamed, broken)
        desk.start(first, renamed)
    finally:
        other.remove(force=True)

    assert desk.answer().startswith("v1")
    labels = [f"com.docker.compose.project={desk.project}", "com.docker.compose.service=api"]
    (found,) = engine.containers.list(all=True, filters={"label": labels})
    assert found.name == names[0]

    api, store = desk.container(engine, "api"), desk.container(engine, "db")
    desk.secrets("new-token-111")
    desk.runtime.restart(desk.place, first, ["api"])
    expected = desk.runtime.expected_variables(desk.place, first)["api"]
    (carried,) = desk.runtime.found_variables(desk.place, first)["api"]
    assert desk.answer() == f"v1 {first.id} new-token-111"
    assert (desk.container(engine, "api") == api, desk.container(engine, "db") == store) == (False, True)
    assert expected.items() <= carried.items()
    assert expected["API_TOKEN"] == "new-token-111"
