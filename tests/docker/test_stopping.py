"""D37: containers that do not heed their end, as a real Engine and kernel tell it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence

import docker
import pytest

from gonogo.checks.postdeploy.test_stopping import _found
from gonogo.host.runner import LocalHost

from .base_images import ensure

__all__: list[str] = []

pytestmark = pytest.mark.docker

WAITS = "import signal, time; signal.{how}; time.sleep(60)"
STARTS = {
    "deaf": ["python", "-c", "import time; time.sleep(60)"],
    "script": ["sh", "-c", "sleep 60; true"],
    "handled": ["python", "-c", WAITS.format(how="signal(15, lambda *_: None)")],
    "waiting": ["python", "-c", WAITS.format(how="sigwait({15})")],
}


def _seen(starts: Mapping[str, Sequence[str]], mark: str) -> list[str]:
    return list(_found({f"gonogostop-{name}-{mark}": name for name in starts}, LocalHost()))


def test_only_what_ignores_its_end_is_told(engine: docker.DockerClient) -> None:
    """A program without a handler and a shell; neither a handler, nor a wait for signals, nor an init before a program."""
    ensure("python:3.11-slim")
    mark = secrets.token_hex(4)
    starts = {**STARTS, "init": STARTS["deaf"]}
    try:
        for name, argv in starts.items():
            engine.containers.run(
                "python:3.11-slim",
                argv,
                name=f"gonogostop-{name}-{mark}",
                detach=True,
                init=name == "init",
                network_mode="none",
            )
        deadline = time.monotonic() + 20  # a program may not have come to its handler yet
        while len(found := _seen(starts, mark)) > 2 and time.monotonic() < deadline:
            time.sleep(0.5)
    finally:
        for one in engine.containers.list(all=True, filters={"name": f"-{mark}"}):
            one.remove(force=True)

    ends = "that does nothing when it is told to stop, expected one that ends; each stop takes 10 s and cuts off what is under way"
    assert found == [
        f"deaf: found a first process (python -c import time; time.sleep(60)) {ends}",
        f"script: found a first process (sh -c sleep 60; true) {ends}",
    ]
