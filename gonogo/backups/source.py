"""What one kind of database has to be able to do, to be backed up."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from gonogo.backups.manifest import Facts, Stored
from gonogo.host.runner import Host

__all__ = ["Source", "stored"]


class Source(Protocol):
    """One database."""

    @property
    def kind(self) -> str:
        """Of which make it is."""

    @property
    def name(self) -> str:
        """As people call it, and as gonogo.toml may: ``db/shop``."""

    @property
    def ending(self) -> str:
        """Of the file that it becomes."""

    @property
    def image(self) -> str:
        """The id of the image of its container; empty where it is in none."""

    def describe(self, into: Path) -> tuple[str, ...]:
        """What would run, as a person would type it."""

    def size(self, host: Host) -> int:
        """Bytes that it takes now.

        Raises:
            CommandError: it could not be asked.
        """

    def ready(self, host: Host) -> str:
        """With what it would be dumped; one line.

        Raises:
            CommandError: it could not be dumped now.
        """

    def dump(self, host: Host, into: Path, *, timeout: float) -> Stored:
        """Dumps it into a file that does not exist yet.

        Raises:
            CommandError: with what was said.
        """


def stored(source: Source, into: Path, *, begin: float, facts: Facts, said: Iterable[str]) -> Stored:
    """What the manifest says of a file that a source became, but for its digest; ``begin`` by the monotonic clock."""
    return Stored(
        kind=source.kind,
        name=source.name,
        file=into.name,
        bytes=into.stat().st_size,
        sha256="",
        seconds=time.monotonic() - begin,
        image=source.image,
        facts=facts,
        said=tuple(said),
    )
