"""Where one of several releases stands: what its services are called, what starts them, where they are asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from gonogo.config.traffic import Traffic
from gonogo.host.runner import Command
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.files import COMPOSE
from gonogo.runtimes.compose.inspector import ComposeInspector
from gonogo.runtimes.compose.model.beside import called
from gonogo.runtimes.compose.own_front import listening
from gonogo.runtimes.compose.up import Groups, Steps
from gonogo.runtimes.switching import traffic_of
from gonogo.state.release import Release

__all__ = ["BESIDE", "Row", "Seat"]

BESIDE = "compose.beside.json"
"""``COMPOSE`` with the deployed services alone, under names of their own."""
_SECONDS = 60.0
_LABELS = ("com.docker.compose.service", "gonogo.service", "gonogo.release")
_FIELDS = ("{{.ID}}", "{{.Names}}", *(f'{{{{.Label "{one}"}}}}' for one in _LABELS), "{{.State}}", "{{.Status}}")
_FORM = "\t".join((*_FIELDS, "{{.Ports}}"))
_ADDRESSES = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
_ANYWHERE = frozenset({"0.0.0.0", "::", "[::]"})  # noqa: S104 (what a published port says, nothing is bound)


@dataclass(frozen=True, slots=True)
class Row:
    """One container of the project, as ``docker ps`` has it."""

    id: str
    name: str
    service: str
    """What Compose calls it."""
    called: str
    """What the compose file calls it, where releases take turns."""
    release: str
    state: str
    status: str
    ports: str

    @property
    def is_well(self) -> bool:
        """Whether it runs, and is healthy where that is known."""
        return self.state == "running" and "(unhealthy)" not in self.status and "(health:" not in self.status


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
        """Who receives requests."""
        return listening(traffic_of(self.place), self.model)

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

    @cached_property
    def seen(self) -> tuple[Row, ...]:
        """The project's containers as they were when somebody looked last; ``forget`` makes that look again."""
        rows = (line.split("\t") for line in self._listed().splitlines())
        return tuple(Row(*row) for row in rows if len(row) == len(fields(Row)))

    def forget(self) -> None:
        """Something was started or stopped."""
        self.__dict__.pop("seen", None)

    def own(self, service: str) -> list[Row]:
        """The containers of one of its services that run."""
        mine = (one for one in self.seen if one.release == self.release.id and one.service == self.name(service))
        return [one for one in mine if one.state == "running"]

    def direct(self) -> dict[str, str]:
        """Service → ``host:port`` where this release itself is asked, past the proxy; what does not run is left out."""
        found: dict[str, str] = {}
        for service, port in self.targets.values():
            if at := next((at for one in self.own(service) if (at := self._address(one, port))), ""):
                found.setdefault(service, at)
        return found

    def _address(self, row: Row, port: int) -> str:
        """Where a container's port is reached from this machine: by a port of this one, else by its own address."""
        published = re.search(rf"(\S+?):(\d+)->{port}/tcp", row.ports)
        if published is not None:
            return f"{'127.0.0.1' if published[1] in _ANYWHERE else published[1]}:{published[2]}"
        argv = ("docker", "container", "inspect", "--format", _ADDRESSES, row.id)
        addresses = self.place.host.run(Command(argv=argv, timeout=_SECONDS)).output.split()
        return f"{addresses[0]}:{port}" if addresses else ""

    def steps_of(self, running: Sequence[str]) -> Steps:
        """The commands that bring some of its services up, and its one-shots."""
        groups = self.base.groups
        beside = Groups(
            backing=(),
            awaited=(),
            stores=(),
            fronts=(),
            passing=(),
            unwatched=frozenset(map(self.name, groups.unwatched)),
            early=tuple(map(self.name, groups.early)),
            running=tuple(map(self.name, running)),
            late=tuple(map(self.name, groups.late)),
        )
        return replace(
            self.base,
            model=self.path,
            groups=beside,
            again=frozenset(map(self.name, self.base.again)),
            called={self.name(name): name for name in self.release.services},
        )

    def _listed(self) -> str:
        wanted = (f"com.docker.compose.project={self.place.environment.project}", "com.docker.compose.oneoff=False")
        filters = (word for label in wanted for word in ("--filter", f"label={label}"))
        argv = ("docker", "ps", "--all", "--no-trunc", "--format", _FORM, *filters)
        return self.place.host.run(Command(argv=argv, timeout=_SECONDS), output_limit=None).require().output
