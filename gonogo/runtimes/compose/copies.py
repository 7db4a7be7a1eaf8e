"""Copies of tracked files that containers mount, named by their content, each with a note of what was put there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = [
    "GENERATED",
    "copied_from",
    "holds_runs",
    "is_environment",
    "is_setting",
    "keep_copy",
    "lone_copies",
    "moved_out",
    "written_into",
]

GENERATED = frozenset({"__pycache__", ".git", ".DS_Store", ".pytest_cache", ".mypy_cache", ".ruff_cache"})
"""What programs leave behind, and nobody misses."""
_NOTE = ".gonogo.json"
_RUN = re.compile(r"\d{8}T\d{6}-[0-9a-f]{7,}")
_PAGES = frozenset({".gitignore", "index.html", "metrics.txt"})
_PASSING = (".pyc", ".pid", ".log", ".sock", ".lock", ".tmp", ".swp")


def keep_copy(
    source: Path, below: Sequence[str], *, state: Path, holes: Mapping[str, bool] | None = None, own: Path | None = None
) -> Path:
    """Copies tracked files to ``state/files/<digest>/<name>`` once, with the modes that git knows.

    Args:
        source: where they stand at the commit.
        below: the tracked files, relative to it.
        state: the environment's state folder.
        holes: become empty files (False) or folders (True), for mounts of their own.
        own: where the folder stands on the host, outside of any release.
    """
    digest = hashlib.sha256(f"{source.name}\0{own or ''}".encode("utf-8", "surrogateescape"))
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
            if own is not None and os.geteuid() == 0:
                _own_alike(aside / source.name, own)
            note = {"files": list(below), "holes": sorted(holes or {}), "own": str(own) if own is not None else None}
            (aside / _NOTE).write_text(json.dumps(note), encoding="ascii")
            aside.chmod(0o755)
            _put_in_place(aside, home)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return home / source.name


def lone_copies(state: Path, own: str, others: Iterable[str]) -> tuple[Path, ...]:
    """The copies that one text names (a model as it was written) and no other one does.

    One into which a container wrote something is kept: nobody has that anywhere else.
    """
    named = re.compile(re.escape(str(state / "files")) + r"/([0-9a-f]{64})(?=/)")
    lone = set(named.findall(own)) - {digest for text in others for digest in named.findall(text)}
    homes = (state / "files" / digest for digest in sorted(lone))
    return tuple(home for home in homes if not any(map(written_into, _copies_in(home))))


def _copies_in(home: Path) -> list[Path]:
    return [one for one in home.iterdir() if one.name != _NOTE] if home.is_dir() else []


def written_into(copy: Path) -> tuple[str, ...]:
    """What containers wrote into a copy of a folder since it was made; what passes by itself is left out."""
    note = _note(copy)
    if note is None:
        return ()
    known = {*note["files"], *note["holes"]}
    return tuple(name for name in _files_below(copy, note["holes"]) if name not in known)


def moved_out(copy: Path) -> Mapping[str, Path]:
    """What containers wrote into a copy and a person has put on the host since: name → where it stands there."""
    note = _note(copy)
    if note is None or not note.get("own"):
        return {}
    there = {name: Path(note["own"]) / name for name in written_into(copy)}
    return {name: path for name, path in there.items() if path.is_file()}


def copied_from(copy: Path) -> Path | None:
    """Where the folder of which this is a copy stands on the host; None for a file's."""
    note = _note(copy)
    return Path(note["own"]) if note is not None and note.get("own") else None


def _note(copy: Path) -> dict[str, Any] | None:
    try:
        note: dict[str, Any] = json.loads((copy.parent / _NOTE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None  # made before there were notes, or no copy at all
    return note


def _files_below(copy: Path, holes: Iterable[str]) -> Iterator[str]:
    for parent, names, files in os.walk(copy):
        here = Path(parent).relative_to(copy)
        left = (one for one in names if one not in GENERATED and (here / one).as_posix() not in holes)
        names[:] = [one for one in left if not is_environment(Path(parent) / one)]
        yield from ((here / one).as_posix() for one in sorted(files) if not one.endswith(_PASSING))


def is_environment(path: Path) -> bool:
    """Whether a folder is a virtual environment of Python's: it can be made again."""
    return (path / "pyvenv.cfg").is_file()


def is_setting(path: Path) -> bool:
    """Whether a path of the host is no data of the application's: an env file, a virtual environment."""
    is_env_file = path.name.startswith(".env") or path.name.endswith(".env")
    return (is_env_file and not path.is_dir()) or is_environment(path)


def holds_runs(folder: Path) -> bool:
    """Whether a folder holds gonogo's own reports alone: one folder for each environment, in it one for each run."""
    inner = [one for place in folder.iterdir() for one in (place.iterdir() if place.is_dir() else (place,))]
    return all(_RUN.fullmatch(one.name) or one.name in _PAGES for one in inner)


def _put_in_place(aside: Path, home: Path) -> None:
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


def _own_alike(copy: Path, own: Path) -> None:
    """Gives what is copied the owners that it has on the host: a container's user may write there, or not."""
    for parent, folders, files in os.walk(copy):
        here = Path(parent)
        for one in [here, *(here / name for name in (*folders, *files))]:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                status = (own / one.relative_to(copy)).lstat()
                os.lchown(one, status.st_uid, status.st_gid)


def _hole(target: Path, *, is_folder: bool) -> None:
    _folders(target if is_folder else target.parent)
    if not is_folder:
        target.touch()
        target.chmod(0o644)


def _folders(folder: Path) -> None:
    """Makes folders that every container user may enter, whatever the umask is."""
    if not folder.exists():
        _folders(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)
