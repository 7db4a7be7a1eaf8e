"""What stays behind when a Compose project is taken down: volumes, folders, what data stores keep."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from gonogo.inspection.compose_model import backing, bind_mounts, volumes_used

__all__ = ["stores_of"]


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
