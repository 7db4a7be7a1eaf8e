"""What a service mounts over the files of its image: its code as the release has it, and files with settings."""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gonogo.inspection.code.contents import FileDigest, digest_of
from gonogo.inspection.code.image_files import read_tree
from gonogo.runtimes.compose.copies import GENERATED, copied_from
from gonogo.runtimes.compose.model import roles

__all__ = ["LaidOver", "archive_of", "laid_over", "merged"]

_LARGEST_FILE = 1 << 20
"""Bytes of one of the host's own files that may be settings or a certificate."""
_NOT_LOOKED_AT = frozenset({"__pycache__", "node_modules", "reports", "site-packages", "venv"})
_MOST = 100
"""Modules of the host's own; where there are more, they are no settings."""
_LARGEST = 256 << 20
"""Bytes of a folder; a larger one holds data, and no code that an import needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOver:
    """A file or folder of this machine, and where the service sees it."""

    source: Path
    target: str
    path: str = ""
    """What it is in the repository; empty for a file of the host's own, and where that is not known."""

    def at(self, place: str) -> Path | None:
        """What stands at a place of the container because of it; None for a place that it does not hide."""
        inside = place == self.target or place.startswith(f"{self.target}/")
        return self.source / place[len(self.target) :].lstrip("/") if inside else None

    def files(self, places: Iterable[str]) -> dict[str, FileDigest]:
        """Digests of what it brings at or below these places."""
        wanted, source = list(places), self.source
        found = read_tree(source, at=self.target) if source.is_dir() else {self.target: digest_of(source)}
        return {at: one for at, one in found.items() if one is not None and any(_below(at, to) for to in wanted)}


def laid_over(model: Mapping[str, Any], service: str, *, root: Path, path: Path, state: Path) -> Iterator[LaidOver]:
    """What of the release, and which single files of the host, a service sees in the place of its image's files.

    Args:
        model: the pinned model, or a rendered one.
        service: whose mounts.
        root: the application's folder at the release's commit.
        path: the application's folder on the host.
        state: the environment's state folder, which holds the copies of tracked files.
    """
    for mount in roles.bind_mounts(model):
        if mount.service != service:
            continue
        source = Path(mount.source)
        own = copied_from(source) if source.is_relative_to(state) else source
        name = next((str(own.relative_to(one)) for one in (root, path) if own and own.is_relative_to(one)), "")
        if source.is_relative_to(state) or source.is_relative_to(root):
            yield LaidOver(source=source, target=mount.target, path=name)
        elif name and (root / name).exists():
            yield LaidOver(source=root / name, target=mount.target, path=name)
            yield from _of_the_host(source, root / name, mount.target)
        elif source.is_file() and source.stat().st_size <= _LARGEST_FILE:
            yield LaidOver(source=source, target=mount.target)


def _of_the_host(source: Path, commit: Path, target: str) -> Iterator[LaidOver]:
    """Modules that the commit has not, in a folder that stays the host's: settings that each machine writes itself."""
    found = 0
    for parent, folders, names in os.walk(source) if source.is_dir() else ():
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one not in _NOT_LOOKED_AT)
        inner = Path(parent).relative_to(source)
        own = [name for name in sorted(names) if name.endswith(".py") and not (commit / inner / name).exists()]
        for name in own if (commit / inner).is_dir() else ():
            found += 1
            if found > _MOST:
                return
            yield LaidOver(source=Path(parent) / name, target=f"{target}/{(inner / name).as_posix()}")


def merged(found: Sequence[LaidOver], places: Iterable[str], files: Mapping[str, FileDigest]) -> dict[str, FileDigest]:
    """The files of an image at or below these places, as the service sees them."""
    wanted, seen = list(places), dict(files)
    for one in found:
        seen = {at: digest for at, digest in seen.items() if one.at(at) is None} | one.files(wanted)
    return seen


def archive_of(found: Sequence[LaidOver]) -> bytes:
    """The files as a tar archive from the root on, with owners and modes; nothing where there are none.

    A folder that is too large is left out, and what cannot be read.
    """
    stream = io.BytesIO()
    wanted = [one for one in found if one.source.is_file() or _size(one.source) <= _LARGEST]
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for one in wanted:
            with contextlib.suppress(OSError):
                archive.add(one.source.resolve(), arcname=one.target.lstrip("/"), filter=_worth)
    return stream.getvalue() if wanted else b""


def _below(place: str, folder: str) -> bool:
    return folder in {"/", place} or place.startswith(f"{folder.rstrip('/')}/")


def _worth(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = member.name.rpartition("/")[2]
    return member if name not in GENERATED and (member.isfile() or member.isdir() or member.issym()) else None


def _size(folder: Path) -> int:
    return sum((Path(parent) / name).lstat().st_size for parent, _, names in os.walk(folder) for name in names)
