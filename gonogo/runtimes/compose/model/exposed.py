"""Which data services of a rendered compose model can be reached from other machines. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from gonogo.runtimes.compose.model.roles import image_name

__all__ = ["Exposed", "exposed"]

_KINDS: Mapping[str, tuple[int, ...]] = {
    r"postgres(?:ql)?|postgis|timescaledb(?:-ha)?|pgvector|pgbouncer": (5432, 6432),
    r"mysql|mysql-server|mariadb|percona(?:-server)?": (3306, 33060),
    r"mongo|mongodb|mongodb-community-server|percona-server-mongodb": (27017, 27018, 27019),
    r"redis|redis-stack|redis-stack-server|valkey|keydb|dragonfly": (6379,),
    r"memcached": (11211,),
    r"elasticsearch|opensearch": (9200, 9300),
    r"rabbitmq": (4369, 5672, 15672, 25672),
    r"clickhouse|clickhouse-server": (8123, 9000),
    r"cassandra|scylla": (9042,),
}
"""Image, by the last part of its name, and the ports on which it answers whoever asks; devices may use others."""
_TELLING = frozenset({3306, 5432, 5672, 6379, 9200, 11211, 27017})
"""Ports on which hardly anything else answers."""
_ADDRESS = "com.docker.network.bridge.host_binding_ipv4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """One port of a data service that other machines reach."""

    service: str
    image: str
    address: str
    published: str
    target: int
    is_sure: bool
    """Whether the image is known to be a data service's; else its port alone says so."""

    def __str__(self) -> str:
        """What is published where."""
        what = self.image if self.is_sure else f"{self.image}, a data service as its port {self.target} tells"
        return f"{self.service} publishes {self.published} on {self.address}, open to other machines ({what})"


def exposed(model: Mapping[str, Any], *, bases: Mapping[str, str], address: str = "") -> tuple[Exposed, ...]:
    """The data services that are published beyond this machine and its private networks.

    Args:
        model: the rendered model.
        bases: service that is built here → the image that its Dockerfile begins with.
        address: where the engine publishes when nobody says it; empty for everywhere.
    """
    return tuple(one for name in model.get("services") or {} for one in _of_service(model, name, bases, address))


def _of_service(model: Mapping[str, Any], name: str, bases: Mapping[str, str], address: str) -> Iterator[Exposed]:
    service = model["services"][name]
    image = bases.get(name) or image_name(model, name)
    own = _own_ports(image)
    bound = _bound(model, service)
    for port in service.get("ports") or ():
        target, at = int(port.get("target") or 0), str(port.get("host_ip") or bound or address or "0.0.0.0")  # noqa: S104
        if (target in own or target in _TELLING) and bound is not None and _is_open(at):
            published = str(port.get("published") or "a port that the engine chooses")
            yield Exposed(
                service=name, image=image, address=at, published=published, target=target, is_sure=target in own
            )


def _own_ports(image: str) -> tuple[int, ...]:
    name = re.split(r"[:@]", image.rpartition("/")[2].casefold())[0]
    return next((ports for pattern, ports in _KINDS.items() if re.fullmatch(pattern, name)), ())


def _bound(model: Mapping[str, Any], service: Mapping[str, Any]) -> str | None:
    """The address that its networks publish on, empty where they do not say; None where they publish nothing."""
    declared = model.get("networks") or {}
    networks = [declared.get(name) or {} for name in service.get("networks") or {"default": None}]
    if networks and all(network.get("internal") for network in networks):
        return None
    said = {str((network.get("driver_opts") or {}).get(_ADDRESS) or "") for network in networks}
    return said.pop() if len(said) == 1 else ""


def _is_open(address: str) -> bool:
    """Whether an address is everywhere, or the world's; one of a private network is somebody's own choice."""
    try:
        found = ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return found.is_unspecified or found.is_global
