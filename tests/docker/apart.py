"""A small application on an engine of its own, which tests may restart, end, or leave without room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import docker

from . import small
from .base_images import ensure
from .crashing import Crashing
from .own_engine import OwnEngine, own_engine
from .stack import Stack

__all__ = ["deployed_apart"]


class Apart(Stack):
    """An application on an engine of its own; gonogo runs in that engine's network namespace."""

    def __init__(self, folder: Path, client: docker.DockerClient, own: OwnEngine) -> None:
        """Nothing is written or started yet."""
        super().__init__(folder, client, "apart")
        self.own = own

    def place(self, *argv: str) -> list[str]:
        """A command in the namespace, where the ports answer."""
        return self.own.inside(*argv)

    def environ(self) -> dict[str, str]:
        """As everywhere, with the engine's address."""
        return {**super().environ(), "DOCKER_HOST": self.own.host}


def give_base(own: OwnEngine) -> None:
    """Make the base image with the machine's engine, hand it over, and keep none here."""
    ensure("python:3.11-slim")
    build = ["docker", "build", "--quiet", "--tag", small.BASE, "-"]
    subprocess.run(build, input=small.INSTALL.encode(), check=True, capture_output=True, timeout=600)
    try:
        own.load(small.BASE)
    finally:
        subprocess.run(["docker", "image", "rm", small.BASE], check=True, capture_output=True, timeout=60)


@contextmanager
def deployed_apart(folder: Path) -> Iterator[tuple[Crashing, OwnEngine]]:
    """The engine, and the application with one good release."""
    with own_engine() as own, closing(docker.DockerClient(base_url=own.host, timeout=60)) as client:
        give_base(own)
        app = Apart(folder, client, own)
        small.create(app, base=small.BASE)
        app.replace("gonogo.toml", "keep = 2\n", "keep = 5\nmin_free_disk = 0\n")
        yield Crashing(app, client), own
