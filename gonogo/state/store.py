"""What an environment's host remembers: the serving release, kept releases, runs.

    lock                       who holds the environment
    current                    the id of the serving release
    releases/<id>/             release.json, source/ (its files), tree (a list of them), and what its runtime pinned
    runs/<id>/                 journal.jsonl, one results file a gate, probe.jsonl

Files may hold secrets, so folders are 0700; every file is written aside and renamed.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from pydantic import ValidationError

from gonogo.config import Environment, Project
from gonogo.errors import RefusedError
from gonogo.state.journal import read_journal
from gonogo.state.release import FORMAT, Release

__all__ = ["State", "state_of", "write_atomically"]

_LOOK_BACK = 50
"""Runs; one that was cut off stands in the way of the next, so it is never far back."""


def state_of(project: Project, environment: Environment) -> State:
    """The state folder of an environment; nothing is created."""
    if environment.state is not None:
        root = Path(environment.state).expanduser()
        return State(root if root.is_absolute() else project.root / root)
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return State(home / "gonogo" / project.app.name / environment.name)


def write_atomically(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Writes a file so that a reader or a crash sees the old text or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _below(release: Release, folder: Path) -> Path:
    """Where its gonogo.toml stands: in its own folder, also where the whole state was moved or restored elsewhere."""
    inside = release.root.is_relative_to(release.folder)
    return folder / release.root.relative_to(release.folder) if inside else release.root


class State:
    """One environment's memory."""

    def __init__(self, root: Path) -> None:
        """``root`` need not exist yet."""
        self.root = root

    def create(self) -> None:
        """Makes the folders, closed to others."""
        for folder in (self.root, self.root / "releases", self.root / "runs"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def lock(self) -> Path:
        """Where the lock stands while a run holds the environment."""
        return self.root / "lock"

    def release_folder(self, release_id: str) -> Path:
        """The folder of one release."""
        return self.root / "releases" / release_id

    def keeps(self, release_id: str) -> bool:
        """Whether it has a release of that name; an empty one is none's."""
        return bool(release_id) and self.release_folder(release_id).exists()

    def run_folder(self, run: str) -> Path:
        """The folder of one run."""
        return self.root / "runs" / run

    def save(self, release: Release) -> None:
        """Writes ``release.json``."""
        write_atomically(release.folder / "release.json", release.model_dump_json(indent=2) + "\n")

    def load(self, release_id: str) -> Release | None:
        """One release, or None when it is not kept.

        Raises:
            RefusedError: its ``release.json`` cannot be read or is of a newer format.
        """
        path = self.release_folder(release_id) / "release.json"
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            release = Release.model_validate_json(text)
        except ValidationError as error:
            raise RefusedError(
                f"{path}: found {error.error_count()} broken fields, expected a release. "
                f"Put the file back, or let go of that release: `mv {path.parent} {self.root}`."
            ) from error
        if release.format > FORMAT:
            raise RefusedError(f"{path}: found format {release.format}, expected at most {FORMAT}. Use a newer gonogo.")
        return release.model_copy(update={"folder": path.parent, "root": _below(release, path.parent)})

    def current(self) -> Release | None:
        """The release that serves, or None before the first GO.

        Raises:
            RefusedError: the release that is named is not kept; to take the next deploy for the first would be wrong.
        """
        path = self.root / "current"
        try:
            name = path.read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return None
        release = self.load(name) if name else None
        if release is None:
            kept = ", ".join(sorted(file.parent.name for file in self.root.glob("releases/*/release.json")))
            raise RefusedError(
                f'{path}: found "{name}", expected a release that is kept ({kept or "there is none"}). '
                f"Write the id of the one that serves into it, or begin anew: `rm {path}`."
            )
        return release

    def set_current(self, release_id: str) -> None:
        """Records which release serves from now on; what is recorded already needs no room on a full disk."""
        path = self.root / "current"
        if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != release_id + "\n":
            write_atomically(path, release_id + "\n")

    def releases(self) -> list[Release]:
        """All kept releases, the newest first."""
        folders = sorted((self.root / "releases").glob("*/release.json"), reverse=True)
        return [release for path in folders if (release := self.load(path.parent.name)) is not None]

    def before(self, release: Release | None) -> Release | None:
        """The good release to go back to from this one: what served until it did, else the newest that is older.

        One that somebody went back from meanwhile is not what served.
        """
        good = [kept for kept in self.releases() if kept.is_good]
        replaced = [kept for kept in good if release is not None and kept.id == release.replaced]
        older = [kept for kept in good if release is None or kept.id < release.id]
        return next(iter((*replaced, *older)), None)

    def runs(self) -> list[str]:
        """The names of all runs, the newest first."""
        return sorted((path.parent.name for path in (self.root / "runs").glob("*/journal.jsonl")), reverse=True)

    def unfinished(self) -> str | None:
        """The newest run whose journal has no ending after it touched something, or None."""
        return next(iter(self.cut_off()), None)

    def cut_off(self, *, touched: bool = True) -> list[str]:
        """Runs whose journal has no ending, the newest first: those that touched something, or those that did not."""
        found = []
        for run in self.runs()[:_LOOK_BACK]:
            events = {line.get("event") for line in read_journal(self.run_folder(run) / "journal.jsonl")}
            if not events & {"run-ended", "run-settled"} and ("first-touch" in events) is touched:
                found.append(run)
        return found
