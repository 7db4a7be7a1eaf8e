"""What a kept release is started from, and what of that is gone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gonogo.host.runner import Command, Host
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import RuntimeUnreachableError
from gonogo.runtimes.compose.files import COMPOSE, read_model
from gonogo.runtimes.compose.up import vanished
from gonogo.state.release import Release

__all__ = ["lost_parts", "pinned_files", "replaced_services"]

_SECONDS = 20.0
_NO_IMAGE = "no such image"


def pinned_files(release: Release) -> Mapping[str, Path]:
    """What a release is started from, apart from images: a name for people, and where it stands."""
    return runtime_of(release.runtime).pinned_files(release)


def replaced_services(model: Mapping[str, Any], serving: Release | None) -> tuple[str, ...]:
    """The services of what serves that are removed before the release of this Compose model starts."""
    if serving is None or not (serving.folder / COMPOSE).is_file():
        return ()
    return vanished(model, read_model(serving), serving)


def lost_parts(release: Release, host: Host) -> list[str]:
    """Everything that a release cannot be started without and that is not there any more, for people.

    Raises:
        RuntimeUnreachableError: the Docker Engine could not be asked.
    """
    files = [f"{name} ({path})" for name, path in pinned_files(release).items() if not path.exists()]
    unbuilt = [service for service in release.tags if service not in release.images]
    images = [service for service, image in release.images.items() if _is_gone(image, host)]
    names = {**release.images, **release.tags}
    return [*files, *(f"the image of {one} ({names[one]})" for one in (*unbuilt, *images))]


def _is_gone(image: str, host: Host) -> bool:
    asked = host.run(Command(argv=("docker", "image", "inspect", "--format", "{{.Id}}", image), timeout=_SECONDS))
    if not asked.ok and _NO_IMAGE not in asked.errors.casefold():
        raise RuntimeUnreachableError(f"`{asked.command}`: found no answer ({asked.errors.strip()})")
    return not asked.ok
