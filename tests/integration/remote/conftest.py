"""A small application on a host that only ``ssh`` reaches."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deploy.conftest import GREEN, App
from tests.support.sshd import Server


class Far(App):
    """The application's repository on the deployer; it lives on the host."""

    def __init__(self, folder: Path, server: Server) -> None:
        """One green commit; the host has gonogo already, this one."""
        self.server = server
        self.at = server.port
        self.path = server.home / "it's here"
        self.path.mkdir()
        super().__init__(folder)
        server.has_gonogo()

    def configure(self, **options: Any) -> None:
        """As everywhere, on the host."""
        super().configure(**options)
        toml = self.root / "gonogo.toml"
        there = f'host = "{self.server.url(self.at)}"\npath = "{self.path}"\n'
        toml.write_text(toml.read_text().replace('tier = "', f'{there}tier = "', 1))

    @property
    def environ(self) -> dict[str, str]:
        """What a deployer's programs have around them."""
        return {**os.environ, **self.server.environ}

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """As everywhere, with the client's keys."""
        options["environ"] = {**self.server.environ, **(options.get("environ") or {})}
        return super().start(*arguments, **options)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A host behind ``ssh``, which listens."""
    made = Server(tmp_path / "host")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def far(tmp_path: Path, server: Server) -> Iterator[Far]:
    """The application, with one green commit."""
    made = Far(tmp_path, server)
    yield made
    made.close()


__all__ = ["GREEN", "Far"]
