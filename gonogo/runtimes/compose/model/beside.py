"""The model of a release that is started beside the one that serves: its services under names of their own. Pure.

Names of their own are what a proxy can tell apart. Among themselves the services find each other by the names that the
compose file has, in a network that only this release is in.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.planning import plans_work

__all__ = ["OWN", "called", "doubts", "network_of", "own_name", "turn"]

OWN = "gonogo.service"
"""Label of a container: what its service is called in the compose file."""
_RELEASE = "gonogo.release"
_SERVICE = "com.docker.compose.service"
_NETWORK = "gonogo-release"


def called(service: str, beside: str) -> str:
    """What a service is called while its release stands beside another one."""
    return f"{service}-{beside}" if beside else service


def network_of(project: str, beside: str) -> str:
    """The network that only this release is in, as the Engine knows it."""
    return f"{project}_{beside}"


def own_name(labels: Mapping[str, str], release: str | None) -> str:
    """What a container's service is called in the compose file; one of another release's turn keeps its long name."""
    is_own = OWN in labels and labels.get(_RELEASE) == release
    return labels[OWN] if is_own else labels.get(_SERVICE, "")


def turn(
    model: Mapping[str, Any], services: Collection[str], *, beside: str, asked: Mapping[str, Mapping[int, int | None]]
) -> dict[str, Any]:
    """The model with nothing but the deployed services, as they stand beside those that serve.

    Args:
        model: what the release is started from otherwise.
        services: the deployed ones.
        beside: what their names end in.
        asked: service → its ports that are reached from this machine, and where: None is a free one.
    """
    result = copy.deepcopy(dict(model))
    network = {"name": network_of(str(model["name"]), beside), "internal": True}
    result["networks"] = {**(result.get("networks") or {}), _NETWORK: network}
    result["services"] = {
        called(name, beside): _renamed(name, definition, services, beside, asked.get(name, {}))
        for name, definition in result["services"].items()
        if name in services
    }
    return result


def _renamed(
    name: str,
    service: dict[str, Any],
    services: Collection[str],
    beside: str,
    ports: Mapping[int, int | None],
) -> dict[str, Any]:
    known_as = [name, *filter(None, (service.pop("container_name", None),))]
    service.pop("ports", None)
    if ports:
        service["ports"] = [
            {"mode": "ingress", "protocol": "tcp", "host_ip": "127.0.0.1", "target": inside}
            | ({} if outside is None else {"published": str(outside)})
            for inside, outside in ports.items()
        ]
    service["labels"] = {**(service.get("labels") or {}), OWN: name}
    if service.get("restart") == "always":  # what was stopped would come back with the Engine
        service["restart"] = "unless-stopped"
    needs = service.pop("depends_on", None) or {}
    kept = {called(other, beside): how for other, how in needs.items() if other in services}
    if kept:
        service["depends_on"] = kept
    service["links"] = [_link(link, services, beside) for link in service.get("links") or ()]
    if "network_mode" in service:
        return service
    networks = {}
    for key, options in (service.get("networks") or {"default": None}).items():
        known_as += (options or {}).get("aliases") or ()
        networks[key] = {option: value for option, value in (options or {}).items() if option != "aliases"} or None
    service["networks"] = {**networks, _NETWORK: {"aliases": list(dict.fromkeys(known_as))}}
    return service


def _link(link: str, services: Collection[str], beside: str) -> str:
    name, _, alias = link.partition(":")
    return f"{called(name, beside)}:{alias or name}" if name in services else link


def doubts(
    model: Mapping[str, Any],
    services: Collection[str],
    *,
    single: Collection[str],
    stated: Collection[str],
    upstreams: Mapping[str, str],
    proxy: str | None,
) -> Iterator[str]:
    """Why a model cannot run twice on one machine, each with what to do.

    ``single`` are handed over, ``stated`` are those of which gonogo.toml says whether they are.
    """
    definitions: Mapping[str, Mapping[str, Any]] = model.get("services") or {}
    served = {target.rpartition(":")[0]: name for name, target in upstreams.items()}
    for service, name in served.items():
        if service not in services:
            yield (
                f"traffic.upstreams.{name}: found {service}, expected a deployed service: {', '.join(sorted(services))}"
            )
        elif service in single:
            yield (
                f"service {service}: found single = true and requests that are sent to it (upstream {name}), expected "
                'one of them: nobody is served while it is handed over. Use strategy = "recreate"'
            )
    if proxy is not None and proxy not in definitions:
        known = ", ".join(sorted(definitions))
        yield f"traffic.service: found {proxy}, expected a service of the compose file: {known}"
    elif proxy is not None and proxy in services:
        yield (
            f"traffic.service: found {proxy}, which each release builds and replaces, expected a proxy that stays: "
            f"give service {proxy} an image instead of build, and mount its configuration"
        )
    needed = {other for one in definitions.values() for other in one.get("depends_on") or {}}
    for name in services:
        definition = definitions.get(name, {})
        yield from _twice(name, definition, is_store=name in needed and roles.stores_data(model, name))
        words = [word for text in roles.start_words(definition) for word in text.split()]
        if name not in stated and plans_work(words):
            yield (
                f"service {name}: found `{' '.join(words)}`, which plans work and must not run twice; write "
                f"single = true under [service.{name}]: the old one is stopped before the new one starts "
                "(single = false says that it may)"
            )
    for name, definition in definitions.items():
        shared = [key for key in ("network_mode", "ipc", "pid") if _of_service(definition.get(key)) in services]
        for key in [*shared, *(["volumes_from"] if _from(definition) & {*services} else [])]:
            yield (
                f"service {name}: found {key} of a deployed service, which two releases cannot share. "
                'Use strategy = "recreate"'
            )


def _twice(name: str, service: Mapping[str, Any], *, is_store: bool) -> Iterator[str]:
    advice = 'Use strategy = "recreate", or take it away'
    if service.get("network_mode") == "host":
        yield f"service {name}: found network_mode: host, where two releases would take one port. {advice}"
    fixed = [key for key, one in (service.get("networks") or {}).items() if (one or {}).get("ipv4_address")]
    if fixed:
        yield f"service {name}: found a fixed address in network {fixed[0]}, which two releases cannot have. {advice}"
    if is_store:
        yield (
            f"service {name}: found a data store that is built here, on whose files two cannot write. "
            'Give it an image, so that it is left alone, or use strategy = "recreate"'
        )


def _of_service(value: Any) -> str:
    kind, _, name = str(value or "").partition(":")
    return name if kind == "service" else ""


def _from(service: Mapping[str, Any]) -> set[str]:
    return {str(one).partition(":")[0] for one in service.get("volumes_from") or ()}
