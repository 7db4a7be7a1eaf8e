"""How the instances of a service begin: the words of their entry command, and the scripts that those words name."""

from __future__ import annotations

import contextlib
import json
import os
import posixpath
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from gonogo.host.runner import Command, Host
from gonogo.inspection.code.environments import PythonEnvironment, environment_in
from gonogo.runtimes.compose.render import environment_of, reveal

__all__ = ["entry_point", "entry_words", "image_config", "python_environment", "scripts_of"]

_SECONDS = 60.0
_LARGEST = 256 * 1024
_SCRIPTS = (".sh", ".py", ".bash")
_SKIPPED = frozenset({".git", "node_modules", "__pycache__", ".venv", "venv"})


def image_config(image: str, host: Host) -> dict[str, Any]:
    """The image's own configuration; empty while the image is not there."""
    argv = ("docker", "image", "inspect", "--format", "{{json .Config}}", image)
    answer = host.run(Command(argv=argv, timeout=_SECONDS), output_limit=None)
    try:
        config = json.loads(answer.output) if answer.ok else {}
    except ValueError:
        config = {}
    return config if isinstance(config, dict) else {}


def entry_words(service: Mapping[str, Any], image: Mapping[str, Any]) -> tuple[str, ...]:
    """Entry point and command: the model's where it has them, else the image's.

    As in Docker, a new entry point makes the image's command void.
    """
    entry, command = service.get("entrypoint"), service.get("command")
    if entry is None:
        default = image.get("Cmd") if command is None else None
        return (*_words(image.get("Entrypoint")), *(_words(default) if command is None else _revealed(command)))
    return (*_revealed(entry), *_revealed(command))


def entry_point(service: Mapping[str, Any], image: Mapping[str, Any]) -> tuple[str, ...]:
    """The entry point alone: the model's, else the image's."""
    own = service.get("entrypoint")
    return _words(image.get("Entrypoint")) if own is None else _revealed(own)


def python_environment(
    service: Mapping[str, Any], image: str, folder: Path, host: Host, *, mounted: bool = False
) -> PythonEnvironment:
    """Where the service finds its Python, by the words that start it and the scripts that they name.

    ``mounted``: with what the service mounts. A mount over the working folder hides the environment that the image has
    in it, and the runner makes another.
    """
    config = image_config(image, host)
    words = entry_words(service, config)
    workdir = service.get("working_dir") or config.get("WorkingDir") or "/"
    found = environment_in(words, scripts_of(folder, [words]), workdir=workdir)
    own = dict(line.partition("=")[::2] for line in config.get("Env") or ()) | environment_of(service)
    found = replace(found, pythonpath=own.get("PYTHONPATH", ""))
    targets = [str(volume["target"]) for volume in service.get("volumes") or () if volume.get("target")]
    hidden = mounted and any(PurePosixPath(workdir).is_relative_to(target) for target in targets)
    return found.synced() if hidden else found


def scripts_of(folder: Path, entries: Iterable[Sequence[str]]) -> dict[str, str]:
    """Path in the application's folder → text, for each script that is named, wherever the image keeps it."""
    names = {posixpath.basename(piece) for words in entries for word in words for piece in _pieces(word)}
    names = {name for name in names if name.endswith(_SCRIPTS) or (name and "." not in name)}
    return {path.relative_to(folder).as_posix(): _text(path) for path in _files(folder) if path.name in names}


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(files):
            path = Path(parent) / name
            with contextlib.suppress(OSError):
                if not path.is_symlink() and path.stat().st_size <= _LARGEST:
                    yield path


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _pieces(word: str) -> list[str]:
    """A word, and the words inside it (``sh -c "./migrate.sh && exec gunicorn"``)."""
    try:
        return [word, *shlex.split(word)]
    except ValueError:
        return [word, *word.split()]


def _revealed(value: str | Sequence[str] | None) -> tuple[str, ...]:
    return tuple(reveal(word) for word in _words(value))


def _words(value: str | Sequence[str] | None) -> tuple[str, ...]:
    return tuple(shlex.split(value)) if isinstance(value, str) else tuple(value or ())
