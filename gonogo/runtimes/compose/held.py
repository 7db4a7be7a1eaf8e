"""Where the containers of a project keep their data now, as the Engine says."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gonogo.inspection.code.image_files import holds_a_file
from gonogo.runtimes.compose.engine import archive, connect, containers_of
from gonogo.runtimes.compose.model.from_engine import SERVICE

__all__ = ["held_now", "holds_nothing", "volumes_here"]


def held_now(project: str) -> Mapping[str, Mapping[str, str]]:
    """Service → place in its container → the volume's name, or the folder.

    Raises:
        RuntimeUnreachableError: the Engine could not be asked.
    """
    found: dict[str, dict[str, str]] = {}
    with connect() as client:
        for container in containers_of(client, project):
            held = found.setdefault(container.labels.get(SERVICE, ""), {})
            for mount in container.attrs.get("Mounts") or ():
                held[str(mount["Destination"]).rstrip("/")] = str(mount.get("Name") or mount.get("Source") or "")
    return found


def holds_nothing(project: str, service: str, place: str) -> bool:
    """Whether there is no file at a place of any container of a service; without a container nobody knows.

    Raises:
        RuntimeUnreachableError: the Engine could not be asked.
    """
    with connect() as client:
        own = [one for one in containers_of(client, project) if one.labels.get(SERVICE, "") == service]
        for container in own:
            with archive(container, place) as there:
                if there is not None and holds_a_file(there.stream):
                    return False
    return bool(own)


def volumes_here(names: Collection[str]) -> frozenset[str]:
    """Those of some volumes that exist.

    Raises:
        RuntimeUnreachableError: the Engine could not be asked.
    """
    with connect() as client:
        known = {volume.name for volume in client.volumes.list()} if names else set()
    return frozenset(names) & known
