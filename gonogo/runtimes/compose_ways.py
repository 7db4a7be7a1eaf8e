"""Who stands where a release's requests arrive, asked of the Engine and of the proxies in front."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from gonogo.host import Command, Host
from gonogo.inspection import compose_model
from gonogo.inspection.fronts import configuration, upstreams
from gonogo.inspection.ways import Ways, standing
from gonogo.runtimes.compose_engine import connect, containers_of
from gonogo.runtimes.compose_entry import entry_words
from gonogo.runtimes.compose_files import services_of

__all__ = ["strangers", "upstreams_of"]

_SECONDS = 20.0


def strangers(
    model: Mapping[str, Any], services: Collection[str], host: Host, *, project: str, urls: Collection[str]
) -> Iterator[str]:
    """Whoever gets requests that are meant for this release, one text each.

    Raises:
        RuntimeUnreachableError: the Engine does not answer.
    """
    around = services_of(model)
    with connect() as client:
        seen = [standing(one.attrs) for one in client.containers.list(ignore_removed=True)]
        running = {
            one.labels.get("com.docker.compose.service", ""): one.name or ""
            for one in containers_of(client, project)
            if one.status == "running"
        }
    ways = Ways(project=project, around=around, deployed=services, own_networks=_own_networks(model), seen=seen)
    for url in urls:
        yield from ways.strangers_on(url)
    yield from ways.namesakes()
    for front in compose_model.fronts(model, services):
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


def upstreams_of(model: Mapping[str, Any], front: str, container: str, host: Host) -> tuple[str, ...]:
    """Where a proxy that can be asked sends requests; nothing where it cannot."""
    image = compose_model.image_name(model, front)
    words = configuration(image, entry_words(services_of(model)[front], {}))
    if words is None:
        return ()
    shown = host.run(Command(argv=("docker", "exec", container, *words), timeout=_SECONDS), output_limit=None)
    return upstreams(image, shown.output) if shown.ok else ()
