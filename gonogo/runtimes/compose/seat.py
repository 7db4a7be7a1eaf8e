"""Where one of several releases stands: what its services are called, what starts them, where they are asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gonogo.config.traffic import Traffic
from gonogo.errors import UsageError
from gonogo.host.runner import Command
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.files import COMPOSE
from gonogo.runtimes.compose.inspector import ComposeInspector
from gonogo.runtimes.compose.model.beside import called
from gonogo.runtimes.compose.steps import Groups, Steps
from gonogo.state.release import Release

__all__ = ["BESIDE", "Seat"]

BESIDE = "compose.beside.json"
"""``COMPOSE`` with the deployed services alone, under names of their own."""
_SECONDS = 60.0
_NETWORKS = "{{json .NetworkSettings}}"


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A release, where releases take turns; also one whose services have the names of the compose file."""

    place: Place
    release: Release
    model: Mapping[str, Any]
    """What it is pinned with."""
    base: Steps
    """What starts everything around it."""

    @property
    def traffic(self) -> Traffic:
        """Who receives requests.

        Raises:
            UsageError: nothing is configured.
        """
        found = self.place.environment.traffic
        if found is None:
            raise UsageError(
                f"env.{self.place.environment.name}.traffic: found nothing, expected who receives requests"
            )
        return found

    def name(self, service: str) -> str:
        """What a service of this release is called."""
        return called(service, self.release.beside)

    @property
    def path(self) -> Path:
        """The model that starts it."""
        return self.release.folder / (BESIDE if self.release.beside else COMPOSE)

    def command(self, *words: str) -> Command:
        """One command of the project, with that model."""
        return replace(self.steps_of(()), model=self.path).command(*words)

    @property
    def url(self) -> str:
        """Where everybody asks; empty where that is not known."""
        return ComposeInspector(self.place, self.release).url() or ""

    @property
    def targets(self) -> dict[str, tuple[str, int]]:
        """Upstream → service, port."""
        parts = {name: target.rpartition(":") for name, target in self.traffic.upstreams.items()}
        return {name: (service, int(port)) for name, (service, _, port) in parts.items()}

    @property
    def single(self) -> frozenset[str]:
        """The services of which two must never run."""
        return frozenset(name for name, one in self.place.environment.service.items() if one.single)

    def direct(self) -> dict[str, str]:
        """Service → ``host:port`` where this release itself is asked, past the proxy; what does not run is left out."""
        found: dict[str, str] = {}
        for service, port in self.targets.values():
            label = f"gonogo.release={self.release.id}"
            ids = self.ids(label, f"com.docker.compose.service={self.name(service)}", running=True)
            for line in self.inspected(_NETWORKS, ids[:1]).splitlines():
                if at := _address(json.loads(line), port):
                    found.setdefault(service, at)
        return found

    def steps_of(self, running: Sequence[str]) -> Steps:
        """The commands that bring some of its services up, and its one-shots."""
        groups = self.base.groups
        names = {
            "early": groups.early,
            "running": running,
            "late": groups.late,
        }
        own = {kind: tuple(map(self.name, found)) for kind, found in names.items()}
        beside = Groups(
            backing=(),
            awaited=(),
            stores=(),
            fronts=(),
            passing=(),
            unwatched=frozenset(map(self.name, groups.unwatched)),
            **own,
        )
        return replace(
            self.base,
            model=self.path,
            groups=beside,
            again=frozenset(map(self.name, self.base.again)),
            called={self.name(name): name for name in self.release.services},
        )

    def ids(self, *labels: str, running: bool = False) -> list[str]:
        """Ids of the project's containers with these labels."""
        return self.listed("{{.ID}}", *labels, running=running).split()

    def listed(self, form: str, *labels: str, running: bool = False) -> str:
        """What ``docker ps`` says of them."""
        project = f"com.docker.compose.project={self.place.environment.project}"
        wanted = (project, "com.docker.compose.oneoff=False", *labels)
        filters = (word for label in wanted for word in ("--filter", f"label={label}"))
        argv = ("docker", "ps", *(() if running else ("--all",)), "--no-trunc", "--format", form, *filters)
        return self.place.host.run(Command(argv=argv, timeout=_SECONDS), output_limit=None).require().output

    def inspected(self, form: str, ids: Sequence[str]) -> str:
        """What ``docker container inspect`` says of containers."""
        if not ids:
            return ""
        argv = ("docker", "container", "inspect", "--format", form, *ids)
        return self.place.host.run(Command(argv=argv, timeout=_SECONDS), output_limit=None).require().output


def _address(settings: Mapping[str, Any], port: int) -> str:
    """Where a container's port is reached from this machine: by a port of this one, else by its own address."""
    for binding in (settings.get("Ports") or {}).get(f"{port}/tcp") or ():
        if binding.get("HostPort"):
            host = binding.get("HostIp") or "127.0.0.1"
            return f"{'127.0.0.1' if host in {'0.0.0.0', '::'} else host}:{binding['HostPort']}"  # noqa: S104 (it is read)
    addresses = (one.get("IPAddress") for one in (settings.get("Networks") or {}).values())
    return next((f"{one}:{port}" for one in addresses if one), "")
