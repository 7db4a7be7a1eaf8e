"""Which running containers stand where a release's requests arrive, and which of them are not its own. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gonogo.inspection.answers.addresses import is_loopback
from gonogo.runtimes.compose.model.beside import own_name
from gonogo.runtimes.compose.model.ports import overlap
from gonogo.runtimes.compose.model.roles import is_proxy

__all__ = ["Standing", "Ways", "standing"]

_PROJECT = "com.docker.compose.project"
_ONCE = "com.docker.compose.oneoff"
_MACHINE = frozenset({"host.docker.internal", "gateway.docker.internal"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One running container, as far as it matters who gets requests."""

    name: str
    image: str
    """As it was named when the container was made."""
    project: str
    service: str
    networks: Mapping[str, frozenset[str]]
    """Network → the names and addresses under which it answers there."""
    gateways: frozenset[str]
    """The addresses of this machine, as it sees them."""
    published: frozenset[tuple[str, int]]
    """Addresses and TCP ports of this machine."""

    def __str__(self) -> str:
        """Names it as people look it up."""
        return f"container {self.name} ({self.image}, project {self.project or 'none'})"

    def open_ports(self) -> Iterator[int]:
        """The ports that it has on more than this machine's loopback: other containers reach them."""
        yield from (port for address, port in self.published if not is_loopback(f"//{address}"))


def standing(attrs: Mapping[str, Any], *, release: str | None = None) -> Standing:
    """What ``docker inspect`` says of a container; one of ``compose run`` belongs to no service.

    ``release`` is the one whose services have the names of the compose file, where releases take turns.

    One that was started by hand has its image's labels, which Compose gave that: it belongs to no project.
    """
    config, settings = attrs["Config"], attrs.get("NetworkSettings") or {}
    labels = config.get("Labels") or {}
    networks = settings.get("Networks") or {}
    name = attrs["Name"].lstrip("/")
    once = labels.get(_ONCE)
    return Standing(
        name=name,
        image=config.get("Image") or "",
        project=labels.get(_PROJECT, "") if once else "",
        service=own_name(labels, release) if once == "False" else "",
        networks={network: frozenset(filter(None, _known_as(name, one))) for network, one in networks.items()},
        gateways=frozenset(one.get("Gateway") or "" for one in networks.values()),
        published=frozenset(_published(settings.get("Ports") or {})),
    )


def _known_as(name: str, network: Mapping[str, Any]) -> Iterator[str]:
    yield from (name, network.get("IPAddress") or "", network.get("GlobalIPv6Address") or "")
    yield from network.get("Aliases") or ()
    yield from network.get("DNSNames") or ()


def _published(ports: Mapping[str, Sequence[Mapping[str, str]] | None]) -> Iterator[tuple[str, int]]:
    for inside, bindings in ports.items():
        if inside.endswith("/tcp"):
            yield from ((one.get("HostIp") or "", int(one["HostPort"])) for one in bindings or () if one["HostPort"])


@dataclass(frozen=True, kw_only=True)
class Ways:
    """The containers of an Engine, and which of them are an environment's."""

    project: str
    around: Collection[str]
    """Every service of the release's model."""
    deployed: Collection[str]
    """Those that the release consists of."""
    own_networks: Collection[str]
    """The networks that only this project is meant to use."""
    seen: Sequence[Standing]

    def strangers_on(self, url: str) -> Iterator[str]:
        """Who else has a loopback URL's port, and cannot lead to this release: one text each."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = "127.0.0.1" if (parts.hostname or "").endswith("localhost") else parts.hostname or ""
        for one in self.seen if is_loopback(url) else ():
            if not any(number == port and overlap(address, host) for address, number in one.published):
                continue
            if not self._is_ours(one) and not self._may_lead_here(one):
                yield f"{url}: {one} has the port, and no way to this release"

    def namesakes(self) -> Iterator[str]:
        """Who else answers to a deployed service's name in a network of the project: one text each."""
        for network in self.own_networks:
            ours = [one for one in self.seen if self._is_deployed(one) and network in one.networks]
            taken = {name: one.service for one in ours for name in one.networks[network]}
            for one in self.seen:
                names = sorted(set() if self._is_ours(one) else one.networks.get(network, frozenset()) & taken.keys())
                if names:
                    yield f"{one} answers to the name {names[0]} too in network {network}, and gets its requests"

    def misled(self, front: str, upstreams: Iterable[str]) -> Iterator[str]:
        """Where a front sends requests that should reach this release: one text for each wrong upstream.

        An upstream that leads to no container that is known says nothing.
        """
        led = {upstream: found for upstream in upstreams if (found := self._led_to(front, upstream))}
        here = any(self._is_ours(one) for found in led.values() for one in found)
        for upstream, found in led.items():
            strangers = [one for one in found if not self._is_ours(one)]
            mixed = len(strangers) < len(found)
            for one in strangers:
                if mixed or not here or self._was_ours(one):
                    yield f"{front} sends requests for {upstream} to {one}, which is not of this release"

    def _led_to(self, front: str, upstream: str) -> list[Standing]:
        """The containers that an upstream (``host:port``) means, as the front sees it."""
        host, _, port = upstream.rpartition(":") if upstream.rpartition(":")[2].isdecimal() else (upstream, "", "80")
        of = [one for one in self.seen if one.project == self.project and one.service == front]
        if host in _MACHINE or any(host in one.gateways for one in of):
            return [one for one in self.seen if any(number == int(port) for number in one.open_ports())]
        shared = {network for one in of for network in one.networks}
        return [one for one in self.seen if any(host in one.networks.get(name, ()) for name in shared)]

    def _is_ours(self, one: Standing) -> bool:
        return one.project == self.project and one.service in self.around

    def _is_deployed(self, one: Standing) -> bool:
        return one.project == self.project and one.service in self.deployed

    def _was_ours(self, one: Standing) -> bool:
        """Whether it is left from the environment's own past: an orphan, or started by hand from its image."""
        by_hand = not one.project and one.image.startswith((f"{self.project}-", f"{self.project}_"))
        return by_hand or one.project == self.project

    def _may_lead_here(self, one: Standing) -> bool:
        """Whether it could pass requests on: through a network of ours, or as a known proxy to a port of ours."""
        ours = [mine for mine in self.seen if self._is_ours(mine)]
        shares = any(one.networks.keys() & mine.networks.keys() for mine in ours)
        return shares or (is_proxy(one.image) and any(port for mine in ours for port in mine.open_ports()))
