"""The application's files as git knows them."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gonogo import git
from gonogo.errors import CommandError
from gonogo.host.runner import Completed, Host
from gonogo.inspection.code.contents import FileDigest, manifest_of
from gonogo.inspection.code.gittree import STATUS, Status, parse_status
from gonogo.runtimes import sources
from gonogo.runtimes.compose.code import recipe_of
from gonogo.state.release import Release

if TYPE_CHECKING:
    from gonogo.inspection.code.recipe import BuildRecipe

__all__ = ["Source"]


_FOREIGN = frozenset({".venv", "venv", "env", "node_modules", ".tox", ".nox", "site-packages"})


class Source:
    """One folder of a checkout, or of a release's own source; paths are relative to it, with ``/``."""

    def __init__(self, root: Path, runner: Host, *, release: Release | None = None) -> None:
        """Looks at ``root``; ``release`` is the one whose source it is (None: a checkout, at its HEAD).

        ``runner`` redacts nothing: names of files are compared, and a password may be a word of one.
        """
        self.root = root
        self._runner = runner
        self._release = release
        self._recipes: dict[str, BuildRecipe | None] = {}

    def __repr__(self) -> str:
        """Names the folder."""
        return f"<source {self.root}>"

    def git(self, *arguments: str) -> Completed:
        """Asks git in this folder; its whole output is kept, byte for byte.

        Raises:
            CommandError: git failed.
        """
        return self._runner.run(git.ask(self.root, *arguments), output_limit=None, exact=True).require()

    @functools.cached_property
    def commit(self) -> str:
        """The commit's full id."""
        return self._release.commit if self._release is not None else self.git("rev-parse", "HEAD").output.strip()

    @property
    def status(self) -> Status:
        """What differs from HEAD in the whole repository."""
        return parse_status(self.git(*STATUS).output)

    def recipe(self, build: Mapping[str, Any]) -> BuildRecipe | None:
        """What a service's ``build`` makes of this folder, read once for all services and checks; as ``recipe_of``."""
        asked = json.dumps(build, sort_keys=True, default=str)
        if asked not in self._recipes:
            self._recipes[asked] = recipe_of(build, root=self.root)
        return self._recipes[asked]

    def subject_of(self, commit: str) -> str:
        """The first line of a commit's message."""
        return self.git("log", "-1", "--format=%s", commit, "--").output.strip()

    @functools.cached_property
    def tracked(self) -> tuple[str, ...]:
        """Every file that git tracks below this folder and that stands on the disk."""
        listed = self.kept if self.kept is not None else self.git("ls-files", "-z").output.split("\0")
        return tuple(
            path for path in listed if path and ((self.root / path).is_file() or (self.root / path).is_symlink())
        )

    @functools.cached_property
    def kept(self) -> Mapping[str, FileDigest] | None:
        """What every tracked file was when the release was made; None where that was not noted: git is asked then."""
        return sources.kept(self._release, self.root)

    @functools.cached_property
    def manifest(self) -> Mapping[str, FileDigest]:
        """Digests of every tracked file, as it would be built."""
        return manifest_of(self.root, self.tracked)

    @functools.cached_property
    def left_out(self) -> tuple[str, ...]:
        """What is no part of the application: git's own folder, and ignored folders of other people's packages."""
        if self.kept is not None:
            return (str(self.root / ".git"), *self._foreign(self.kept))
        ignored = self.git("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z").output
        folders = [self.root / path for path in ignored.split("\0") if path.endswith("/")]
        foreign = [folder for folder in folders if folder.name in _FOREIGN or (folder / "pyvenv.cfg").is_file()]
        return (str(self.root / ".git"), *map(str, foreign))

    def _foreign(self, tracked: Mapping[str, FileDigest]) -> Iterator[str]:
        """Folders of other people's packages that were put into a release's source after it was made."""
        for parent, folders, _ in os.walk(self.root):
            for name in list(folders):
                folder = Path(parent) / name
                below = f"{folder.relative_to(self.root).as_posix()}/"
                if (name in _FOREIGN or (folder / "pyvenv.cfg").is_file()) and not any(
                    path.startswith(below) for path in tracked
                ):
                    folders.remove(name)
                    yield str(folder)

    @property
    def is_repository(self) -> bool:
        """Whether git answers here."""
        try:
            self.git("rev-parse", "--git-dir")
        except CommandError:
            return False
        return True

    def text(self, path: str) -> str:
        """One file's text (broken UTF-8 is replaced)."""
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def texts(self, *suffixes: str) -> dict[str, str]:
        """The text of every tracked regular file whose name ends so."""
        chosen = [path for path in self.tracked if path.endswith(suffixes) and not (self.root / path).is_symlink()]
        return {path: self.text(path) for path in chosen}
