"""Database servers that nobody but a test asks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import docker
from docker.models.containers import Container

__all__ = ["serving"]


@contextmanager
def serving(
    engine: docker.DockerClient,
    image: str,
    environment: Mapping[str, str],
    *,
    ready: Sequence[str] = ("pg_isready", "-h", "127.0.0.1"),
) -> Iterator[Container]:
    """A container without a network, once the command ``ready`` succeeds in it (over TCP: prepared to the end)."""
    container = engine.containers.run(image, detach=True, environment=dict(environment), network_mode="none")
    try:
        deadline = time.monotonic() + 120
        while container.exec_run([*ready]).exit_code != 0:
            assert time.monotonic() < deadline, container.logs()
            time.sleep(0.5)
        yield container
    finally:
        container.remove(force=True, v=True)
