"""Where files of the repository that containers mount stand on the host, for one release.

Tracked configuration is kept as a copy at the commit, named by its content, so that an unchanged file keeps its path
and its container is not made anew. What git does not know (uploads, certificates) stays where it is, and is seen
through the copy: folders that hold only placeholders, folders that a service writes to, and what no commit tracked.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gonogo.runtimes.compose.copies import GENERATED, holds_runs, is_setting, keep_copy
from gonogo.runtimes.compose.history import History
from gonogo.runtimes.compose.model.mounts import PLACEHOLDERS, is_code, is_configuration, is_like_file

__all__ = ["Kept", "Mounts"]

_MOST_HOLES = 64


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Where a mount's source stands, and which paths below it are the host's own."""

    source: Path
    holes: Mapping[str, Path] = field(default_factory=dict)
    """Path below the source → the host's file or folder that belongs there."""
    loose: str = field(default="", compare=False)
    """Why the tracked files below it are the host's and not the commit's; empty where they are the commit's."""
    missing: bool = field(default=False, compare=False)
    """The commit has no such file, other commits have: what stands on the host is another commit's."""


@dataclass(frozen=True, kw_only=True)
class Mounts:
    """Maps paths of one release's worktree to paths that outlive it."""

    folder: Path
    """The application's folder in the worktree."""
    path: Path
    """The application's folder on the host."""
    state: Path
    tracked: Collection[str]
    written: Collection[str] = ()
    """The sources that some service writes to, as the model has them."""
    named: Collection[str] = ()
    """The sources of all mounts, as the model has them."""
    history: History | None = None
    copies: bool = True
    """Whether copies are made; otherwise it is only said what would be copied."""

    def where(self, source: Path, *, read_only: bool, target: str = "") -> Kept | None:
        """Where a mount's source should stand; None when it does not come from the repository."""
        if not source.is_relative_to(self.folder) and not source.is_relative_to(self.state):
            return None
        relative = self.relative(source)
        below = self.below(relative)
        if not below:
            return Kept(source=self.own(relative), missing=self._is_missing(relative))
        if below == ["."]:
            return Kept(source=self._copy(source, below, {}))
        writer = None if is_configuration(target) else self._writer(relative)
        if writer is None:
            return self._folder(source, below, read_only=read_only, is_written=False)
        shared = self._folder_of(relative) if writer == relative else self._within(writer, relative)
        if shared.loose and read_only and is_code(f"{relative}/{path}" for path in below):
            return self._folder(source, below, read_only=True, is_written=False)
        return shared

    def relative(self, source: Path) -> str:
        """A source as the repository names it."""
        return posixpath.relpath(source.as_posix(), self.folder.as_posix())

    def own(self, relative: str) -> Path:
        """Where a path of the repository stands on the host."""
        return Path(posixpath.normpath((self.path / relative).as_posix()))

    def below(self, relative: str) -> list[str]:
        """The tracked files of a source, relative to it (a file is ``.``); none where only placeholders stand."""
        if relative in self.tracked:
            return ["."]
        prefix = "" if relative == "." else f"{relative}/"
        found = sorted(path.removeprefix(prefix) for path in self.tracked if path.startswith(prefix))
        return found if any(posixpath.basename(path) not in PLACEHOLDERS for path in found) else []

    def differing(self, relative: str) -> list[str]:
        """The tracked files of a source that are not on the host as the commit has them."""
        own, folder = self.own(relative), self.folder / relative
        return [path for path in self.below(relative) if not _is_same(folder / path, own / path)]

    def _folder(self, source: Path, below: Sequence[str], *, read_only: bool, is_written: bool) -> Kept:
        relative = self.relative(source)
        own = self.own(relative)
        live = dict(self._live(relative, below))
        stray = dict(self._strays(relative, own, below, live))
        loose = ""
        own_data = [name for name, path in stray.items() if not is_setting(path)]
        if own_data and not read_only:
            loose = f"the host has files of its own in it ({', '.join(own_data[:3])})"
        elif is_written and not is_code(f"{relative}/{path}" for path in below):
            loose = "containers may write there, and none of its files is code"
        elif len(live) + len(stray) > _MOST_HOLES:
            loose = f"the host has more than {_MOST_HOLES} files of its own in it"
        if loose:
            return Kept(source=own, loose=loose)
        holes = live | stray
        outer = {name: path for name, path in holes.items() if not _is_below(name, holes)}
        return Kept(source=self._copy(source, below, outer), holes=holes)

    def _copy(self, source: Path, below: Sequence[str], holes: Mapping[str, Path]) -> Path:
        if not self.copies:
            return source
        kinds = {name: path.is_dir() or not path.exists() for name, path in holes.items()}
        kept = [path for path in below if not _is_below(path, holes)]
        own = self.own(self.relative(source)) if below != ["."] else None
        return keep_copy(source, kept, state=self.state, holes=kinds, own=own)

    def _within(self, writer: str, relative: str) -> Kept:
        """A source below a folder that some service writes to: both see the same files."""
        outer = self.where(self.folder / writer, read_only=False)
        inner = posixpath.relpath(relative, writer)
        if outer is None:
            return Kept(source=self.own(relative))
        for name, path in outer.holes.items():
            if inner == name or inner.startswith(f"{name}/"):
                return Kept(source=path / posixpath.relpath(inner, name), loose=outer.loose)
        holes = {name.removeprefix(f"{inner}/"): path for name, path in outer.holes.items()}
        mine = {name: path for name, path in holes.items() if name not in outer.holes}
        return Kept(source=outer.source / inner, holes=mine, loose=outer.loose)

    def _writer(self, relative: str) -> str | None:
        """The outermost folder of the repository, at or above a path, that some service writes to."""
        found = [name for name in self._writable() if name in {".", relative} or _is_below(relative, [name])]
        return min(found, key=lambda name: len(Path(name).parts), default=None)

    def _writable(self) -> list[str]:
        return [name for name in self._inside(self.written) if name not in self.tracked]

    def _inside(self, sources: Collection[str]) -> list[str]:
        inside = [Path(one) for one in sources if Path(one).is_relative_to(self.folder)]
        return sorted(self.relative(one) for one in inside)

    def _untracked(self) -> list[str]:
        """The folders that are mounted and hold nothing of the commit's."""
        found = [name for name in self._inside(self.named) if name not in self.tracked and not self.below(name)]
        return [name for name in found if self.own(name).is_dir() or not is_like_file(name)]

    def _live(self, relative: str, below: Sequence[str]) -> Iterator[tuple[str, Path]]:
        """The folders below a source that stay the host's: of placeholders only, and those that a service writes to."""
        real = {parent for path in below if posixpath.basename(path) not in PLACEHOLDERS for parent in _parents(path)}
        idle = {parent for path in below for parent in _parents(path)} - real
        for name in sorted(idle):
            if not _is_below(name, idle):
                yield name, self.own(posixpath.join(relative, name))
        prefix = "" if relative == "." else f"{relative}/"
        for name in dict.fromkeys([*self._writable(), *self._untracked()]):
            inner = name.removeprefix(prefix)
            if name in {relative, "."} or not name.startswith(prefix) or inner in idle or _is_below(inner, idle):
                continue
            kept = self._folder_of(name)
            yield inner, kept.source
            yield from ((f"{inner}/{hole}", path) for hole, path in kept.holes.items())

    def _folder_of(self, name: str) -> Kept:
        """A folder that a service writes to, wherever it is mounted as well."""
        kept, below = Kept(source=self.own(name)), self.below(name)
        return self._folder(self.folder / name, below, read_only=False, is_written=True) if below else kept

    def _strays(
        self, relative: str, own: Path, below: Sequence[str], live: Collection[str]
    ) -> Iterator[tuple[str, Path]]:
        """What stands on the host below a source and was never tracked, as few paths as name it all."""
        folders = {parent for path in below for parent in _parents(path)}
        known = {*below, *folders, *live}
        for parent, names, files in os.walk(own):
            here = Path(parent).relative_to(own)
            for name in sorted({*names, *files} - GENERATED):
                inner = (here / name).as_posix()
                if inner not in known and not name.endswith(".pyc") and self._is_own(relative, inner, own):
                    yield inner, Path(parent) / name
            names[:] = [name for name in names if (inner := (here / name).as_posix()) in folders and inner not in live]

    def _is_own(self, relative: str, inner: str, own: Path) -> bool:
        """Whether a path is the host's own; a folder is, unless everything in it was a commit's or generated."""
        path, name = own / inner, posixpath.normpath(posixpath.join(relative, inner))
        if path == self.own("reports") and path.is_dir() and holds_runs(path):
            return False
        if self.history is not None and self.history.ignores(name, is_folder=path.is_dir()):
            return True
        if path.is_symlink() or not path.is_dir():
            return not self._was(relative, path, own)
        left = list(path.iterdir())
        if left and all(one.name in GENERATED or one.suffix == ".pyc" for one in left):
            return False
        files = (Path(parent) / name for parent, _, names in _walk(path) for name in names)
        found = next((False for file in files if not self._was(relative, file, own)), True)
        return not found or not any(names for _, _, names in _walk(path))

    def _was(self, relative: str, file: Path, own: Path) -> bool:
        if self.history is None:
            return False
        name = posixpath.normpath(posixpath.join(relative, file.relative_to(own).as_posix()))
        return self.history.holds(name, file, within=relative)

    def _is_missing(self, relative: str) -> bool:
        """Whether what stands on the host at an untracked path is another commit's."""
        history, own = self.history, self.own(relative)
        if history is None or relative.startswith("..") or relative == "." or not history.ever(relative):
            return False
        if any(path.startswith(f"{relative}/") for path in self.tracked) or history.ignores(
            relative, is_folder=own.is_dir()
        ):
            return False
        if own.is_dir():
            files = (Path(parent) / name for parent, _, names in _walk(own) for name in names)
            return any(self._was(relative, file, own) for file in files if file.name not in PLACEHOLDERS)
        return history.holds(relative, own, within=relative) or history.tracks_now(self.path, relative)


def _walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Files below a folder, without what is generated."""
    for parent, names, files in os.walk(folder):
        names[:] = [name for name in names if name not in GENERATED]
        yield parent, names, [name for name in files if not name.endswith(".pyc")]


def _parents(path: str) -> list[str]:
    return [parent.as_posix() for parent in Path(path).parents if parent.as_posix() != "."]


def _is_below(path: str, folders: Collection[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)


def _is_same(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    return other.is_file() and one.is_file() and one.read_bytes() == other.read_bytes()
