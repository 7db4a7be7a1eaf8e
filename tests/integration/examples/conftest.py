"""The example applications as processes, deployed by the real command line."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from gonogo.demo.ports import free_port
from tests.support.edits import Edit
from tests.support.examples import Example
from tests.support.gates import IDENTITY

__all__ = ["Deployed", "Deploys", "deploys"]

Deploys = Callable[[Example], "Deployed"]
_COMMANDS = "[env.local.commands]"
_SITE = "lib/python{0.major}.{0.minor}/site-packages/tests.pth".format(sys.version_info)  # noqa: UP030
_ENVIRONMENT = "sh -c '{{python}} -m venv --without-pip {{venv}} && echo {packages} > {{venv}}/{site}'"
"""A release's environment has this one's packages, by a path file: nothing is downloaded."""


class Deployed:
    """One example in a repository of its own; its environment is ``local``."""

    def __init__(self, folder: Path, example: Example) -> None:
        """Write its files and its env file; nothing is committed."""
        self.root, self.state = folder / "repository", folder / "state"
        self.example, self.port = example, free_port()
        example.copy(self.root)
        self._git("init", "--quiet", "--initial-branch", "main")
        self._configure()
        names = {
            "ADMIN_USER": "host",
            "ADMIN_PASSWORD": secrets.token_hex(32),
            "SECRET_KEY": secrets.token_hex(32),
            "DATABASE_URL": f"sqlite:///{folder}/data.sqlite3",
            "SQLITE_FILE": f"{folder}/data.sqlite3",
        }
        known = (self.root / ".env.example").read_text(encoding="utf-8")
        env = self.root / ".env.local"
        env.write_text("".join(f"{name}={value}\n" for name, value in names.items() if f"{name}=" in known))
        env.chmod(0o600)

    def _configure(self) -> None:
        path = self.root / "gonogo.toml"
        text = path.read_text(encoding="utf-8").replace(self.example.addresses[1], f"http://127.0.0.1:{self.port}")
        text = text.replace(f"port = {self.example.addresses[1].rpartition(':')[2]}", f"port = {self.port}")
        text = text.replace("{python} -m pip install -r requirements.txt && ", "").replace('"5s"', '"1s"')
        if _COMMANDS not in text:
            text += f'\n{_COMMANDS}\ninstall = "true"\n'
        environment = _ENVIRONMENT.format(packages=sysconfig.get_path("purelib"), site=_SITE)
        text = text.replace(_COMMANDS, f'{_COMMANDS}\nenvironment = "{environment}"')
        text = text.replace('runtime = "process"', f'runtime = "process"\nstate = "{self.state}"\nretry_every = "100ms"')
        path.write_text(text, encoding="utf-8")

    def release(self, change: tuple[Edit, ...] = ()) -> str:
        """Make the change and commit it; returns the commit's short id."""
        for edit in change:
            edit.apply(self.root)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", "next")
        return self._git("rev-parse", "HEAD")[:7]

    def deploy(self) -> dict[str, Any]:
        """Deploy HEAD; returns the run's record."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "GONOGO_"))}
        done = subprocess.run(
            [sys.executable, "-P", "-m", "gonogo", "deploy", "--env", "local", "--json"],
            cwd=self.root,
            env=environ,
            check=False,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.stdout.strip(), done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def client(self) -> httpx.Client:
        """A client of what serves."""
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10, trust_env=False)

    def _git(self, *arguments: str) -> str:
        environ = {**os.environ, **IDENTITY}
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=self.root, env=environ, check=True, capture_output=True, text=True
        ).stdout.strip()

    def close(self) -> None:
        """End every instance by its own pid."""
        for path in self.state.glob("instances/*.json"):
            try:
                process = psutil.Process(int(json.loads(path.read_text(encoding="utf-8"))["pid"]))
                for child in [*process.children(recursive=True), process]:
                    child.kill()
                process.wait(10)
            except (psutil.Error, KeyError, ValueError):
                continue


@pytest.fixture
def deploys(tmp_path: Path) -> Iterator[Deploys]:
    """Gives one of the examples, ready to be deployed; what then serves is ended with the test."""
    with ExitStack() as stack:

        def made(example: Example) -> Deployed:
            found = Deployed(tmp_path, example)
            stack.callback(found.close)
            return found

        yield made
