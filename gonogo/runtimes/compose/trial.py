"""Ask a proxy of the pinned model about its configuration, in a scratch container, before anything is touched."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from gonogo.host.runner import Command, Completed, Host
from gonogo.inspection.machine.fronts import configuration, extra_hosts, networks_of, others, question
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.engine import connect, scratch_label, scratch_name
from gonogo.runtimes.compose.files import services_of
from gonogo.runtimes.compose.inside import variables_for_run
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.model.beside import OWN
from gonogo.runtimes.compose.model.from_engine import SERVICE
from gonogo.runtimes.compose.render import environment_of
from gonogo.runtimes.compose.ways import begins_with
from gonogo.state.release import Release
from gonogo.traffic import adapter_of

__all__ = ["reachable", "trial", "unwritten"]

_SECONDS = 30.0
_UNWRITTEN = re.compile(r"[\"' ](/[^\"'\s]+)[\"':]* [^\n]*?[Rr]ead-only file system")


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
            for container in client.containers.list(filters={"network": str(network.id)}, ignore_removed=True):
                labels = container.labels
                if labels.get("com.docker.compose.project") != project or not labels.get(SERVICE) or OWN in labels:
                    settings = container.attrs["NetworkSettings"]["Networks"].get(network.name) or {}
                    found += [container.name or "", *(settings.get("Aliases") or ())]
    return tuple(dict.fromkeys(filter(None, found)))


def unwritten(place: Place, serving: Release | None) -> str | None:
    """The proxy that cannot be asked yet: its file is written by the first deployment; None where it is there.

    One that is there while nothing serves was left by releases that nobody knows any more.
    """
    traffic = place.environment.traffic
    if traffic is None or traffic.folder is None:
        return None
    is_written = serving is not None and (place.path / traffic.folder / adapter_of(traffic).file).exists()
    return None if is_written else traffic.service


def trial(
    model: Mapping[str, Any], service: str, host: Host, *, names: Sequence[str] | None = None, shown: bool = False
) -> Completed | None:
    """What the proxy says of its configuration; None where it cannot be asked, or misses what only a start makes.

    It sees the files that it would see, the names that it can reach lead nowhere, and nothing is published. A folder
    into which it writes while it is asked (its logs) is an empty one. So is a volume that is not here yet; what it
    misses there, another service may bring.

    Args:
        model: the pinned model.
        service: the proxy.
        host: runs docker.
        names: the names that it can reach; None for those of the release's services.
        shown: it shows the configuration instead of judging it.
    """
    definition = services_of(model)[service]
    image = roles.image_name(model, service)
    words = (configuration if shown else question)(image, begins_with(model, service, host))
    if words is None or not _is_here("image", image, host):
        return None
    absent = {one.key for one in _used(model, definition) if not _is_here("volume", one.name, host)}
    label = "=".join(scratch_label(str(model.get("name", ""))))
    variables, carried = variables_for_run(environment_of(definition))
    argv = ["--label", label, "--pull", "never", *variables]
    given = extra_hosts(definition)
    known = others(model, service) if names is None else names
    argv += [word for one in given for word in ("--add-host", one)]
    own = {one.partition(":")[0] for one in given}
    argv += [word for other in known if other not in own for word in ("--add-host", f"{other}:127.0.0.1")]
    emptied: set[str] = set()
    while True:
        done = _asked((*argv, *_mounts(model, service, emptied, absent), image, *words), carried, host)
        written = _written(model, service, done.errors) - emptied
        if not written:
            break
        emptied |= written
    targets = [volume["target"] for volume in _volumes(definition) if volume.get("source") in absent]
    said = done.errors + done.output
    return None if not done.ok and any(_names(said, target) for target in targets) else done


def _asked(words: Sequence[str], carried: Mapping[str, str], host: Host) -> Completed:
    name = scratch_name()
    try:
        return host.run(Command(argv=("docker", "run", "--rm", "--name", name, *words), env=carried, timeout=_SECONDS))
    finally:
        host.run(Command(argv=("docker", "rm", "--force", "--volumes", name), timeout=_SECONDS))


def _written(model: Mapping[str, Any], service: str, said: str) -> set[str]:
    """The writable mounts in which the proxy failed to write."""
    paths = [PurePosixPath(path) for path in _UNWRITTEN.findall(said)]
    volumes = services_of(model)[service].get("volumes") or ()
    targets = [str(one.get("target", "")) for one in volumes if not one.get("read_only")]
    return {one for one in targets if one and any(path.is_relative_to(one) and str(path) != one for path in paths)}


def _mounts(model: Mapping[str, Any], service: str, emptied: Collection[str], absent: Collection[str]) -> Iterator[str]:
    for target in sorted(emptied):
        yield from ("--tmpfs", target)
    names = {one.key: one.name for one in roles.volumes_declared(model)}
    for volume in _volumes(services_of(model)[service]):
        key, target = volume.get("source"), volume["target"]
        if key in absent:  # nameless, so that it goes with the container
            yield from ("--mount", f"type=volume,target={target}")
        elif key in names and target not in emptied:
            yield from ("--mount", f"type=volume,source={names[key]},target={target},readonly")
    for mount in roles.bind_mounts(model):
        if mount.service == service and mount.target not in emptied:
            yield from ("--mount", f"type=bind,source={mount.source},target={mount.target},readonly")


def _used(model: Mapping[str, Any], definition: Mapping[str, Any]) -> tuple[roles.NamedVolume, ...]:
    used = {volume.get("source") for volume in _volumes(definition)}
    return tuple(one for one in roles.volumes_declared(model) if one.key in used)


def _volumes(definition: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return tuple(one for one in definition.get("volumes") or () if one.get("type") == "volume")


def _names(said: str, folder: str) -> bool:
    """Whether a proxy's words name what stands below the folder."""
    return re.search(rf"(?<![\w./-]){re.escape(folder.rstrip('/'))}(?![\w.-])", said) is not None


def _is_here(kind: str, name: str, host: Host) -> bool:
    return host.run(Command(argv=("docker", kind, "inspect", name), timeout=_SECONDS)).ok
