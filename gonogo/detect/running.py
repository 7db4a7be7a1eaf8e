"""What of an application runs on this machine already: its Compose project, its files, and what it answers."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from gonogo.errors import GonogoError
from gonogo.host.directed import directed
from gonogo.host.runner import Command, Host

__all__ = ["Answer", "Running", "ask", "running_in"]

_PROJECT = "com.docker.compose.project"
_SECONDS = 20.0
_TIMEOUT = 5.0
AGENT = "gonogo init"


@dataclass(frozen=True, kw_only=True)
class Running:
    """One Compose project that was started from the folder, or from a folder below it."""

    project: str
    files: tuple[str, ...]
    """Its compose files, relative to the folder where they are below it."""
    env_file: str = ""
    services: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Of each service one container, as ``docker inspect`` tells it."""

    def workdir(self, service: str) -> str:
        """The working folder of a service's container; empty where it has none."""
        return str(self._config(service).get("WorkingDir") or "")

    def command(self, service: str) -> tuple[str, ...]:
        """Entry point and command of a service's container."""
        config = self._config(service)
        return (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))

    def ports(self, service: str) -> tuple[tuple[str, int, int], ...]:
        """Address, port of the host and port of the container, for all that a service publishes."""
        ports = (self.services.get(service, {}).get("NetworkSettings") or {}).get("Ports") or {}
        return tuple(
            (str(bound.get("HostIp") or ""), int(bound["HostPort"]), int(inner.partition("/")[0]))
            for inner, listed in ports.items()
            for bound in listed or ()
            if ":" not in str(bound.get("HostIp") or "")
        )

    def _config(self, service: str) -> Mapping[str, Any]:
        return dict(self.services.get(service, {}).get("Config") or {})


def running_in(folder: Path, host: Host) -> tuple[Running, ...]:
    """The Compose projects that run and were started from a folder; none where Docker does not answer."""
    try:
        listed = host.run(
            Command(argv=("docker", "ps", "--quiet", "--no-trunc", "--filter", f"label={_PROJECT}"), timeout=_SECONDS),
            output_limit=None,
        )
        names = listed.output.split() if listed.ok else []
        if not names:
            return ()
        told = host.run(Command(argv=("docker", "inspect", *names), timeout=_SECONDS), output_limit=None)
        containers = json.loads(told.output) if told.output.strip() else []
    except (GonogoError, ValueError):
        return ()
    return tuple(_projects(containers, folder.resolve()))


def _projects(containers: list[dict[str, Any]], folder: Path) -> Iterator[Running]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for one in containers:
        labels = (one.get("Config") or {}).get("Labels") or {}
        place = Path(labels.get(f"{_PROJECT}.working_dir") or "/nowhere")
        files = [Path(name) for name in (labels.get(f"{_PROJECT}.config_files") or "").split(",") if name]
        if place.is_relative_to(folder) or any(path.is_relative_to(folder) for path in files):
            grouped.setdefault(labels[_PROJECT], []).append(one)
    for project, members in sorted(grouped.items()):
        yield _project(project, members, folder)


def _project(project: str, members: list[dict[str, Any]], folder: Path) -> Running:
    labels = members[0]["Config"]["Labels"]
    files = [Path(name) for name in (labels.get(f"{_PROJECT}.config_files") or "").split(",") if name]
    env_file = labels.get(f"{_PROJECT}.environment_file") or ""
    return Running(
        project=project,
        files=tuple(os.path.relpath(path, folder) for path in files if path.is_relative_to(folder)),
        env_file=os.path.relpath(env_file, folder) if env_file and Path(env_file).is_relative_to(folder) else "",
        services={
            one["Config"]["Labels"].get("com.docker.compose.service", one["Name"].lstrip("/")): one for one in members
        },
    )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an address answered."""

    status: int
    seconds: float
    kind: str
    location: str = ""
    text: str = field(default="", repr=False)

    @property
    def document(self) -> Any:
        """The answer as JSON; None where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


def ask(url: str, reached: Callable[[str], str] = str) -> Answer | None:
    """Asks an address once; None where nothing answers. ``reached`` says where a request to a URL is sent."""
    began = time.monotonic()
    try:
        direct = directed(url, reached, verify=False)
        with httpx.Client(transport=direct, timeout=_TIMEOUT, headers={"User-Agent": AGENT}, verify=False) as client:  # noqa: S501 (only a look)
            answer = client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return Answer(
        status=answer.status_code,
        seconds=time.monotonic() - began,
        kind=answer.headers.get("content-type", ""),
        location=answer.headers.get("location", ""),
        text=answer.text[:400_000],
    )
