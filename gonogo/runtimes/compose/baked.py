"""What an image itself holds, without what is mounted over it: files by name, its environment, how it was built."""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gonogo.inspection.code.baked import is_worth_reading
from gonogo.inspection.code.image_files import read_some
from gonogo.runtimes.compose.engine import archive, connect, scratch

if TYPE_CHECKING:
    from docker.models.containers import Container

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
    paths: set[str] = set()
    contents: dict[str, bytes] = {}
    with connect() as client:
        found = client.images.get(image)
        history = tuple(str(row.get("CreatedBy") or "") for row in found.history())
        pairs = (one.partition("=") for one in found.attrs["Config"].get("Env") or ())
        variables = {name: value for name, _, value in pairs}
        with scratch(client, image, project=project) as container:
            for folder in folders:
                seen, read = _below(container, folder)
                paths |= seen
                contents |= read
    return Baked(paths=frozenset(paths), contents=contents, variables=variables, history=history)


def _below(container: Container, folder: str) -> tuple[set[str], dict[str, bytes]]:
    with archive(container, folder) as there:
        if there is None:
            return set(), {}
        return read_some(there.stream, base=posixpath.dirname(folder), chosen=is_worth_reading)
