"""A release started as if nobody asked whether it is well, so that what a fault does can be seen from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx
import psutil
from httpx import codes

from gonogo.config import Environment
from gonogo.host.busy import patient

from .case import CaseError

__all__ = ["Plain", "Starter", "clean", "containers", "processes", "variables"]

_STARTS = 12.0
"""Seconds that a start is given; who does not answer by then is not answering."""


_FIRST = (
    ("alembic.ini", ("-m", "alembic", "upgrade", "head")),
    ("manage.py", ("manage.py", "migrate", "--noinput")),
    ("manage.py", ("manage.py", "collectstatic", "--noinput")),
)
"""File that tells, and what is run with it before a start."""


class Plain:
    """Files of a release; one that was started says more.

    Raises:
        CaseError: what only a started one knows was asked.
    """

    def __init__(self, tree: Path, url: str) -> None:
        """Nothing is started."""
        self.tree, self.url = tree, url
        self.went = True

    @property
    def variables(self) -> dict[str, str]:
        """What it is started with, of the environment's own file."""
        return variables(self.tree / ".env")

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response | None:
        """Its answer; None for none."""
        return self._asked("GET", path, headers=dict(headers or {}))

    def post(self, path: str, fields: Mapping[str, str]) -> httpx.Response | None:
        """Its answer to fields sent as JSON; None for none."""
        return self._asked("POST", path, json=dict(fields))

    def _asked(self, method: str, path: str, **sent: Any) -> httpx.Response | None:
        try:
            return httpx.request(method, self.url + path, timeout=5, trust_env=False, **sent)
        except httpx.HTTPError:
            return None

    def migrated(self) -> bool:
        """Whether its migrations ran to their end."""
        return self.went

    def ended(self, service: str) -> bool:
        """Whether the service came to its end within the time that is given to a start."""
        raise self._asleep(service)

    def log(self, service: str) -> str:
        """What the service printed."""
        raise self._asleep(service)

    def run(self, service: str, *argv: str) -> str:  # noqa: ARG002 (nothing runs it)
        """What a command prints beside the service."""
        raise self._asleep(service)

    def close(self) -> None:
        """Nothing runs."""

    def _asleep(self, service: str) -> CaseError:
        return CaseError(f"{service}: found nothing that was started, expected a case that runs")


class Starter(Protocol):
    """Starts the files of a release."""

    def __call__(self, tree: Path, environment: Environment, place: Path) -> Plain:
        """Its world; ``place`` is for what starts share."""


