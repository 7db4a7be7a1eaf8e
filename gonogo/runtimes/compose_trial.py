"""Ask a proxy of the pinned model about its configuration, in a scratch container, before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gonogo.host import Command, Completed, Host
from gonogo.inspection import compose_model
from gonogo.inspection.fronts import others, question
from gonogo.runtimes.compose_engine import scratch_label, scratch_name
from gonogo.runtimes.compose_entry import entry_words
from gonogo.runtimes.compose_files import services_of
from gonogo.runtimes.compose_inside import variables_for_run
from gonogo.runtimes.compose_render import environment_of

__all__ = ["trial"]

_SECONDS = 30.0


def trial(model: Mapping[str, Any], service: str, host: Host) -> Completed | None:
    """What the proxy says of its configuration; None where it cannot be asked: its image or a volume is not here.

    It sees the files that it would see, the other services' names lead nowhere, and nothing is published.
    """
    definition = services_of(model)[service]
    image = compose_model.image_name(model, service)
    words = question(image, entry_words(definition, {}))
    volumes = compose_model.volumes_declared(model)
    if words is None or not _is_here("image", image, host):
        return None
    if not all(_is_here("volume", one.name, host) for one in volumes if _is_used(definition, one.key)):
        return None
    name, label = scratch_name(), "=".join(scratch_label(str(model.get("name", ""))))
    variables, carried = variables_for_run(environment_of(definition))
    argv = ["docker", "run", "--rm", "--name", name, "--label", label, "--pull", "never", *variables]
    argv += [word for other in others(model, service) for word in ("--add-host", f"{other}:127.0.0.1")]
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
