"""Put an SQLite file back beside the live one, then let the two change their names; nothing is thrown away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from gonogo import probes
from gonogo.backups.manifest import Facts, Stored
from gonogo.backups.proof import differences
from gonogo.backups.putback import restored_aside
from gonogo.backups.sqlite import Sqlite
from gonogo.errors import CommandError
from gonogo.host.runner import Host

__all__ = ["FileSwap", "drop_file", "replaced_beside"]

_PROBE = Path(probes.__file__).with_name("sqlite_swap.py")
_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class FileSwap:
    """One file of a backup, and the live one whose place it takes."""

    live: Sqlite
    """Where its file can be reached also when no instance runs."""
    part: Stored
    path: Path
    stamp: str
    timeout: float

    @property
    def database(self) -> str:
        """The live file."""
        return self.live.path

    @property
    def new(self) -> str:
        """The name while it is compared."""
        return f"{self.live.path}.gonogo-new-{self.stamp}"

    @property
    def old(self) -> str:
        """The name of what is replaced."""
        return f"{self.live.path}.gonogo-old-{self.stamp}"

    def is_done(self, host: Host) -> bool:
        """Whether they were swapped already, before a crash.

        Raises:
            CommandError: the file cannot be reached.
        """
        return _run(self.live, host, "state", self.live.path, self.stamp) == "done"

    def reopen(self, host: Host) -> None:
        """Nothing keeps anybody out of a file."""

    def restore(self, host: Host) -> str:
        """Puts the copy beside the live file and compares it with the manifest; that one is not touched.

        Raises:
            RefusedError: it is not what was kept; nothing is left of it.
            CommandError: there is no room, or the live file is gone.
        """
        return restored_aside(self, lambda: self._put(host), lambda: drop_file(self.live, self.new, host))

    def _put(self, host: Host) -> str:
        _run(self.live, host, "put", self.live.path, self.stamp, given=self.path, timeout=self.timeout)
        return "; ".join(differences(self.part.facts, self.now(host, aside=self.new)))

    def now(self, host: Host, *, aside: str = "") -> Facts:
        """What the live file holds, or one that was put aside.

        Raises:
            CommandError: it is no sound database, or cannot be reached.
        """
        return replace(self.live, path=aside or self.live.path).facts(host, timeout=self.timeout)

    def swap(self, host: Host) -> str:
        """Changes the names, once nobody has the live file open.

        Raises:
            CommandError: somebody has; both have the names that they had.
        """
        _run(self.live, host, "swap", self.live.path, self.stamp)
        return f"{self.live.path} is the backup now; what it was is kept as {self.old}"

    def back(self, host: Host) -> None:
        """Takes the swap back.

        Raises:
            CommandError: as ``swap``.
        """
        _run(self.live, host, "back", self.live.path, self.stamp)


def replaced_beside(live: Sqlite, host: Host) -> tuple[tuple[str, int], ...]:
    """The files that earlier swaps left beside one, with their bytes.

    Raises:
        CommandError: its folder cannot be read.
    """
    lines = (line.partition(" ") for line in _run(live, host, "list", live.path).splitlines())
    return tuple((path, int(size)) for size, _, path in lines)


def drop_file(live: Sqlite, path: str, host: Host) -> None:
    """Throws away a file that a swap named.

    Raises:
        CommandError: it cannot be removed.
    """
    _run(live, host, "drop", path)


def _run(live: Sqlite, host: Host, *words: str, given: Path | None = None, timeout: float = _SECONDS) -> str:
    text = _PROBE.read_text(encoding="utf-8")
    command = live.access.command((live.python, "-c", text, *words), env={})
    done = host.run(replace(command, stdin_from=given, timeout=timeout))
    if done.ok:
        return done.output.strip()
    said = (done.errors.strip().splitlines() or ["no word"])[-1]
    raise CommandError(f"{live.name}: {words[0]}: found {said}, expected an exit code of 0.")
