"""The files of an image, read in one pass for all checks of a gate: the Engine packs them anew each time."""

from __future__ import annotations

import functools
import posixpath

from gonogo.inspection.code.baked import is_worth_reading
from gonogo.inspection.code.image_files import Unpacked, read_tar
from gonogo.runtimes.compose.engine import archive, connect, scratch

__all__ = ["unpacked"]


@functools.lru_cache(maxsize=64)
def unpacked(image: str, path: str, *, project: str) -> Unpacked | None:
    """The digests below a normal absolute path of an image, and what those files hold that may be secrets.

    None where nothing is there.

    Args:
        image: the image's id, so that what was read stays true.
        path: what is looked at; a link is not followed.
        project: whose scratch container is looked into.

    Raises:
        RuntimeUnreachableError: the Engine does not answer, or its archive ended early.
    """
    with connect() as client, scratch(client, image, project=project) as container, archive(container, path) as there:
        return None if there is None else read_tar(there.stream, base=posixpath.dirname(path), chosen=is_worth_reading)
