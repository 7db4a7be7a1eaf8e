"""Ask a proxy of the pinned model about its configuration, in a scratch container, before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gonogo.host import Command, Completed, Host
from gonogo.inspection import compose_model
from gonogo.inspection.engine_model import SERVICE
from gonogo.inspection.fronts import configuration, extra_hosts, networks_of, others, question
from gonogo.runtimes.compose_engine import connect, scratch_label, scratch_name
from gonogo.runtimes.compose_files import services_of
from gonogo.runtimes.compose_inside import variables_for_run
from gonogo.runtimes.compose_render import environment_of
from gonogo.runtimes.compose_ways import start_words

__all__ = ["reachable", "trial"]

_SECONDS = 30.0


def reachable(model: Mapping[str, Any], service: str) -> tuple[str, ...]:
    """The names that a proxy can resolve beside those of the DNS: of the release's services, and on shared networks.

    Raises:
        RuntimeUnreachableError: the Engine could not be asked.
    """
    definition, project = services_of(model)[service], str(model.get("name", ""))
    given = [one.partition(":")[0] for one in extra_hosts(definition)]
    found = [*others(model, service), *given]
    outside = model.get("networks") or {}
    joined = {
        str((outside.get(name) or {}).get("name") or f"{project}_{name}")
        for name in networks_of(services_of(model), service)
    }
    with connect() as client:
        there = client.networks.list(names=sorted(joined)) if joined else []
        for network in (one for one in there if one.name in joined):
            for container in client.containers.list(filters={"network": str(network.id)}):
                if container.labels.get("com.docker.compose.project") != project or not container.labels.get(SERVICE):
                    settings = container.attrs["NetworkSettings"]["Networks"].get(network.name) or {}
                    found += [container.name or "", *(settings.get("Aliases") or ())]
    return tuple(dict.fromkeys(filter(None, found)))


def trial(
    model: Mapping[str, Any], service: str, host: Host, *, names: Sequence[str] | None = None, shown: bool = False
) -> Completed | None:
    """What the proxy says of its configuration; None where it cannot be asked: its image or a volume is not here.

    It sees the files that it would see, the names that it can reach lead nowhere, and nothing is published.

    Args:
        model: the pinned model.
        service: the proxy.
        host: runs docker.
        names: the names that it can reach; None for those of the release's services.
        shown: it shows the configuration instead of judging it.
    """
    definition = services_of(model)[service]
    image = compose_model.image_name(model, service)
    words = (configuration if shown else question)(image, start_words(model, service, host))
    volumes = compose_model.volumes_declared(model)
    if words is None or not _is_here("image", image, host):
        return None
    if not all(_is_here("volume", one.name, host) for one in volumes if _is_used(definition, one.key)):
        return None
    name, label = scratch_name(), "=".join(scratch_label(str(model.get("name", ""))))
    variables, carried = variables_for_run(environment_of(definition))
    argv = ["docker", "run", "--rm", "--name", name, "--label", label, "--pull", "never", *variables]
    given = extra_hosts(definition)
    known = others(model, service) if names is None else names
    argv += [word for one in given for word in ("--add-host", one)]
    own = {one.partition(":")[0] for one in given}
    argv += [word for other in known if other not in own for word in ("--add-host", f"{other}:127.0.0.1")]
    argv += _mounts(model, service)
    try:
        return host.run(Command(argv=(*argv, image, *words), env=carried, timeout=_SECONDS))
    finally:
        host.run(Command(argv=("docker", "rm", "--force", "--volumes", name), timeout=_SECONDS))


def _mounts(model: Mapping[str, Any], service: str) -> Iterator[str]:
    names = {one.key: one.name for one in compose_model.volumes_declared(model)}
    for volume in services_of(model)[service].get("volumes") or ():
        if volume.get("type") == "volume" and volume.get("source") in names:
            yield from ("--mount", f"type=volume,source={names[volume['source']]},target={volume['target']},readonly")
    for mount in compose_model.bind_mounts(model):
        if mount.service == service:
            yield from ("--mount", f"type=bind,source={mount.source},target={mount.target},readonly")


def _is_used(definition: Mapping[str, Any], key: str) -> bool:
    return any(
        volume.get("type") == "volume" and volume.get("source") == key for volume in definition.get("volumes") or ()
    )


def _is_here(kind: str, name: str, host: Host) -> bool:
    return host.run(Command(argv=("docker", kind, "inspect", name), timeout=_SECONDS)).ok
