"""Facts about a runtime that checks before a deployment need: the rendered model, and what a way back is made of."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gonogo.errors import GonogoError
from gonogo.host import Command, LocalHost
from gonogo.plugins.evidence import InconclusiveError
from gonogo.release import Release
from gonogo.runtimes.base import Place

__all__ = ["Rendered", "compose_spelling", "lost_images", "pinned_files", "render_model", "unguarded"]

_NO_IMAGE = "No such image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What Compose makes of the environment's files, or why it refuses them; its ``repr`` shows no value."""

    model: Mapping[str, Any] = field(repr=False)
    problem: str = ""


def compose_spelling(runner: LocalHost) -> tuple[str, str]:
    """The spelling of Compose that is used, and what is wrong with it (one of the two is empty)."""
    from gonogo.runtimes.compose_cli import cli  # noqa: PLC0415 (only where the runtime is compose)

    try:
        return " ".join(cli(runner)), ""
    except GonogoError as error:
        return "", str(error)


def render_model(place: Place, runner: LocalHost) -> Rendered:
    """Ask Compose what the files of the asking configuration mean, with the host's env file."""
    from gonogo.runtimes.compose_render import render  # noqa: PLC0415 (only where the runtime is compose)

    with tempfile.TemporaryDirectory(prefix="gonogo-model-") as folder:
        try:
            model = render(place, place.project.root, runner, output=Path(folder) / "compose.json")
        except GonogoError as error:
            return Rendered(model={}, problem=str(error))
    return Rendered(model=model)


def unguarded(place: Place, services: Collection[str], runner: LocalHost) -> list[str]:
    """The running containers of an environment's deployed services that no release of gonogo started.

    None where the engine does not answer: that is said, and stops a deployment, by the check that asks for the engine.
    """
    if place.environment.runtime != "compose":
        return []
    form = '{{.Names}}\t{{.Image}}\t{{.Label "com.docker.compose.service"}}\t{{.Label "gonogo.release"}}'
    label = f"label=com.docker.compose.project={place.environment.project}"
    argv = ("docker", "ps", "--filter", label, "--filter", "label=com.docker.compose.oneoff=False", "--format", form)
    try:
        asked = runner.run(Command(argv=argv, timeout=20.0))
    except GonogoError:
        return []
    rows = [line.split("\t") for line in asked.output.splitlines() if line] if asked.ok else []
    return [f"{name} ({image})" for name, image, service, release in rows if service in services and not release]


def pinned_files(release: Release) -> dict[str, Path]:
    """What a release is started from, apart from images: a name for people, and where it stands."""
    if release.runtime == "compose":
        return {"the pinned Compose model": release.folder / "compose.json"}
    return {
        "the pinned commands": release.folder / "process.json",
        "the worktree": release.root,
        "the release's own Python": release.folder / "venv" / "bin" / "python",
    }


def lost_images(release: Release, runner: LocalHost) -> list[str]:
    """The images of a release that the Docker Engine no longer has.

    Raises:
        InconclusiveError: the engine could not be asked.
    """
    lost = []
    for service, image in release.images.items():
        asked = runner.run(Command(argv=("docker", "image", "inspect", "--format", "{{.Id}}", image), timeout=20.0))
        if not asked.ok and _NO_IMAGE.casefold() not in asked.errors.casefold():
            raise InconclusiveError(f"`{asked.command}`: found no answer ({asked.errors.strip()})")
        if not asked.ok:
            lost.append(f"the image of {service} ({release.tags.get(service, image)})")
    return lost
