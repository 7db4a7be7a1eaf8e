"""A file of images, brought to the host of an environment: compressed, in pieces, and only where it is needed there."""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gonogo.remote.connection import Connection
from gonogo.remote.probing import probed
from gonogo.runtimes.archive import MANIFEST, images_in, manifest_of

__all__ = ["bring_images"]

_PIECE = 4 * 1024 * 1024
_SECONDS = 600.0
_MIB = 1024 * 1024
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_GZIP = zlib.MAX_WBITS | 16


def bring_images(
    connection: Connection, file: Path, *, run: str, place: dict[str, Any], say: Callable[[str], None]
) -> str:
    """Where the host has the file for a run; only its list is sent where the Engine there has all of its images.

    Raises:
        UsageError: ``docker save`` did not write it.
        CommandError: it did not arrive.
    """
    manifest = manifest_of(file)
    ids = sorted(set(images_in(manifest).values()))
    there = probed(connection, "images", ids=ids)["known"]
    pieces = _list_alone(manifest) if ids and there else _pieces(file)
    if ids and there:
        say(f"{file.name} stays here: the host has its images.")
    else:
        say(f"{file.name} goes to the host ({file.stat().st_size / _MIB:.0f} MiB before it is compressed).")
    path = ""
    for number, piece in enumerate(pieces):
        facts = {"id": run, "name": file.name, "first": number == 0, **place}
        path = connection.ask("append", "appended", piece, seconds=_SECONDS, **facts).facts["path"]
    return path


def _list_alone(manifest: bytes) -> Iterator[bytes]:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(manifest)
        archive.addfile(entry, io.BytesIO(manifest))
    yield packed.getvalue()


def _pieces(file: Path) -> Iterator[bytes]:
    """The file, compressed where it is not yet: what it costs is less than what a line to a host does."""
    with file.open("rb") as stream:
        is_compressed = stream.peek(8).startswith(_COMPRESSED)
        packer = None if is_compressed else zlib.compressobj(level=1, wbits=_GZIP)
        while data := stream.read(_PIECE):
            if piece := packer.compress(data) if packer is not None else data:
                yield piece
        if packer is not None:
            yield packer.flush()
