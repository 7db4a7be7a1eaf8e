"""Which container names a release will ask for, and who holds one already. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["LISTED", "Held", "listed", "taken", "wanted"]

_LABEL = "com.docker.compose"
LISTED = f'{{{{.Names}}}}\t{{{{.Label "{_LABEL}.project"}}}}\t{{{{.Label "{_LABEL}.service"}}}}\t{{{{.State}}}}'
"""What ``docker ps --all --format`` is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One container of the machine, whoever started it, running or not."""

    name: str
    project: str = ""
    service: str = ""
    state: str = ""

    def __str__(self) -> str:
        """Whose it is, as people would look it up."""
        whose = f"of project {self.project}" if self.project else "of no Compose project"
        return f"a container {whose}{f' ({self.state})' if self.state else ''}"


def listed(output: str) -> tuple[Held, ...]:
    """Reads the answer to ``LISTED``, one line a container."""
    rows = (line.split("\t") for line in output.splitlines() if line.count("\t") == 3)  # noqa: PLR2004 (four fields)
    return tuple(Held(name=name, project=project, service=one, state=state) for name, project, one, state in rows)


def wanted(model: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(name, service) of every container that the model asks for: the fixed ones, and those that Compose gives."""
    for service, definition in (model.get("services") or {}).items():
        fixed = definition.get("container_name")
        if fixed:
            yield fixed, service
        else:
            names = (f"{model['name']}-{service}-{number}" for number in range(1, _count(definition) + 1))
            yield from ((name, service) for name in names)


def taken(
    names: Iterable[tuple[str, str]],
    held: Iterable[Held],
    *,
    project: str,
    replaced: Collection[str] = (),
) -> Iterator[str]:
    """Names that are not to be had, one line each: somebody else holds one, or two services ask for it.

    Args:
        names: what the release asks for, with the service that does.
        held: every container of the machine.
        project: the environment's own; what it runs for the same service gives the name up.
        replaced: services that are removed before the release starts; so do they.
    """
    holders = {one.name: one for one in held}
    asked: dict[str, str] = {}
    for name, service in names:
        if name in asked:
            yield f"container name {name} is asked for by {asked[name]} and by {service}"
        asked[name] = service
        one = holders.get(name)
        if one is None or (one.project == project and one.service in {service, *replaced}):
            continue
        own = one.project == project
        holder = f"the container of service {one.service}, which is not replaced before it" if own else str(one)
        yield f"container name {name} for {service} is held by {holder}"


def _count(definition: Mapping[str, Any]) -> int:
    deploy: Mapping[str, Any] = definition.get("deploy") or {}
    count = definition.get("scale", deploy.get("replicas", 1))
    return int(count) if count is not None else 1
