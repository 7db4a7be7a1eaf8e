"""SQLite: its own online backup, made where the file is; writers go on meanwhile."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gonogo import probes
from gonogo.backups.access import Access
from gonogo.backups.manifest import Facts, Stored, Table
from gonogo.backups.source import stored
from gonogo.errors import CommandError
from gonogo.host.runner import Command, Host

__all__ = ["KIND", "Here", "Sqlite", "facts_of", "files_below"]

KIND = "SQLite"
_SECONDS = 60.0
_PROBE = Path(probes.__file__).with_name("sqlite_copy.py")
_SIZE = "import os, sys; print(os.path.getsize(sys.argv[1]))"


@dataclass(frozen=True, kw_only=True)
class Here:
    """Files of this machine."""

    image: str = ""

    @property
    def where(self) -> str:
        """As people call it."""
        return "this machine"

    def typed(self, argv: Sequence[str]) -> Command:
        """As it stands."""
        return Command(argv=tuple(argv))

    def command(self, argv: Sequence[str], *, env: Mapping[str, str]) -> Command:
        """With gonogo's own Python."""
        return Command(argv=(sys.executable, "-P", *argv[1:]), env=env)


@dataclass(frozen=True, kw_only=True)
class Sqlite:
    """One database file."""

    name: str
    access: Access
    path: str
    python: str = field(default="python")

    kind = KIND
    ending = ".db"

    @property
    def image(self) -> str:
        """The id of the image of its container; empty where it is in none."""
        return self.access.image

    def describe(self, into: Path) -> tuple[str, ...]:
        """The copy, as a person would type it."""
        typed = self.access.typed((self.python, "-", "copy", self.path))
        return (str(replace(typed, into=into)) + f" < {_PROBE.name}",)

    def _command(self, *words: str) -> Command:
        return self.access.command((self.python, *words), env={})

    def _ask(self, host: Host, code: str) -> str:
        command = replace(self._command("-c", code, self.path), timeout=_SECONDS)
        return host.run(command).require(f"database {self.name}").output.strip()

    def size(self, host: Host) -> int:
        """Bytes that the file has.

        Raises:
            CommandError: there is no such file.
        """
        return int(self._ask(host, _SIZE))

    def ready(self, host: Host) -> str:
        """Which SQLite would copy how much.

        Raises:
            CommandError: there is no such file, or no Python where it is.
        """
        version = self._ask(host, "import sqlite3; print(sqlite3.sqlite_version)")
        return f"SQLite {version}, {self.size(host)} bytes in {self.access.where}"

    def facts(self, host: Host, *, timeout: float) -> Facts:
        """What it holds now.

        Raises:
            CommandError: it is no sound database, or cannot be reached.
        """
        command = replace(self._command("-", "facts", self.path), stdin_from=_PROBE, timeout=timeout)
        return _read(host, command, what=f"database {self.name}")

    def dump(self, host: Host, into: Path, *, timeout: float) -> Stored:
        """Copies it into a file that does not exist yet, and looks into the copy.

        Raises:
            CommandError: it could not be copied, or what was copied is no sound database.
        """
        begin = time.monotonic()
        command = replace(self._command("-", "copy", self.path), stdin_from=_PROBE, into=into, timeout=timeout)
        done = host.run(command).require(f"database {self.name}")
        facts = facts_of(host, into, what=f"database {self.name}", timeout=timeout)
        return stored(self, into, begin=begin, facts=facts, said=done.errors.splitlines())


def facts_of(host: Host, path: Path, *, what: str, timeout: float) -> Facts:
    """What a file of this machine holds.

    Raises:
        CommandError: it is no sound database.
    """
    command = Command(argv=(sys.executable, "-I", str(_PROBE), "facts", str(path)), timeout=timeout)
    return _read(host, command, what=what)


def files_below(host: Host, access: Access, folders: Sequence[str]) -> Mapping[str, str]:
    """Each SQLite file below these folders, and why it cannot be copied (nothing where it can).

    Nothing is found where no Python answers: an image without one keeps no SQLite file for an application in Python.
    """
    command = access.command(("python", "-", "find", *folders), env={})
    done = host.run(replace(command, stdin_from=_PROBE, timeout=_SECONDS), output_limit=None)
    try:
        return dict(json.loads(done.output)) if done.ok else {}
    except ValueError:
        return {}


def _read(host: Host, command: Command, *, what: str) -> Facts:
    said = json.loads(host.run(command, output_limit=None).require(what).output)
    if said["sound"] != ["ok"]:
        raise CommandError(f"{what}: found by PRAGMA integrity_check: {'; '.join(said['sound'])}, expected ok.")
    tables = tuple(Table(name=name, rows=rows) for name, rows in said["tables"])
    return Facts(version=said["version"], size=said["size"], tables=tables, revisions=said["revisions"])
