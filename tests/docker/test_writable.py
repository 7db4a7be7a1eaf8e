"""Whether a container may write somewhere, asked of a real one without writing."""

from __future__ import annotations

import secrets

import docker
import pytest

from gonogo.host.runner import LocalHost
from gonogo.runtimes.compose.writable import writable_in

from .base_images import ensure

__all__: list[str] = []

pytestmark = pytest.mark.docker


def test_places_that_a_user_may_write_to(engine: docker.DockerClient) -> None:
    """By owner and by how they are mounted; what is not there is not told, and an image without a shell says nothing."""
    ensure("python:3.11-slim")
    name = f"gonogochecks-{secrets.token_hex(4)}"
    mounts = {f"{name}-own": {"bind": "/tmp", "mode": "ro"}, f"{name}-other": {"bind": "/data", "mode": "rw"}}  # noqa: S108 (in a container)
    container = engine.containers.run(
        "python:3.11-slim", ["sleep", "60"], name=name, user="65534", detach=True, volumes=mounts, network_mode="none"
    )
    try:
        found = writable_in(name, ["/tmp", "/data", "/dev/shm", "/absent"], LocalHost())  # noqa: S108 (likewise)
        container.exec_run(["rm", "/bin/sh"], user="0")
        without = writable_in(name, ["/data"], LocalHost())
    finally:
        container.remove(force=True, v=True)
        for volume in (f"{name}-own", f"{name}-other"):
            engine.volumes.get(volume).remove()

    assert found == {"/tmp": False, "/data": False, "/dev/shm": True}  # noqa: S108 (likewise)
    assert without is None
