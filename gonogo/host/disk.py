"""How much disk and memory is free, whether that is enough, and whether a disk was full."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gonogo.errors import SAID_FULL

__all__ = ["MIB", "Free", "device", "free_on", "full", "says_full", "taken", "too_little", "too_tight", "unwritable"]

MIB = 1024 * 1024
_SHOWN = 160
_BLOCK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """What is free where something will be written."""

    what: str
    path: Path
    free: int
    """MiB."""


def free_on(what: str, path: Path) -> Free:
    """What is free on the disk that holds ``path``, which need not exist yet."""
    there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    return Free(what=what, path=path, free=shutil.disk_usage(there).free // MIB)


def device(path: Path) -> int:
    """Which disk holds ``path``, which need not exist yet."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.exists()).stat().st_dev


def too_little(places: Iterable[Free], least_disk: int, memory: int, least_memory: int) -> list[str]:
    """Says each shortage in one line (all figures in MiB)."""
    short = [place for place in places if place.free < least_disk]
    wrong = [f"{p.what} ({p.path}): found {p.free} MiB free, expected at least {least_disk}" for p in short]
    if memory < least_memory:
        wrong.append(f"memory: found {memory} MiB free, expected at least {least_memory}")
    return wrong


def taken(folder: Path) -> int:
    """The bytes on disk that a folder alone holds: not what other names lead to as well, as uv's files do."""
    found = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                seen = (Path(parent) / name).lstat()
                found += seen.st_blocks * _BLOCK if seen.st_nlink == 1 else 0
    return found


def too_tight(place: Free, took: Sequence[int]) -> tuple[str, str]:
    """What is wrong with the room beside what earlier releases took (MiB), and what may be; each empty where nothing.

    Only less than each of several took is wrong: the next one may need less than one of them.
    """
    if not took or place.free >= max(took):
        return "", ""
    found = f"{place.what} ({place.path}): found {place.free} MiB free, expected at least"
    if len(took) > 1 and place.free < min(took):
        return f"{found} {min(took)}, as each of the last {len(took)} releases took", ""
    return "", f"{found} {max(took)}, as one of the last {len(took)} releases took"


def unwritable(places: Mapping[str, Path]) -> list[str]:
    """The folders in which this user cannot write, or that it cannot make, one text each; nothing is written."""
    found = []
    for what, path in places.items():
        there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
        if not there.is_dir():
            found.append(f"{what} ({path}): found {there}, which is no folder, expected a folder to write in")
        elif not os.access(there, os.W_OK | os.X_OK):
            found.append(f"{what} ({path}): found {there}, where this user cannot write, expected a folder to write in")
    return found


def full(places: Mapping[str, Path]) -> list[str]:
    """The places in which nothing can be written any more, one text each; what cannot be asked is left out."""
    found = []
    for what, path in places.items():
        with contextlib.suppress(OSError):
            seen = os.statvfs(path)
            if not seen.f_blocks or seen.f_flag & os.ST_RDONLY:  # /proc, an image: nothing is ever written there
                continue
            if seen.f_bavail * seen.f_frsize < MIB:
                found.append(f"the disk of {what} ({path}) was full: {seen.f_bavail * seen.f_frsize // 1024} KiB free")
            elif seen.f_files and not seen.f_favail:
                found.append(f"the disk of {what} ({path}) was full: no inode free")
    return found


def says_full(texts: Iterable[str]) -> str:
    """The first line that tells of a full disk, cut to one that can be shown; empty when none does."""
    lines = (line for text in texts if SAID_FULL.search(text) for line in text.splitlines() if SAID_FULL.search(line))
    return next((line.strip()[:_SHOWN] for line in lines), "")
