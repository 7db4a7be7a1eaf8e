"""Who stands where a release's requests arrive, asked of the Engine and of the proxies in front."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from gonogo.host.runner import Command, Host
from gonogo.inspection.machine.fronts import configuration, kind, upstreams
from gonogo.runtimes.compose.engine import connect, containers_of
from gonogo.runtimes.compose.entry import entry_words, image_config
from gonogo.runtimes.compose.files import services_of
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.model.arrivals import Ways, standing

__all__ = ["begins_with", "fronts_of", "kind_of", "strangers", "upstreams_of"]

_SECONDS = 20.0


def strangers(
    model: Mapping[str, Any],
    services: Collection[str],
    host: Host,
    *,
    project: str,
    urls: Collection[str],
    release: str | None = None,
) -> Iterator[str]:
    """Whoever gets requests that are meant for this release, one text each.

    Raises:
        RuntimeUnreachableError: the Engine does not answer.
    """
    around = services_of(model)
    with connect() as client:
        seen = [standing(one.attrs, release=release) for one in client.containers.list(ignore_removed=True)]
        running = {
            one.labels.get("com.docker.compose.service", ""): one.name or ""
            for one in containers_of(client, project)
            if one.status == "running"
        }
    ways = Ways(project=project, around=around, deployed=services, own_networks=_own_networks(model), seen=seen)
    for url in urls:
        yield from ways.strangers_on(url)
    yield from ways.namesakes()
    for front in fronts_of(model, services, host):
        if front in running:
            yield from ways.misled(front, upstreams_of(model, front, running[front], host))


def _own_networks(model: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the networks that the model makes; those of others may be shared."""
    networks: Mapping[str, Any] = model.get("networks") or {}
    return tuple(
        (one or {}).get("name") or f"{model['name']}_{key}"
        for key, one in networks.items()
        if not (one or {}).get("external")
    )


def fronts_of(model: Mapping[str, Any], services: Collection[str], host: Host) -> tuple[str, ...]:
    """What stands in front: of the services that are not deployed, and of those that are the nginx and Caddy ones."""
    own = (name for name in services if name in services_of(model) and kind_of(model, name, host))
    return (*roles.fronts(model, services), *own)


def begins_with(model: Mapping[str, Any], service: str, host: Host) -> tuple[str, ...]:
    """How a service's container begins: the model's words, else those of its image where that is here."""
    return entry_words(services_of(model)[service], image_config(roles.image_name(model, service), host))


def kind_of(model: Mapping[str, Any], service: str, host: Host) -> str:
    """``nginx`` or ``caddy``, by the image's name or by what the image runs; empty for anything else."""
    return kind(roles.image_name(model, service), begins_with(model, service, host))


def upstreams_of(model: Mapping[str, Any], front: str, container: str, host: Host) -> tuple[str, ...]:
    """Where a proxy that can be asked sends requests; nothing where it cannot."""
    proxy = kind_of(model, front, host)
    words = configuration(proxy, begins_with(model, front, host))
    if words is None:
        return ()
    shown = host.run(Command(argv=("docker", "exec", container, *words), timeout=_SECONDS), output_limit=None)
    return upstreams(proxy, shown.output) if shown.ok else ()
