"""A repository's files as git lists them, read once each."""

from __future__ import annotations

import codecs
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from gonogo import git
from gonogo.errors import UsageError
from gonogo.host.runner import Host

__all__ = ["Tree", "read_tree"]

_MOST = 400_000
"""Bytes of one file that are read; larger ones are data."""
_NOT_LOOKED_AT = frozenset(
    {".git", ".venv", "venv", "node_modules", "site-packages", "vendor", "third_party", "__pycache__", ".tox"}
)
_TESTS = frozenset({"test", "tests", "testing", "e2e", "fixtures", "conftest.py", "spec"})
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How a file begins that PowerShell wrote (``pip freeze > requirements.txt``)."""
_SUBMODULE = "160000"


class Tree:
    """Paths are relative to the folder that was looked at, with ``/`` between their parts."""

    def __init__(
        self,
        files: Iterable[str],
        read: Callable[[str], str | None],
        *,
        submodules: Iterable[str] = (),
        tracked: Iterable[str] | None = None,
    ) -> None:
        """``read`` gives a file's text, or None where it cannot be read as text."""
        self.files = tuple(sorted(path for path in files if not _NOT_LOOKED_AT.intersection(path.split("/"))))
        self.submodules = tuple(submodules)
        self.tracked = frozenset(self.files if tracked is None else tracked)
        self._known = frozenset(self.files)
        self._read = read
        self._texts: dict[str, str] = {}

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Tree:
        """A tree that stands in memory."""
        return cls(texts, texts.get)

    def __contains__(self, path: object) -> bool:
        """Whether a file of that path is there."""
        return path in self._known

    def has_folder(self, path: str) -> bool:
        """Whether any file stands below a folder."""
        folder = posixpath.normpath(path)
        return folder == "." or any(name.startswith(f"{folder}/") for name in self.files)

    def text(self, path: str) -> str:
        """A file's text; empty where there is none, or where it is no text."""
        if path not in self._texts:
            self._texts[path] = (self._read(path) or "") if path in self._known else ""
        return self._texts[path]

    def named(self, *names: str) -> tuple[str, ...]:
        """The files that are called so, those of the upper folders first."""
        found = [path for path in self.files if posixpath.basename(path) in names]
        return tuple(sorted(found, key=lambda path: (path.count("/"), path)))

    def below(self, folder: str, suffix: str = "") -> Iterator[str]:
        """The files below a folder."""
        prefix = "" if folder in {"", "."} else f"{folder}/"
        return (path for path in self.files if path.startswith(prefix) and path.endswith(suffix))

    def within(self, folder: str) -> Tree:
        """The same tree as it is seen from one of its folders."""
        if folder in {"", "."}:
            return self
        prefix = f"{folder}/"
        inside = [path.removeprefix(prefix) for path in self.files if path.startswith(prefix)]
        tracked = [path.removeprefix(prefix) for path in self.tracked if path.startswith(prefix)]
        return Tree(inside, lambda path: self.text(prefix + path) or None, tracked=tracked)

    def also(self, path: str, text: str) -> Tree:
        """The same tree with one file more, which git does not know."""
        return Tree([*self.files, path], lambda name: text if name == path else self.text(name) or None)

    def where(self, path: str, *needles: str) -> str:
        """``path:line`` of the first line that holds a needle; the path alone where none does."""
        lines = self.text(path).splitlines()
        for needle in needles:
            for number, line in enumerate(lines, 1):
                if needle in line and not line.lstrip().startswith("#"):
                    return f"{path}:{number}"
        return path

    @staticmethod
    def is_test(path: str) -> bool:
        """Whether a file belongs to tests."""
        parts = path.split("/")
        return not _TESTS.isdisjoint(parts) or parts[-1].startswith("test_") or parts[-1].endswith("_test.py")


def read_tree(folder: Path, host: Host) -> Tree:
    """Lists what git knows below a folder, and what it does not know and does not ignore.

    Raises:
        UsageError: the folder is in no repository, or git is not there.
    """
    tracked = list(_listed(folder, host, "--stage"))
    submodules = [path for mode, path in tracked if mode == _SUBMODULE]
    files = [path for mode, path in tracked if mode != _SUBMODULE]
    others = [path for _, path in _listed(folder, host, "--others", "--exclude-standard")]
    return Tree([*files, *others], lambda path: _text(folder / path), submodules=submodules, tracked=files)


def _listed(folder: Path, host: Host, *options: str) -> Iterator[tuple[str, str]]:
    answer = host.run(git.ask(folder, "ls-files", "-z", *options), output_limit=None, exact=True)
    if not answer.ok:
        said = (answer.errors.strip().splitlines() or ["no answer"])[-1]
        raise UsageError(
            f"{folder}: found no git repository ({said}), expected one: a release is a commit. "
            "Change to your application's folder, or `git init`, `git add .`, `git commit`; then try again."
        )
    for entry in filter(None, answer.output.split("\0")):
        head, tab, path = entry.partition("\t")
        yield (head.split(" ")[0], path) if tab else ("", entry)


def _text(path: Path) -> str | None:
    try:
        if not path.is_file() or path.stat().st_size > _MOST:
            return None
        raw = path.read_bytes()
        return raw.decode("utf-16" if raw.startswith(_UTF16) else "utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
