"""Which files one COPY or ADD of a Dockerfile takes, and where each of them lands. Pure."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gonogo.inspection.code.dockerignore import ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from gonogo.inspection.code.dockerfile import Instruction

__all__ = ["File", "from_context", "from_stage", "holds"]

_ARCHIVE = re.compile(r".*\.(?:tar|tar\.(?:gz|bz2|xz|zst)|tgz|tbz2?|txz)")
_REMOTE = re.compile(r"(?:[a-z]+://|git@).*")
_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a build context that stands in an image."""

    path: str  # in its context
    context: str  # "" is the build context, otherwise the name of an additional one
    here: str  # what its COPY named, file or folder of the context …
    there: str  # … and where in the image that landed
    line: int
    runs: tuple[str, ...] = ()  # the RUN instructions that came after it was brought


def from_context(
    one: Instruction, source: str, files: Collection[str], *, context: str, at: Callable[[str], str]
) -> Iterator[tuple[str, File]]:
    """What a source brings of a context's files, by place in the image.

    ``at`` says where a file of that name lands; of an empty name it is where a folder's content does.
    """
    if one.name == "ADD" and _REMOTE.fullmatch(source):
        return
    named = posixpath.normpath(posixpath.join("/", source)).lstrip("/") or "."
    for match in _matches(named, files):
        is_file = match in files
        if one.name == "ADD" and is_file and _ARCHIVE.fullmatch(match):
            continue  # it is unpacked
        there = at(posixpath.basename(match) if is_file else "")
        if one.flag("parents") is not None:
            there = posixpath.join(at(""), _behind_pivot(source, match))
        for path in _below(match, files):
            if not _is_excluded(path, one):
                file = File(path=path, context=context, here=match, there=there, line=one.line)
                yield _joined(there, posixpath.relpath(path, match)), file


def from_stage(
    one: Instruction, source: str, files: Mapping[str, File], *, at: Callable[[str], str]
) -> Iterator[tuple[str, File]]:
    """What a source takes of the files of another stage, by place in the image."""
    named = posixpath.normpath(posixpath.join("/", source))
    for match in _matches(named, files):
        kept = at(posixpath.basename(match) if match in files else "")
        for place in _below(match, files):
            file = files[place]
            if holds(match, file.there):
                here, there = file.here, _joined(kept, posixpath.relpath(file.there, match))
            else:
                here, there = _joined(file.here, posixpath.relpath(match, file.there)), kept
            moved = replace(file, here=here, there=there, line=one.line)
            yield _joined(kept, posixpath.relpath(place, match)), moved


def holds(folder: str, path: str) -> bool:
    """Whether a path is a folder or lies below it."""
    return folder in (".", "/", path) or path.startswith(folder + "/")


def _matches(named: str, files: Iterable[str]) -> list[str]:
    """What a source names: itself, or the files and folders that its pattern matches."""
    if not _WILD.search(named):
        return [named]
    depth = named.count("/") + 1
    cut = {"/".join(parts[:depth]) for path in files if len(parts := path.split("/")) >= depth}
    wanted = named.split("/")
    return sorted(path for path in cut if all(map(fnmatchcase, path.split("/"), wanted)))


def _below(folder: str, files: Iterable[str]) -> list[str]:
    """The files that a path is or holds."""
    return [path for path in files if holds(folder, path)]


def _behind_pivot(source: str, match: str) -> str:
    """The part of a path that ``COPY --parents`` makes again: all of it, or what stands behind ``/./``."""
    _, pivot, behind = source.partition("/./")
    return "/".join(match.split("/")[-(behind.count("/") + 1) :]) if pivot else match


def _is_excluded(path: str, one: Instruction) -> bool:
    """Whether ``--exclude`` leaves a file out."""
    said = [value for name, value in one.flags if name == "exclude"]
    return bool(said) and ignore("\n".join(said))(path)


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))
