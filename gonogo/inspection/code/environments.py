"""Which Python a service's entry command runs: one on PATH, a virtual environment's, or the one behind ``uv run``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

__all__ = ["ON_PATH", "PythonEnvironment", "environment_in"]

_RUNNERS = {
    "uv": ("uv", "run", "--no-sync"),
    "poetry": ("poetry", "run"),
    "pipenv": ("pipenv", "run"),
    "pdm": ("pdm", "run"),
}
_RUNNER = re.compile(rf"(?<![\w./-])(?:[\w./-]*/)?({'|'.join(_RUNNERS)})\s+(?:-[\w-]+(?:=\S+)?\s+)*run\b")
_ENVIRONMENT = re.compile(r"(?<![\w./~$-])((?:[\w.-]*/)*[\w.-]*(?:venv|virtualenv|env)[\w.-]*/bin)/[\w.+-]+")
_PYTHON = re.compile(r"python[\d.]*|alembic|flask|django-admin")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonEnvironment:
    """How a program of the service's Python environment is called."""

    runner: tuple[str, ...] = ()
    """``("uv", "run", "--no-sync")``"""
    folder: str = ""
    """The folder of its programs: ``/opt/venv/bin``."""

    def words(self, argv: Sequence[str]) -> tuple[str, ...]:
        """The same command in this environment; programs that are not Python's are called as they are."""
        if not argv or not _PYTHON.fullmatch(argv[0]):
            return tuple(argv)
        if self.runner:
            return (*self.runner, *argv)
        return (posixpath.join(self.folder, argv[0]), *argv[1:]) if self.folder else tuple(argv)

    def synced(self) -> PythonEnvironment:
        """The same; where its runner finds no environment it makes one, as it does when the service starts."""
        return replace(self, runner=tuple(word for word in self.runner if word != "--no-sync"))


ON_PATH = PythonEnvironment()


def environment_in(words: Sequence[str], scripts: Mapping[str, str], *, workdir: str) -> PythonEnvironment:
    """The environment that an entry command starts its programs in, by its words or by the scripts that they name.

    ``workdir`` is where relative paths begin. Nothing is guessed from folders that only lie there: a virtual
    environment that no word names may be a desk's.
    """
    named = [text for path, text in scripts.items() if _is_named(posixpath.basename(path), words)]
    for text in (" ".join(words), *named):
        said = _COMMENT.sub("", text)
        if found := _ENVIRONMENT.search(said):
            return PythonEnvironment(folder=posixpath.normpath(posixpath.join(workdir, found[1])))
        if found := _RUNNER.search(said):
            return PythonEnvironment(runner=_RUNNERS[found[1]])
    return ON_PATH


def _is_named(script: str, words: Sequence[str]) -> bool:
    return any(script in map(posixpath.basename, re.split(r"[\s;&|()'\"]+", word)) for word in words)
