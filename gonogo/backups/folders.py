"""Folders with uploads: an archive of them, read where they stand."""

from __future__ import annotations

import tarfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from gonogo.backups.manifest import Facts, Stored, Table
from gonogo.backups.source import stored
from gonogo.errors import CommandError
from gonogo.host.runner import Command, Host

__all__ = ["KIND", "Folder", "files_in"]

KIND = "files"
_SECONDS = 120.0
_CHANGED = 1
"""What tar ends with where a file changed while it was read."""


@dataclass(frozen=True, kw_only=True)
class Folder:
    """One folder, of a container or of this machine."""

    name: str
    path: str
    container: str = ""

    kind = KIND
    ending = ".tar"
    image = ""

    def describe(self, into: Path) -> tuple[str, ...]:
        """The archive, as a person would make it."""
        return (str(replace(self._command(), into=into)),)

    def _command(self) -> Command:
        """Through the Engine where it is in a container: that needs no program in there."""
        if self.container:
            return Command(argv=("docker", "cp", f"{self.container}:{self.path}", "-"))
        path = Path(self.path)
        return Command(argv=("tar", "--create", "--file=-", "--directory", str(path.parent), "--", path.name))

    def size(self, host: Host) -> int:
        """Bytes that its files take.

        Raises:
            CommandError: it is not there.
        """
        words = ("docker", "exec", self.container) if self.container else ()
        done = host.run(Command(argv=(*words, "du", "-sk", self.path), timeout=_SECONDS)).require(f"folder {self.name}")
        return int(done.output.split()[0]) * 1024

    def ready(self, host: Host) -> str:
        """How big it is.

        Raises:
            CommandError: it is not there.
        """
        return f"{self.size(host)} bytes"

    def dump(self, host: Host, into: Path, *, timeout: float) -> Stored:
        """Archives it into a file that does not exist yet, and reads that to its end.

        Raises:
            CommandError: it could not be read, or what was written is no whole archive.
        """
        begin = time.monotonic()
        done = host.run(replace(self._command(), into=into, timeout=timeout))
        changed = done.code == _CHANGED and not self.container and not done.timed_out
        if not changed:
            done.require(f"folder {self.name}")
        count = files_in(into)
        return stored(
            self,
            into,
            begin=begin,
            facts=Facts(tables=(Table(name="files", rows=count),)),
            said=done.errors.splitlines()[:3],
        )


def files_in(path: Path) -> int:
    """How many files an archive holds, read to its end.

    Raises:
        CommandError: it has no end, or is none.
    """
    try:
        with tarfile.open(path, "r|") as archive:
            count = sum(member.isfile() for member in archive)
        with path.open("rb") as stream:
            stream.seek(-min(2 * tarfile.BLOCKSIZE, path.stat().st_size), 2)
            whole = stream.read() == bytes(2 * tarfile.BLOCKSIZE)
    except (tarfile.TarError, OSError) as error:
        raise CommandError(f"{path}: found no whole archive ({error}), expected one.") from error
    if not whole:
        raise CommandError(f"{path}: found an archive whose end is missing, expected a whole one (df -h).")
    return count
