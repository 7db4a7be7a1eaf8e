"""Facts about a runtime that checks before a deployment need: the rendered model, and what runs unguarded."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gonogo.errors import GonogoError
from gonogo.host.runner import Command, Host
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.model.roles import bind_mounts
from gonogo.state.store import State

__all__ = ["Rendered", "compose_spelling", "render_model", "unguarded", "written_by_services"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What Compose makes of the environment's files, or why it refuses them; its ``repr`` shows no value."""

    model: Mapping[str, Any] = field(repr=False)
    problem: str = ""


def compose_spelling(runner: Host) -> tuple[str, str]:
    """The spelling of Compose that is used, and what is wrong with it (one of the two is empty)."""
    from gonogo.runtimes.compose.cli import cli  # noqa: PLC0415 (only where the runtime is compose)

    try:
        return " ".join(cli(runner)), ""
    except GonogoError as error:
        return "", str(error)


def render_model(place: Place) -> Rendered:
    """Asks Compose what the files of the asking configuration mean, with the host's env file."""
    from gonogo.runtimes.compose.render import render  # noqa: PLC0415 (only where the runtime is compose)

    with tempfile.TemporaryDirectory(prefix="gonogo-model-") as folder:
        try:
            model = render(place, place.project.root, output=Path(folder) / "compose.json")
        except GonogoError as error:
            return Rendered(model={}, problem=str(error))
    return Rendered(model=model)


def written_by_services(model: Mapping[str, Any], *, roots: Collection[Path]) -> tuple[str, ...]:
    """What services mount to write to, relative to the first of the folders that holds it."""
    sources = [Path(mount.source) for mount in bind_mounts(model) if not mount.read_only]
    inside = (next((root for root in roots if source.is_relative_to(root)), None) for source in sources)
    pairs = zip(sources, inside, strict=True)
    return tuple(source.relative_to(root).as_posix() for source, root in pairs if root is not None)


def unguarded(place: Place, services: Collection[str]) -> list[str]:
    """The running containers of an environment's deployed services that no release of its state folder started.

    None where the engine does not answer: that is said, and stops a deployment, by the check that asks for the engine.
    """
    if not place.environment.has("a Docker Engine"):
        return []
    form = '{{.Names}}\t{{.Image}}\t{{.Label "com.docker.compose.service"}}\t{{.Label "gonogo.release"}}'
    label = f"label=com.docker.compose.project={place.environment.project}"
    argv = ("docker", "ps", "--filter", label, "--filter", "label=com.docker.compose.oneoff=False", "--format", form)
    try:
        asked = place.host.run(Command(argv=argv, timeout=20.0))
    except GonogoError:
        return []
    kept = State(place.state).keeps
    rows = [line.split("\t") for line in asked.output.splitlines() if line] if asked.ok else []
    return [f"{name} ({image})" for name, image, service, release in rows if service in services and not kept(release)]
