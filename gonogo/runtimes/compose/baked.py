"""What an image itself holds, without what is mounted over it: files by name, its environment, how it was built."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from gonogo.runtimes.compose.engine import connect
from gonogo.runtimes.compose.unpacked import unpacked

__all__ = ["Baked", "baked_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baked:
    """What stands in an image for all who have it."""

    paths: frozenset[str]
    contents: Mapping[str, bytes] = field(repr=False)
    """Of files that may be keys or env files."""
    variables: Mapping[str, str] = field(repr=False)
    history: tuple[str, ...] = field(repr=False)
    """The instructions that made it, with the values of their build arguments."""


@functools.lru_cache(maxsize=32)
def baked_in(image: str, folders: tuple[str, ...], *, project: str) -> Baked:
    """Looks at an image once, however many services are made of it.

    Raises:
        RuntimeUnreachableError: the Engine does not answer, or its archive ended early.
    """
    with connect() as client:
        found = client.images.get(image)
        history = tuple(str(row.get("CreatedBy") or "") for row in found.history())
        pairs = (one.partition("=") for one in found.attrs["Config"].get("Env") or ())
        variables = {name: value for name, _, value in pairs}
    looked_at = [seen for folder in folders if (seen := unpacked(image, folder, project=project)) is not None]
    paths = frozenset(path for seen in looked_at for path, file in seen.files.items() if file.link is None)
    contents = {path: content for seen in looked_at for path, content in seen.contents.items()}
    return Baked(paths=paths, contents=contents, variables=variables, history=history)
