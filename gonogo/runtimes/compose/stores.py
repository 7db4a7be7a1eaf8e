"""What stands behind a release: what stays when a project is taken down, and whose images are still to be pulled."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from gonogo.host.runner import Command, Host
from gonogo.runtimes.compose.files import services_of
from gonogo.runtimes.compose.model.roles import backing, bind_mounts, volumes_used

__all__ = ["absent", "stores_of"]

_SECONDS = 60.0
_HERE = frozenset({"never", "build"})
"""Policies by which Compose pulls nothing."""


def absent(model: Mapping[str, Any], services: Collection[str], *, project: str, host: Host) -> tuple[str, ...]:
    """The services beside these that have no container and whose image is not here: a start would have to pull it."""
    others = {
        name: str(service["image"])
        for name, service in services_of(model).items()
        if name not in services and "build" not in service and service.get("pull_policy") not in _HERE
    }
    missing = [name for name, image in others.items() if _is_absent(image, host)]
    label = f"label=com.docker.compose.project={project}"
    words = ("ps", "--all", "--filter", label, "--format", '{{.Label "com.docker.compose.service"}}')
    there = host.run(Command(argv=("docker", *words), timeout=_SECONDS)).output.split() if missing else ()
    return tuple(name for name in missing if name not in there)


def _is_absent(image: str, host: Host) -> bool:
    """Whether the Engine says so; where it says nothing, nobody knows."""
    asked = host.run(Command(argv=("docker", "image", "inspect", "--format", "{{.Id}}", image), timeout=_SECONDS))
    return not asked.ok and "no such image" in asked.errors.lower()


def stores_of(model: Mapping[str, Any], services: Collection[str]) -> tuple[str, ...]:
    """Each in words; a data store without a named volume may have one that its image declares."""
    used = volumes_used(model)
    volumes = {name: f"the volume {name}" for names in used.values() for name in names}
    folders = {
        mount.source: f"the folder {mount.source}"
        for mount in bind_mounts(model)
        if not mount.read_only and Path(mount.source).is_dir()
    }
    kept = [f"what {name} keeps" for name in backing(model, services) if not used[name]]
    return (*volumes.values(), *folders.values(), *kept)
