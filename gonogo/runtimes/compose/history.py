"""What some commit tracked at a path: what stands there with a commit's bytes is no file of the host's own."""

from __future__ import annotations

import filecmp
import hashlib
import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path

from gonogo import git
from gonogo.errors import CommandError
from gonogo.host.runner import Host, this_machine
from gonogo.inspection.code.gittree import parse_ls_tree
from gonogo.runtimes.compose.model.mounts import PLACEHOLDERS

__all__ = ["History", "blob_id", "trees_of"]

_SECONDS = 60.0
_MOST_COMMITS = 200
_SHA256 = 64


def blob_id(content: bytes, *, like: str = "") -> str:
    """The id that git gives a file of these bytes, in the kind of ``like``."""
    made = hashlib.sha256 if len(like) == _SHA256 else hashlib.sha1
    return made(b"blob %d\0" % len(content) + content).hexdigest()


class History:
    """The files of an application's folder in all commits that the repository and the kept releases have."""

    def __init__(self, folder: Path, host: Host, *, kept: Iterable[Path] = ()) -> None:
        """``folder`` lies in a worktree; ``kept`` are the same folders of kept releases, without a question to git."""
        self._folder = folder
        self._host = host
        self._kept = tuple(kept)
        self._asked: dict[str, Mapping[str, frozenset[str]]] = {}

    def ever(self, relative: str) -> bool:
        """Whether some commit tracked a file there, or below it more than placeholders."""
        if any((folder / relative).is_file() for folder in self._kept):
            return True
        return any(
            name == relative or posixpath.basename(name) not in PLACEHOLDERS
            for name in self._blobs(relative)
            if name == relative or name.startswith(f"{relative}/")
        )

    def holds(self, relative: str, file: Path, *, within: str) -> bool:
        """Whether a file of the host has the bytes that some commit has at this path; git is asked once ``within``."""
        if file.is_symlink() or not file.is_file():
            return False
        if any(_same(folder / relative, file) for folder in self._kept):
            return True
        known = self._blobs(within).get(relative, frozenset())
        return bool(known) and blob_id(file.read_bytes(), like=next(iter(known))) in known

    def ignores(self, relative: str, *, is_folder: bool) -> bool:
        """Whether the commit says that git leaves this path alone: then it is the host's own by intent."""
        name = f"{relative}/" if is_folder else relative
        return self._git(self._folder, "check-ignore", "--quiet", "--", name) is not None

    def tracks_now(self, checkout: Path, relative: str) -> bool:
        """Whether a folder of the host is a checkout that tracks this path."""
        return bool(checkout.is_dir() and self._git(checkout, "ls-files", "-z", "--", relative))

    def _blobs(self, relative: str) -> Mapping[str, frozenset[str]]:
        """Path → the ids of all contents that commits gave it."""
        if relative not in self._asked:
            options = ("--all", "--full-history", "--relative", "--format=", "--raw", "--no-abbrev", "--no-renames")
            said = self._git(self._folder, "log", *options, "-z", "--", relative) or ""
            self._asked[relative] = _parsed(said)
        return self._asked[relative]

    def _git(self, folder: Path, *words: str) -> str | None:
        """What git says; None where it fails or says no."""
        try:
            done = self._host.run(git.ask(folder, *words, timeout=_SECONDS), output_limit=None, exact=True)
        except CommandError:
            return None
        return done.output if done.ok else None


def _parsed(raw: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    parts = iter(raw.split("\0"))
    for part in parts:
        words = part.lstrip("\n").split(" ")
        if words[0].startswith(":"):
            name = next(parts, "")
            found.setdefault(name, set()).update(one for one in words[2:4] if one.strip("0"))
    return {name: frozenset(blobs) for name, blobs in found.items()}


def _same(one: Path, other: Path) -> bool:
    return one.is_file() and not one.is_symlink() and filecmp.cmp(one, other, shallow=False)


def trees_of(folder: Path, *, most: int = _MOST_COMMITS) -> Mapping[str, Mapping[str, str]]:
    """Commit → path below a folder → git's id of its content: HEAD, then the newest that changed something there.

    Raises:
        CommandError: git failed.
    """
    host = this_machine(timeout=_SECONDS)
    words = ("log", "--all", "--full-history", "--date-order", "--format=%H", f"--max-count={most}", "--", ".")
    listed = host.run(git.ask(folder, *words), output_limit=None).require().output.split()
    head = host.run(git.ask(folder, "rev-parse", "HEAD")).require().output.strip()
    trees = {}
    for commit in dict.fromkeys([head, *listed]):
        said = host.run(git.ask(folder, "ls-tree", "-r", "-z", commit), output_limit=None, exact=True).require()
        entries = parse_ls_tree(said.output)
        trees[commit] = {one.path: one.sha for one in entries if not one.is_symlink and not one.is_submodule}
    return trees
