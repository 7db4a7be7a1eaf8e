"""Where an image holds files of the repository, found by their content. Pure."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gonogo.inspection.code.contents import FileDigest

__all__ = ["located"]

_TELLING = 64
"""Bytes: smaller files are alike by chance (an empty ``__init__.py``)."""


def located(source: Mapping[str, FileDigest], image: Mapping[str, FileDigest]) -> dict[str, str]:
    """Where paths of the repository are in an image, as ``code`` of gonogo.toml has it; nothing where none is.

    The same bytes under another path are the mapping. A file stands for its whole folder where the names agree.

    Args:
        source: tracked files.
        image: files of the image, by absolute path.
    """
    by_content: dict[str, list[str]] = defaultdict(list)
    for at, digest in image.items():
        if digest.link is None and digest.size >= _TELLING:
            by_content[digest.sha256].append(at)
    members: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path, digest in source.items():
        for at in by_content.get(digest.sha256, ()) if digest.link is None else ():
            for pair in _pairs(path, at):
                members[pair].add(path)
    code: dict[str, str] = {}
    covered: set[str] = set()
    order = sorted(members.items(), key=lambda item: (-len(item[1]), -_depth(item[0]), item[0]))
    for (here, there), paths in order:
        if here not in code and paths - covered:
            code[here] = there
            covered |= paths
    return dict(sorted(code.items()))


def _pairs(path: str, at: str) -> Iterator[tuple[str, str]]:
    """The folders of the repository and of the image below which a file has the same name; else the file itself."""
    here, there = path.split("/"), at.strip("/").split("/")
    if here[-1] != there[-1]:
        yield path, at
    while here and len(there) > 1 and here[-1] == there[-1]:
        here, there = here[:-1], there[:-1]
        yield "/".join(here) or ".", "/" + "/".join(there)


def _depth(pair: tuple[str, str]) -> int:
    """How deep a folder of the repository stands: of folders with the same files the innermost is meant."""
    return 0 if pair[0] == "." else posixpath.normpath(pair[0]).count("/") + 1
