"""What a release gets from its host and not from its commit: the env file's values, and other files of the host."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from gonogo.runtimes.base import Place
from gonogo.runtimes.place import pinned_variables
from gonogo.state.release import Release

__all__ = ["changed_since", "changed_variables", "digests"]


def digests(files: Iterable[Path]) -> dict[str, str]:
    """Path → SHA-256 of every file that can be read; a file that is not there has an empty one."""
    return {str(path): _digest(path) for path in sorted(files)}


def changed_variables(place: Place, release: Release) -> tuple[str, ...]:
    """The variables that have another value today than when the release was made, those that came or went included."""
    before = pinned_variables(release)
    names = sorted({*before, *place.variables})
    return tuple(name for name in names if before.get(name) != place.variables.get(name))


def changed_since(place: Place, release: Release) -> tuple[str, ...]:
    """Everything of the host's that is another today than when the release was made, by name; no values."""
    today = digests(map(Path, release.given))
    return (*changed_variables(place, release), *_others(release.given, today, place.path))


def _others(before: Mapping[str, str], today: Mapping[str, str], folder: Path) -> Iterable[str]:
    for path, digest in before.items():
        if today[path] != digest:
            inside = Path(path).is_relative_to(folder)
            yield Path(path).relative_to(folder).as_posix() if inside else path


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
