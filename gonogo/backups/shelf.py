"""Where the backups of an environment stand: one folder each, written aside and renamed once it is whole.

<id>/manifest.json         what it holds
<id>/…                     one file a database
.<id>.partial/             one that is being made, or was cut off
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from gonogo.backups.manifest import FORMAT, Backup, Proof
from gonogo.config import Environment, Project
from gonogo.errors import RefusedError
from gonogo.host.runner import Command, Host
from gonogo.state.store import State, write_atomically

__all__ = ["Shelf", "digest", "needed_by", "shelf_of"]

_MANIFEST = "manifest.json"
_ENDS = "ends.json"
_CHUNK = 4 * 1024 * 1024


def shelf_of(project: Project, environment: Environment, state: State) -> Shelf:
    """Where an environment's backups stand; nothing is made."""
    told = environment.backup.folder if environment.backup is not None else None
    if told is None:
        return Shelf(state.root / "backups")
    return Shelf(project.root / Path(told).expanduser() / project.app.name / environment.name)


def needed_by(state: State) -> dict[str, str]:
    """Backup → the kept release that was deployed after it: going back from that with the data needs it."""
    return {release.backup: release.id for release in state.releases() if release.backup is not None}


def digest(path: Path) -> str:
    """The sha256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


class Shelf:
    """One environment's backups."""

    def __init__(self, folder: Path) -> None:
        """``folder`` need not exist yet."""
        self.folder = folder

    def path(self, backup: str) -> Path:
        """The folder of one."""
        return self.folder / backup

    def all(self) -> list[Backup]:
        """Every whole one, the newest first.

        Raises:
            RefusedError: a manifest cannot be read, or is of a newer format.
        """
        found = sorted(self.folder.glob(f"[!.]*/{_MANIFEST}"), reverse=True)
        return [self._read(path) for path in found]

    def load(self, backup: str) -> Backup | None:
        """One of them, or None where it is not kept.

        Raises:
            RefusedError: as ``all``.
        """
        path = self.path(backup) / _MANIFEST
        return self._read(path) if path.is_file() else None

    @staticmethod
    def _read(path: Path) -> Backup:
        try:
            found = Backup.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise RefusedError(
                f"{path}: found {error.error_count()} broken fields, expected what a backup says of itself. "
                f"Put the file back, or let go of that backup: `rm -r {path.parent}`."
            ) from error
        if found.format > FORMAT:
            raise RefusedError(f"{path}: found format {found.format}, expected at most {FORMAT}. Use a newer gonogo.")
        return found

    @contextlib.contextmanager
    def making(self, backup: str) -> Iterator[Path]:
        """A folder for a new one, closed to others; gone again where it does not become whole."""
        aside = self.folder / f".{backup}.partial"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside.mkdir(mode=0o700)
        try:
            yield aside
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise

    def finish(self, aside: Path, made: Backup) -> Path:
        """A whole one gets its name, once all of it is on the disk."""
        (aside / _ENDS).unlink(missing_ok=True)
        write_atomically(aside / _MANIFEST, made.model_dump_json(indent=1) + "\n")
        for path in (*aside.iterdir(), aside):
            _sync(path)
        aside.rename(self.path(made.id))
        _sync(self.folder)
        return self.path(made.id)

    def note_proof(self, backup: Backup, proof: Proof) -> Backup:
        """Writes into a manifest what putting the backup back showed."""
        proven = backup.model_copy(update={"proof": proof})
        write_atomically(self.path(backup.id) / _MANIFEST, proven.model_dump_json(indent=1) + "\n")
        return proven

    @staticmethod
    def note_ends(aside: Path, commands: Iterable[Command]) -> None:
        """Which commands end what goes on elsewhere, should this process be killed."""
        write_atomically(aside / _ENDS, json.dumps([one.argv for one in commands]))

    def sweep(self, host: Host) -> tuple[str, ...]:
        """Takes away what was cut off, and ends what it had begun; only for whoever holds the environment."""
        found = sorted(self.folder.glob(".*.partial"))
        for aside in found:
            with contextlib.suppress(OSError, ValueError):
                for argv in json.loads((aside / _ENDS).read_text(encoding="utf-8")):
                    host.run(Command(argv=tuple(argv), timeout=30.0))
            shutil.rmtree(aside, ignore_errors=True)
        return tuple(f"A backup that was cut off was taken away: {path}." for path in found)

    def let_go(self, *, keep: int, keep_for: float | None, needed: Collection[str]) -> tuple[str, ...]:
        """Retention by count and by age; what a kept release needs stays. Returns which went."""
        oldest = datetime.now(UTC) - timedelta(seconds=keep_for or 0)
        old = [one for one in self.all()[keep:] if one.id not in needed and (not keep_for or one.made < oldest)]
        for one in old:
            shutil.rmtree(self.path(one.id), ignore_errors=True)
        return tuple(one.id for one in old)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