@dataclass
class _Processes(Plain):
    tree: Path
    url: str
    went: bool = True
    started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def ended(self, service: str) -> bool:
        try:
            self.started[service].wait(timeout=_STARTS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def log(self, service: str) -> str:
        return (self.tree / f"{service}.log").read_text(encoding="utf-8", errors="replace")

    def run(self, service: str, *argv: str) -> str:  # noqa: ARG002 (all run in one tree)
        return _said(argv, self.tree, {**clean(), **self.variables})

    def close(self) -> None:
        for process in self.started.values():
            for child in _children(process.pid):
                child.kill()
            process.kill()
            process.wait(10)


def processes(tree: Path, environment: Environment, place: Path) -> Plain:
    """Each service as a process of this machine, with what requirements.txt names."""
    world = _Processes(tree, str(environment.url))
    python = _venv(tree, place)
    environ = {**clean(), **world.variables, "PYTHONPATH": ".", "PYTHONDONTWRITEBYTECODE": "1"}
    for file, argv in _FIRST:
        if (tree / file).exists():
            done = subprocess.run([python, *argv], cwd=tree, env=environ, capture_output=True, timeout=60, check=False)
            world.went = world.went and done.returncode == 0
    for service, facts in environment.service.items():
        world.started[service] = _launch(service, facts, tree, python, environ)
    _wait(world, environment, lambda: any(one.poll() is not None for one in world.started.values()))
    return world


@dataclass
class _Containers(Plain):
    tree: Path
    url: str
    project: str
    went: bool = True

    def ended(self, service: str) -> bool:
        deadline = time.monotonic() + _STARTS
        while time.monotonic() < deadline:
            state = self.compose("ps", "--all", "--format", "{{.State}}", service)
            if any(word in state for word in ("exited", "restarting", "dead")):
                return True
            time.sleep(0.5)
        return False

    def log(self, service: str) -> str:
        return self.compose("logs", "--no-color", service)

    def run(self, service: str, *argv: str) -> str:
        entry, *rest = argv
        return self.compose(
            "run", "--rm", "--no-deps", "--no-TTY", "--user", "0", "--entrypoint", entry, service, *rest
        )

    def close(self) -> None:
        self.compose("down", "--volumes", "--rmi", "local", "--timeout", "1")

    def compose(self, *arguments: str) -> str:
        """What Compose prints."""
        return _said(("docker", "compose", "--project-name", self.project, *arguments), self.tree, clean())


def containers(tree: Path, environment: Environment, place: Path) -> Plain:
    """Built, migrated and started by Compose, which is asked for nothing else."""
    world = _Containers(
        tree, str(environment.url), f"{environment.project}-{place.name}-{tree.parent.name}"[:60].lower()
    )
    compose = ["docker", "compose", "--project-name", world.project]
    built = subprocess.run([*compose, "build", "--quiet"], cwd=tree, env=clean(), capture_output=True, check=False)
    if built.returncode == 0:
        services = environment.service
        listed = subprocess.run(
            [*compose, "config", "--services"], cwd=tree, env=clean(), capture_output=True, check=False
        )
        others = {*listed.stdout.decode().split()} - {*services}
        world.compose("up", "--detach", "--no-build", "--no-deps", "--wait", *others)
        migrating = next(name for name, facts in services.items() if facts.migrations != "none")
        migrate = [*compose, "run", "--rm", "--no-deps", "--no-TTY", migrating, "alembic", "upgrade", "head"]
        done = subprocess.run(migrate, cwd=tree, env=clean(), capture_output=True, timeout=120, check=False)
        world.went = done.returncode == 0
        world.compose("up", "--detach", "--no-build", "--no-deps", *services)
        _wait(world, environment, lambda: False)
    return world


def _wait(world: Plain, environment: Environment, is_over: Any) -> None:
    """Until it answers, came to its end, or had its time."""
    deadline = time.monotonic() + patient(_STARTS)
    while time.monotonic() < deadline and not is_over():
        if all(_is_answered(world.get(path)) for path in (environment.health.live, "/")):
            return
        time.sleep(0.1)


def _is_answered(answer: httpx.Response | None) -> bool:
    """By the application; a proxy in front of one that still starts says so."""
    return answer is not None and answer.status_code != codes.BAD_GATEWAY


def _launch(service: str, facts: Any, tree: Path, python: str, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    argv = facts.command if isinstance(facts.command, list | tuple) else str(facts.command).split()
    argv = [part.replace("{python}", python).replace("{port}", str(facts.port)) for part in argv]
    given = {**environ, "PORT": str(facts.port)} if facts.port else environ
    with (tree / f"{service}.log").open("wb") as log:
        try:
            return subprocess.Popen(argv, cwd=tree, env=given, stdout=log, stderr=log, start_new_session=True)
        except OSError:
            return subprocess.Popen([sys.executable, "-c", "raise SystemExit(127)"], stdout=log, stderr=log)


def _venv(tree: Path, place: Path) -> str:
    """An environment with what the release asks for, made once for each list."""
    listed = tree / "requirements.txt"
    wanted = listed.read_text() if listed.exists() else ""
    made = place / f"venv-{abs(hash(wanted))}"
    if not made.exists():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(made)], check=True, timeout=60)
        python = str(made / "bin" / "python")
        install = [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, "-r", str(listed)]
        subprocess.run(install, check=False, timeout=300, capture_output=True)
    return str(made / "bin" / "python")


def variables(path: Path) -> dict[str, str]:
    """Those of an env file that is simply written."""
    lines = [line.partition("=") for line in path.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return {name: value for name, _, value in lines}


def clean() -> dict[str, str]:
    """The variables of this process without those of a test run."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "GONOGO_", "COV_"))}


def _said(argv: tuple[str, ...], folder: Path, environ: Mapping[str, str]) -> str:
    done = subprocess.run(
        argv, cwd=folder, env=dict(environ), capture_output=True, text=True, timeout=120, check=False, errors="replace"
    )
    return done.stdout + done.stderr


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
