"""A process that the kernel kills in a container which lives, as a real Engine tells it."""

from __future__ import annotations

import secrets

import docker
import pytest

from gonogo.checks.postdeploy.test_memory import _close, _inspected
from gonogo.host.runner import LocalHost
from gonogo.inspection.machine.memory import Memory
from gonogo.plugins.evidence import Collected

from .base_images import ensure

__all__: list[str] = []

pytestmark = [pytest.mark.docker, pytest.mark.thorough]

LIMIT = 64 << 20
CHILD = """\
import os
if not os.fork():
    held = [bytearray(1 << 20) for _ in range(400)]
print(os.wait()[1] & 127)
"""
HOLDS = "import time; held = [bytearray(1 << 20) for _ in range(57)]; time.sleep(60)"


def test_killed_process_and_full_container_are_told(engine: docker.DockerClient) -> None:
    """Before it is killed nothing is told; the container goes on, and nothing of it was restarted."""
    ensure("python:3.11-slim")
    name = f"gonogomemory-{secrets.token_hex(4)}"
    container = engine.containers.run(
        "python:3.11-slim", ["sleep", "60"], name=name, detach=True, mem_limit=LIMIT, network_mode="none"
    )
    try:
        before = _inspected((name,), LocalHost())
        code, said = container.exec_run(["python", "-c", CHILD])
        after = _inspected((name,), LocalHost())
        container.exec_run(["python", "-c", HOLDS], detach=True)
        close = _until_close(after, name)
        container.reload()
        status = container.status
    finally:
        container.remove(force=True)

    assert (code, said, status) == (0, b"9\n", "running")
    assert before == [Memory(name=name, killed=False, limit=LIMIT)]
    assert after == [Memory(name=name, killed=True, limit=LIMIT)]
    assert close == ["web: uses nine tenths or more of the 64 MiB that it may"]


def _until_close(found: list[Memory], name: str) -> list[str]:
    """What is said once the container holds what it takes; each look lasts two seconds."""
    said: list[str] = []
    for _ in range(10):
        said = said or _close(found, {name: "web"}, LocalHost(), Collected())
    return said
