"""Whether what runs after a start is the release, all of it and nothing else of the application. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gonogo.runtimes.compose.inspector import expected_count
from gonogo.state.release import Release

__all__ = ["CONTAINER", "Seen", "containers", "differences"]

_FIELDS = (
    "{{.Name}}",
    "{{.Image}}",
    '{{index .Config.Labels "com.docker.compose.service"}}',
    '{{index .Config.Labels "gonogo.release"}}',
)
CONTAINER = "\t".join(_FIELDS)
"""What ``docker container inspect --format`` is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One container of the project: what it runs, for which service, of which release."""

    name: str
    image: str
    service: str
    release: str


def containers(output: str) -> tuple[Seen, ...]:
    """Reads the answer to ``CONTAINER``, one line a container."""
    rows = (line.split("\t") for line in output.splitlines() if line.strip())
    return tuple(
        Seen(name=name.lstrip("/"), image=image, service=service, release=release)
        for name, image, service, release in rows
    )


def differences(
    seen: Sequence[Seen], release: Release, definitions: Mapping[str, Mapping[str, Any]]
) -> tuple[str, ...]:
    """What is not as the release's model has it, one text each: service, container, image.

    Whether a container keeps running is asked by the checks, which look longer.
    """
    return (
        *(text for service in release.services for text in _service(seen, service, release, definitions)),
        *(_left(one) for one in seen if one.service not in definitions and one.release not in ("", release.id)),
    )


def _service(
    seen: Sequence[Seen], service: str, release: Release, definitions: Mapping[str, Mapping[str, Any]]
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


def _left(one: Seen) -> str:
    return (
        f"service {one.service}: container {one.name} of release {one.release} is left with image {one.image:.19}, "
        "expected none: the release has no such service"
    )
