"""A file that ``docker save`` wrote: which images it holds, by the names and the ids that they had."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gonogo.errors import UsageError, in_one_line

__all__ = ["MANIFEST", "familiar", "images_in", "manifest_of"]

MANIFEST = "manifest.json"
"""Where such a file lists what it holds."""
_ID = re.compile(r"[0-9a-f]{64}")
_OWN = ("docker.io/library/", "docker.io/", "index.docker.io/library/", "index.docker.io/")
_MOST = 16 * 1024 * 1024


def manifest_of(file: Path) -> bytes:
    """The list in such a file, whatever it is compressed with.

    Raises:
        UsageError: there is no such file, or ``docker save`` did not write it.
    """
    try:
        with tarfile.open(file) as archive:
            found = archive.extractfile(MANIFEST)
            text = found.read(_MOST) if found is not None else b""
        _entries(text)
    except OSError as error:
        raise UsageError(
            f"--images: {file}: found {error.strerror or error}, expected what `docker save` wrote."
        ) from error
    except (tarfile.TarError, EOFError, KeyError, ValueError, TypeError, AttributeError) as error:
        said = in_one_line(error)
        raise UsageError(
            f"--images: {file}: found no list of images in it ({said}), expected what `docker save` wrote, "
            "as it is or through gzip, bzip2 or xz: docker save shop:1 | gzip > shop.tar.gz"
        ) from error
    return text


def images_in(manifest: bytes) -> dict[str, str]:
    """The name of each image → the id that it had where it was saved."""
    return {
        familiar(str(name)): f"sha256:{match[0]}"
        for entry in _entries(manifest)
        if (match := _ID.search(str(entry["Config"])))
        for name in entry.get("RepoTags") or ()
    }


def familiar(name: str) -> str:
    """A name as Docker lists it: its own registry goes without saying."""
    own = next((one for one in _OWN if name.startswith(one)), "")
    return name.removeprefix(own)


def _entries(text: bytes) -> list[Mapping[str, Any]]:
    found = json.loads(text)
    return [{"Config": one["Config"], "RepoTags": one.get("RepoTags")} for one in found]
