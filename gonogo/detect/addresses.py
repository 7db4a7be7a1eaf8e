"""Where an application answers from outside: published ports, what stands in front, names that a proxy routes by."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from gonogo.detect.facts import Fact, guess
from gonogo.runtimes.compose.model.roles import image_name, is_proxy

__all__ = ["STORE", "Address", "address_of", "environment_of", "is_front", "is_store", "is_stored_behind"]

STORE = re.compile(
    r"(?:^|/)(?:postgres\w*|postgis|timescaledb|pgvector|pgbouncer|mysql|mariadb|percona|mongo|redis|valkey|keydb|dragonfly"
    r"|memcached|rabbitmq|nats|kafka|zookeeper|elasticsearch|opensearch|meilisearch|typesense|minio|rustfs|clickhouse\w*"
    r"|cockroach|influxdb|qdrant|weaviate|chroma|solr|localstack|azurite|etcd|consul|vault|neo4j|couchdb|cassandra|scylla)"
    r"(?:[-_:@/]|$)"
)
_HOST = re.compile(r"Host\(\s*[`'\"]([\w.-]+)")
_WEB_PORTS = (80, 8080, 8000, 8001, 5000, 3000, 443, 8443)
_TLS = frozenset({443, 8443})
_STORE_PORTS = frozenset({1433, 3306, 5432, 5672, 6379, 6432, 9200, 11211, 27017})
_FRONT = re.compile(r"(?:^|[-_])(?:nginx|caddy|traefik|proxy|haproxy|gateway|ingress|envoy|webserver)(?:$|[-_])")
_LOOPBACK = "127.0.0.1"


class Address:
    """A URL, whether it is certain, and the service that publishes it."""

    def __init__(self, url: Fact[str], service: str, *, inner: int) -> None:
        """``inner`` is the port in the container."""
        self.url = url
        self.service = service
        self.inner = inner


def address_of(
    model: Mapping[str, Any],
    *,
    web: Collection[str],
    where: Mapping[str, str],
    made_up: bool,
    proxies: Collection[str] = (),
    listening: Mapping[str, Collection[int]] | None = None,
) -> Address | None:
    """The address of what stands in front, else of the service that serves.

    Args:
        model: The rendered model.
        web: The services that serve the application, the main one first.
        where: Service → the place that publishes its ports.
        made_up: A port that an example filled in is only likely.
        proxies: What stands in front.
        listening: Of each proxy the ports that its configuration listens on, where that tells.
    """
    services = model.get("services") or {}
    named = _routed(services, web)
    for name in (*proxies, *web):
        open_to = (listening or {}).get(name)
        ports = sorted(_answering(services.get(name) or {}, open_to), key=_rank)
        if not ports:
            continue
        ip, published, inner = ports[0]
        scheme = "https" if inner in _TLS or published in _TLS else "http"
        host = named or (ip if ip not in {"", "0.0.0.0", _LOOPBACK} else _LOOPBACK)  # noqa: S104
        default = {"http": 80, "https": 443}[scheme]
        url = f"{scheme}://{host}" + (f":{published}" if published != default else "")
        certain = not made_up and scheme == "http" and not named and not _routes_by_name(services.get(name) or {})
        proof = f"{where.get(name, name)} ({name} publishes {published})"
        return Address(Fact(url, proof) if certain else guess(url, proof), name, inner=inner)
    if named and web and any(_routes_by_name(one) for one in services.values()):
        return Address(
            guess(f"http://{named}", f"{where.get(next(iter(web)), '')} (its Traefik rule)"), next(iter(web)), inner=0
        )
    return None


def is_stored_behind(service: Mapping[str, Any]) -> bool:
    """Whether all that a service publishes are ports of data services."""
    ports = [inner for _, _, inner in _ports(service)]
    return bool(ports) and all(port in _STORE_PORTS for port in ports)


def is_front(model: Mapping[str, Any], name: str) -> bool:
    """Whether a service is a proxy, by its image or, where it is built, by the name of that or by its own."""
    service = model["services"][name]
    if "build" not in service:
        return is_proxy(image_name(model, name))
    called = str(service.get("image") or name).partition("@")[0].rpartition("/")[2].partition(":")[0]
    return bool(_FRONT.search(called))


def is_store(model: Mapping[str, Any], name: str) -> bool:
    """Whether a service keeps data, by its image."""
    return bool(STORE.search(image_name(model, name).casefold()))


def environment_of(service: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a rendered service."""
    return {name: str(value) for name, value in (service.get("environment") or {}).items() if value is not None}


def _answering(service: Mapping[str, Any], open_to: Collection[int] | None) -> list[tuple[str, int, int]]:
    """The published ports behind which something can answer a visitor."""
    ports = [port for port in _ports(service) if port[2] not in _STORE_PORTS]
    return [port for port in ports if port[2] in open_to] if open_to else ports


def _ports(service: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    for port in service.get("ports") or ():
        published = str(port.get("published") or "").partition("-")[0]
        if published.isdecimal() and int(published) and port.get("protocol", "tcp") == "tcp":
            yield str(port.get("host_ip") or ""), int(published), int(port.get("target") or 0)


def _rank(port: tuple[str, int, int]) -> tuple[int, int]:
    inner = port[2]
    return (_WEB_PORTS.index(inner) if inner in _WEB_PORTS else len(_WEB_PORTS), inner)


def _routes_by_name(service: Mapping[str, Any]) -> bool:
    """Traefik answers only for the names that somebody gave it."""
    return "traefik" in f"{service.get('image', '')} {(service.get('build') or {}).get('dockerfile', '')}"


def _routed(services: Mapping[str, Any], web: Sequence[str] | Collection[str]) -> str:
    """The host name under which Traefik knows the service that serves."""
    for name in web:
        labels = (services.get(name) or {}).get("labels") or {}
        pairs = labels.items() if isinstance(labels, Mapping) else (label.partition("=")[::2] for label in labels)
        for key, value in pairs:
            match = _HOST.search(str(value)) if ".rule" in key else None
            if match:
                return match[1]
    return ""
