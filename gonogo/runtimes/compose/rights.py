"""Modes, owners and beginnings of files in an image, read from a container that is created and never started."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gonogo.inspection.code.image_files import read_beginning, read_rights
from gonogo.inspection.code.rights import Identity, Rights, identity_of
from gonogo.inspection.code.started import LARGEST
from gonogo.runtimes.compose.engine import archive, connect, scratch, text_in
from gonogo.runtimes.compose.unpacked import unpacked

if TYPE_CHECKING:
    from docker.models.containers import Container

__all__ = ["SeenFiles", "rights_in"]

_LISTS = ("/etc/passwd", "/etc/group")
_LINKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFiles:
    """What is known of some files and folders of an image."""

    rights: Mapping[str, Rights]
    """With all below them."""
    who: Identity | None
    """Who the user is; None for a name that the image does not know."""
    begins: Mapping[str, bytes]
    """Path → how the file begins; what is not there is left out."""


def rights_in(  # each keyword is one fact of the service
    image: str,
    *,
    code: Iterable[str],
    started: Iterable[str],
    user: str,
    groups: Iterable[str],
    project: str,
) -> SeenFiles:
    """What is known of the code with all below it and of what is started, and how the latter begins.

    The code is read once for all checks.

    Raises:
        RuntimeUnreachableError: the Engine does not answer, or its archive ended early.
    """
    programs = dict.fromkeys(started)
    found: dict[str, Rights] = {}
    more = dict.fromkeys(map(posixpath.normpath, programs))
    for path in dict.fromkeys(map(posixpath.normpath, code)):
        seen = unpacked(image, path, project=project)
        if seen is not None and path in seen.rights:
            found |= seen.rights
        elif seen is not None:
            more[path] = None
    with connect() as client, scratch(client, image, project=project) as container:
        texts = [text_in(container, path) or "" for path in _LISTS]
        for path in more:
            found |= _rights(container, path, _LINKS)
        begins = {path: begin for path in programs if (begin := _begin(container, path)) is not None}
    return SeenFiles(rights=found, who=identity_of(user, texts[0], texts[1], more=groups), begins=begins)


def _begin(container: Container, path: str) -> bytes | None:
    """How a file begins, through links; nothing of a folder; None where nothing is there."""
    with archive(container, path, follow=True) as there:
        return None if there is None else read_beginning(there.stream, LARGEST)


def _rights(container: Container, path: str, links: int) -> dict[str, Rights]:
    with archive(container, path) as there:
        if there is None:
            return {}
        rights, link = read_rights(there.stream, base=posixpath.dirname(path))
    if link and links:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
        behind = _rights(container, target, links - 1)
        return {**behind, **({path: behind[target]} if target in behind else {})}
    return rights
