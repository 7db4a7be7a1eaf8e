"""How much disk and memory is free, and whether that is enough."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MIB", "Free", "disk", "too_little"]

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """What is free where something will be written."""

    what: str
    path: Path
    free: int
    """MiB."""


def disk(what: str, path: Path) -> Free:
    """What is free on the disk that holds ``path``, which need not exist yet."""
    there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    return Free(what=what, path=path, free=shutil.disk_usage(there).free // MIB)


def too_little(places: Iterable[Free], least_disk: int, memory: int, least_memory: int) -> list[str]:
    """Say each shortage in one line (all figures in MiB)."""
    short = [place for place in places if place.free < least_disk]
    wrong = [f"{p.what} ({p.path}): found {p.free} MiB free, expected at least {least_disk}" for p in short]
    if memory < least_memory:
        wrong.append(f"memory: found {memory} MiB free, expected at least {least_memory}")
    return wrong
