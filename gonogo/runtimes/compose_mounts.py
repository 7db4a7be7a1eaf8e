"""Where files of the repository that containers mount stand on the host, for one release.

Tracked configuration is kept as a copy at the commit, named by its content, so that an unchanged file keeps its path
and its container is not made anew. What git does not know (uploads, certificates) stays where it is.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gonogo.host import Command, Host

__all__ = ["Kept", "Mounts", "keep_copy", "lone_copies", "tracked_below"]

_PLACEHOLDERS = frozenset({".gitkeep", ".gitignore", ".keep"})
_GENERATED = frozenset({"__pycache__", ".git", ".DS_Store"})
_MOST_HOLES = 64


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Where a mount's source stands, and which paths below it are the host's own."""

    source: Path
    holes: Mapping[str, Path] = field(default_factory=dict)
    """Path below the source → the host's file or folder that belongs there."""


def tracked_below(folder: Path, host: Host) -> frozenset[str]:
    """The files that git tracks below a folder of a worktree, relative to it.

    Raises:
        CommandError: git failed.
    """
    command = Command(argv=("git", "-c", "core.quotepath=off", "ls-files", "-z"), cwd=str(folder), timeout=60.0)
    listed = host.run(command, output_limit=None, exact=True).require().output.split("\0")
    return frozenset(path for path in listed if path and os.path.lexists(folder / path))


@dataclass(frozen=True, kw_only=True)
class Mounts:
    """Maps paths of one release's worktree to paths that outlive it."""

    folder: Path
    """The application's folder in the worktree."""
    path: Path
    """The application's folder on the host."""
    state: Path
    tracked: Collection[str]

    def where(self, source: Path, *, read_only: bool) -> Kept | None:
        """Where a mount's source should stand; None when it does not come from the repository."""
        relative = posixpath.relpath(source.as_posix(), self.folder.as_posix())
        if not source.is_relative_to(self.folder) and not source.is_relative_to(self.state):
            return None
        own = Path(posixpath.normpath((self.path / relative).as_posix()))
        below = self._below(relative)
        holes = dict(self._holes(own, below)) if own != source else {}
        if not below or (holes and not read_only) or len(holes) > _MOST_HOLES:
            return Kept(source=own)
        copy = keep_copy(source, below, state=self.state, holes={name: path.is_dir() for name, path in holes.items()})
        return Kept(source=copy, holes=holes)

    def _below(self, relative: str) -> list[str]:
        """The tracked files of a source, relative to it (a file is ``.``); none where only placeholders stand."""
        if relative in self.tracked:
            return ["."]
        prefix = "" if relative == "." else f"{relative}/"
        found = sorted(path.removeprefix(prefix) for path in self.tracked if path.startswith(prefix))
        return found if any(posixpath.basename(path) not in _PLACEHOLDERS for path in found) else []

    def _holes(self, own: Path, below: Sequence[str]) -> Iterator[tuple[str, Path]]:
        """What stands on the host below a source and is not tracked, as few paths as name it all."""
        if below == ["."] or not own.is_dir():
            return
        folders = {parent.as_posix() for path in below for parent in Path(path).parents}
        known = {*below, *folders}
        for parent, names, files in os.walk(own):
            here = Path(parent).relative_to(own)
            for name in sorted({*names, *files} - _GENERATED):
                inner = (here / name).as_posix()
                if inner not in known and not name.endswith(".pyc"):
                    yield inner, Path(parent) / name
            names[:] = [name for name in names if (here / name).as_posix() in folders and name not in _GENERATED]


def keep_copy(source: Path, below: Sequence[str], *, state: Path, holes: Mapping[str, bool] | None = None) -> Path:
    """Copy tracked files to ``state/files/<digest>/<name>`` once, with the modes that git knows.

    ``holes`` become empty files (False) or folders (True), for mounts of their own.
    """
    digest = hashlib.sha256(source.name.encode())
    for path in below:
        digest.update(_fingerprint(source / path, path))
    for name, is_folder in sorted((holes or {}).items()):
        digest.update(f"\0hole {is_folder} {name}".encode("utf-8", "surrogateescape"))
    home = state / "files" / digest.hexdigest()
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = Path(tempfile.mkdtemp(dir=home.parent, prefix=".new-"))
        try:
            for path in below:
                _copy(source / path, aside / source.name / path)
            for name, is_folder in (holes or {}).items():
                _hole(aside / source.name / name, is_folder=is_folder)
            aside.chmod(0o755)
            _settle(aside, home)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return home / source.name


def lone_copies(state: Path, own: str, others: Iterable[str]) -> tuple[Path, ...]:
    """The copies that one text names (a model as it was written) and no other one does."""
    named = re.compile(re.escape(str(state / "files")) + r"/([0-9a-f]{64})(?=/)")
    lone = set(named.findall(own)) - {digest for text in others for digest in named.findall(text)}
    return tuple(state / "files" / digest for digest in sorted(lone))


def _settle(aside: Path, home: Path) -> None:
    try:
        aside.rename(home)
    except OSError:
        if not home.exists():  # another run was quicker: the content is the same
            raise


def _fingerprint(file: Path, name: str) -> bytes:
    content = os.fsencode(file.readlink()) if file.is_symlink() else file.read_bytes()
    header = f"\0{name}\0{_mode(file):o}\0{len(content)}\0".encode("utf-8", "surrogateescape")
    return header + hashlib.sha256(content).digest()


def _mode(file: Path) -> int:
    """As git has it: 120000, 755 or 644, whatever the umask was."""
    if file.is_symlink():
        return 0o120000
    return 0o755 if file.stat().st_mode & 0o100 else 0o644


def _copy(source: Path, target: Path) -> None:
    _folders(target.parent)
    if source.is_symlink():
        target.symlink_to(source.readlink())
    else:
        shutil.copyfile(source, target)
        target.chmod(_mode(source))


def _hole(target: Path, *, is_folder: bool) -> None:
    _folders(target if is_folder else target.parent)
    if not is_folder:
        target.touch(mode=0o644)


def _folders(folder: Path) -> None:
    """Make folders that every container user may enter, whatever the umask is."""
    if not folder.exists():
        _folders(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)
