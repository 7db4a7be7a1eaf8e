"""Send requests to a release through the proxy that stands in front, and prove that they arrive."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gonogo.errors import CommandError
from gonogo.host.runner import Command
from gonogo.runtimes.compose.files import COMPOSE, read_model, services_of
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.own_front import front_in
from gonogo.runtimes.compose.seat import Seat
from gonogo.runtimes.compose.start import command_actions
from gonogo.runtimes.front import is_own
from gonogo.runtimes.process.health import require_free
from gonogo.runtimes.protocols import Action
from gonogo.runtimes.switching import Lead, proxy_here
from gonogo.state.release import Release
from gonogo.traffic import adapter_of
from gonogo.traffic.base import Upstreams, alone, shared
from gonogo.traffic.send import Proxy, described

__all__ = ["PORTS", "Led", "mount_of"]

PORTS = "ports.json"
"""Service and port → the port of this machine that a proxy on it was told."""
_SECONDS = 60.0


class Led(Seat):
    """A release to which requests are sent."""

    def upstreams(self) -> Upstreams:
        """Where requests for this release go, as the proxy reaches it."""
        if self.traffic.service is not None:
            return alone({name: f"{self.name(service)}:{port}" for name, (service, port) in self.targets.items()})
        if self.release.beside:
            ports = json.loads((self.release.folder / PORTS).read_text(encoding="utf-8"))
            at = {name: ports[f"{service}:{port}"] for name, (service, port) in self.targets.items()}
        else:
            at = {name: self._published(service, port) for name, (service, port) in self.targets.items()}
        return alone({name: f"127.0.0.1:{port}" for name, port in at.items()})

    def _published(self, service: str, inside: int) -> int:
        for port in services_of(self.model).get(service, {}).get("ports") or ():
            if port.get("target") == inside and str(port.get("published") or "").isdecimal():
                return int(port["published"])
        raise CommandError(
            f"service {service}: found no port of this machine that leads to its port {inside}, expected one that the "
            "proxy on this machine was told"
        )

    def proxy(self, container: str = "") -> Proxy:
        """The proxy; one in a container by the container's name, or by a placeholder for it."""
        traffic, place = self.traffic, self.place
        if traffic.service is None:
            return proxy_here(traffic, place)
        folder = (place.path / traffic.folder).resolve() if traffic.folder else None
        adapter = adapter_of(traffic)
        name = container or f"{{{traffic.service}}}"
        return Proxy(
            host=place.host,
            adapter=adapter,
            name=f"service {traffic.service}",
            folder=folder,
            inside=mount_of(self.model, traffic.service, folder) or "" if folder is not None else "",
            prefix=("docker", "exec", name),
            processes=("docker", "top", name),
        )

    @property
    def may_be_led(self) -> bool:
        """Whether the proxy that it comes with is told where requests go."""
        traffic = self.place.environment.traffic
        if traffic is None or (is_own(traffic) and not self.release.beside):  # who has its own port needs no front
            return False
        if traffic.service is None or traffic.folder is None:
            return True
        folder = (self.place.path / traffic.folder).resolve()
        return mount_of(self.model, traffic.service, folder) is not None

    def switching(self, outgoing: Release | None) -> Iterator[Action]:
        """Sends every request to it, and proves by answers through the public address that they arrive there."""
        fronts = (*self.base.fronts(), *self.base.passing())
        said = [f"{command}  # where anything of it changed" for command in fronts]
        yield Action(said=tuple(map(str, said)), do=partial(self._bring_up_fronts, fronts, outgoing, self.upstreams))
        own = front_in(self.place, self.model)
        if own is not None:
            yield Action(said=own.described(), do=lambda: own.ensure(self.upstreams(), self._give_up_port))
        with contextlib.suppress(OSError):  # ports that are not chosen yet
            said = [*described(self.proxy(), self.upstreams())]
        yield Action(
            said=(*said, f"# {self.url} is asked until this release answers"), do=partial(self._switch, outgoing)
        )

    def _give_up_port(self) -> None:
        """Stops the containers of this project that publish the port which the front takes."""
        self.forget()
        port = self.traffic.listens[1]
        ids = [one.id for one in self.seen if one.state == "running" and re.search(rf":{port}->", one.ports)]
        if ids:
            grace = math.ceil(self.place.environment.command_timeout)
            self.place.host.run(Command(argv=("docker", "stop", *ids), timeout=grace)).require()
        require_free("the front", port)

    def sharing(self, other: Led, percent: int) -> Iterator[Action]:
        """Sends so many of a hundred requests to it, and the others to the release that serves."""
        fronts = (*self.base.fronts(), *self.base.passing())
        said = [f"{command}  # where anything of it changed" for command in fronts]
        yield Action(said=tuple(said), do=partial(self._bring_up_fronts, fronts, other.release, other.upstreams))
        with contextlib.suppress(OSError):  # ports that are not chosen yet
            said = [*described(self.proxy(), shared(other.upstreams(), self.upstreams(), percent))]
        yield Action(said=tuple(said), do=partial(self._share, other, percent))

    def _bring_up_fronts(
        self, commands: Sequence[Command], outgoing: Release | None, upstreams: Callable[[], Upstreams]
    ) -> None:
        """Starts what stands in front, where it does not run as this release's model has it."""
        names = roles.fronts(self.model, self.release.services)
        before = read_model(outgoing) if outgoing is not None and (outgoing.folder / COMPOSE).is_file() else None
        same = before is not None and all(
            _as_it_runs(services_of(before).get(name)) == _as_it_runs(services_of(self.model)[name]) for name in names
        )
        if same and (self.traffic.service is None or self.container(required=False)):
            return
        proxy = self.proxy()
        if proxy.file is not None and (outgoing is None or not proxy.file.exists()):
            proxy.file.parent.mkdir(parents=True, exist_ok=True)
            proxy.file.write_text(proxy.adapter.render(upstreams()), encoding="utf-8")
        for action in command_actions(self.base, commands):
            action.do()
        self.forget()

    def container(self, *, required: bool = True) -> str:
        """The running container of the proxy; an empty text where none is, if that is no mistake."""
        service, project = self.traffic.service or "", self.place.environment.project
        found = [one.name for one in self.seen if one.service == service and one.state == "running"]
        if required and not found:
            raise CommandError(
                f"service {service}: found no running container of project {project}, expected the proxy. "
                f"Look at `docker compose --project-name {project} logs {service}`"
            )
        return found[0] if found else ""

    def _switch(self, outgoing: Release | None) -> None:
        self._lead().switch(outgoing)

    def _share(self, other: Led, percent: int) -> None:
        self._lead().share(other.release, other.upstreams(), percent)

    def _lead(self) -> Lead:
        return Lead(
            place=self.place,
            release=self.release,
            traffic=self.traffic,
            proxy=self.proxy(self.container() if self.traffic.service is not None else ""),
            upstreams=self.upstreams(),
            url=self.url,
            direct=self.direct,
        )


def mount_of(model: Mapping[str, Any], service: str, folder: Path) -> str | None:
    """Where a service sees a folder of this machine; None where it does not."""
    for mount in roles.bind_mounts(model):
        source = Path(mount.source).resolve()
        if mount.service == service and (folder == source or folder.is_relative_to(source)):
            inner = folder.relative_to(source).as_posix()
            return mount.target if inner == "." else f"{mount.target.rstrip('/')}/{inner}"
    return None


def _as_it_runs(service: Mapping[str, Any] | None) -> Any:
    """What a container is made of; what it waits for is none of it."""
    return {key: value for key, value in (service or {}).items() if key != "depends_on"}
