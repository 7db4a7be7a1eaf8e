"""Whether what runs after a start is the release, all of it and nothing else of the application. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gonogo.runtimes.compose.model.roles import expected_count
from gonogo.state.release import Release

__all__ = ["CONTAINER", "SeenContainer", "containers", "differences", "of_turn"]

_FIELDS = (
    "{{.Name}}",
    "{{.Image}}",
    '{{index .Config.Labels "com.docker.compose.service"}}',
    '{{index .Config.Labels "gonogo.release"}}',
    '{{index .Config.Labels "gonogo.service"}}',
)
CONTAINER = "\t".join(_FIELDS)
"""What ``docker container inspect --format`` is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenContainer:
    """One container of the project: what it runs, for which service, of which release."""

    name: str
    image: str
    service: str
    release: str
    own: str = ""
    """What its service is called in the compose file, where its release stands beside others."""


def containers(output: str) -> tuple[SeenContainer, ...]:
    """Reads the answer to ``CONTAINER``, one line a container."""
    rows = (line.split("\t") for line in output.splitlines() if line.strip())
    return tuple(
        SeenContainer(name=name.lstrip("/"), image=image, service=service, release=release, own=own)
        for name, image, service, release, own in rows
    )


def of_turn(seen: Sequence[SeenContainer], called: Collection[str], release: Release) -> tuple[SeenContainer, ...]:
    """Those that a start is judged by, by the names of the compose file; another release's turn is its own.

    ``called`` are the names of a start that leaves what else there is alone.
    """
    if not called:
        return tuple(one for one in seen if not one.own)
    return tuple(replace(one, service=one.own) for one in seen if one.service in called and one.release == release.id)


def differences(
    seen: Sequence[SeenContainer], release: Release, definitions: Mapping[str, Mapping[str, Any]]
) -> tuple[str, ...]:
    """What is not as the release's model has it, one text each: service, container, image.

    Whether a container keeps running is asked by the checks, which look longer.
    """
    return (
        *(text for service in release.services for text in _service(seen, service, release, definitions)),
        *(_left(one) for one in seen if one.service not in definitions and one.release not in ("", release.id)),
    )


def _service(
    seen: Sequence[SeenContainer], service: str, release: Release, definitions: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    definition = definitions.get(service, {})
    mine = [one for one in seen if one.service == service]
    image = release.images.get(service)
    label = (definition.get("labels") or {}).get("gonogo.release", "")
    for one in mine:
        if image is not None and one.image != image:
            yield f"service {service}: container {one.name} runs image {one.image:.19}, expected {image:.19}"
        elif one.release != label:
            found = one.release or "none"
            yield f"service {service}: container {one.name} is of release {found}, expected {label or 'none'}"
    count = expected_count(definition)
    if len(mine) != count:
        names = f" ({', '.join(sorted(one.name for one in mine))})" if mine else ""
        yield f"service {service}: found {len(mine)} containers{names}, expected {count}"


def _left(one: SeenContainer) -> str:
    return (
        f"service {one.service}: container {one.name} of release {one.release} is left with image {one.image:.19}, "
        "expected none: the release has no such service"
    )
