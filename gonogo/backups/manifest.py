"""What a backup says of itself, in the ``manifest.json`` beside its files."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

__all__ = ["FORMAT", "Backup", "Facts", "Stored", "Table"]

FORMAT = 1


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Table(_Model):
    """One table as the dump's own snapshot has it."""

    name: str
    """With its schema, quoted where SQL needs that."""
    rows: int
    written: tuple[int, int, int] | None = None
    """What the server had counted by then: rows inserted, updated, deleted; None where it counts nothing."""


class Facts(_Model):
    """What one database held, and where it lived."""

    version: str = ""
    """The server's."""
    identifier: str = ""
    """The server's own id, by which no other is taken for it; empty where it is not told."""
    wal: str = ""
    size: int = 0
    """Bytes that the database took."""
    encoding: str = ""
    collate: str = ""
    ctype: str = ""
    extensions: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    sequences: dict[str, tuple[int | None, int | None]] = {}
    """Where each stood before and after the dump, which does not read them in its snapshot."""
    revisions: dict[str, tuple[str, ...]] = {}
    """What the tables of migration tools say."""

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables)


class Stored(_Model):
    """One database, or one volume, in a backup."""

    kind: str
    name: str
    """As people call it, and as gonogo.toml may: ``db/shop``."""
    file: str
    """Beside the manifest."""
    bytes: int
    sha256: str
    seconds: float
    image: str = ""
    """The id of the image that the server ran; empty where that is no container."""
    facts: Facts = Facts()
    said: tuple[str, ...] = ()
    """What the program that dumped it warned of."""


class Backup(_Model):
    """One backup."""

    format: int = FORMAT
    id: str
    app: str
    env: str
    made: datetime
    release: str | None
    """The release that wrote the data: what served then."""
    commit: str | None
    ahead_of: str | None = None
    """The release that was about to be deployed; None where somebody asked for the backup."""
    seconds: float = 0.0
    parts: tuple[Stored, ...] = ()
    said: tuple[str, ...] = ()
    """Of the team's own command, its last words."""

    @property
    def bytes(self) -> int:
        """What its files take."""
        return sum(part.bytes for part in self.parts)
