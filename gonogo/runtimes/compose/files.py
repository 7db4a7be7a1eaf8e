"""What Compose pins in a release's folder, under which names, and how it is read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gonogo.errors import GonogoError
from gonogo.state.release import Release
from gonogo.state.store import write_atomically

__all__ = ["BUILD", "COMPOSE", "CURRENT", "ENV", "from_environment", "read_model", "services_of", "write_model"]

BUILD = "build.json"
"""The model that images are built from."""
COMPOSE = "compose.json"
"""The model that instances are started from: no build, images by tag."""
CURRENT = "compose.current.json"
"""``COMPOSE`` with today's secrets, for a release that comes back."""
ENV = "env"
"""The env file as it was."""


def write_model(path: Path, model: Mapping[str, Any]) -> None:
    """Writes a model (0600: it holds the env file's values)."""
    write_atomically(path, json.dumps(model, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def read_model(release: Release, name: str = COMPOSE) -> dict[str, Any]:
    """One pinned model of a release.

    Raises:
        GonogoError: it is gone or broken.
    """
    path = release.folder / name
    try:
        model = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GonogoError(
            f"{path}: found no file, expected the model that release {release.id} was pinned with. "
            "This release cannot be started again; deploy its commit instead."
        ) from None
    except ValueError as error:
        raise GonogoError(f"{path}: found broken JSON ({error}), expected a Compose model.") from error
    if not isinstance(model, dict):
        raise GonogoError(f"{path}: found {type(model).__name__}, expected a Compose model.")
    return model


def services_of(model: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The services of a model by name."""
    return dict(model.get("services") or {})


def from_environment(model: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that a model's ``secrets:`` and ``configs:`` take from the environment of the command itself."""
    entries = [entry or {} for kind in ("secrets", "configs") for entry in (model.get(kind) or {}).values()]
    names = {str(entry["environment"]) for entry in entries if "environment" in entry}
    return {name: variables[name] for name in sorted(names) if name in variables}
