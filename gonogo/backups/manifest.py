"""What a backup says of itself, in the ``manifest.json`` beside its files."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

__all__ = ["FORMAT", "Backup", "Facts", "Proof", "Proven", "Stored", "Table"]

FORMAT = 1


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Table(_Model):
    """One table as the dump's own snapshot has it."""

    name: str
    """With its schema, quoted where SQL needs that."""
    rows: int
    steady: bool = True
    """Whether nobody wrote to it while it was dumped, where that has no snapshot that can be counted in."""
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
    provider: str | None = None
    icu: str | None = None
    """The locale of ICU, or of the server's own rules, where one of these sorts."""
    preload: str = ""
    """Libraries that the server loads when it starts."""
    roles: tuple[str, ...] = ()
    """The server's; a policy may name one."""
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


class Proven(_Model):
    """What putting one part back showed."""

    name: str
    how: str
    """``restored``, ``read``: what was done."""
    seconds: float = 0.0
    wrong: tuple[str, ...] = ()
    """What is not as it was kept; nothing where all of it is."""
    unknown: str = ""
    """Why that could not be found out."""


class Proof(_Model):
    """Whether a backup can be put back, as it was tried."""

    at: datetime
    parts: tuple[Proven, ...]

    @property
    def seconds(self) -> float:
        """What putting it back takes."""
        return sum(part.seconds for part in self.parts)

    @property
    def problems(self) -> tuple[str, ...]:
        """Whatever keeps it from being proven."""
        wrong = [f"{part.name}: {text}" for part in self.parts for text in part.wrong]
        return (*wrong, *(f"{part.name}: not known, {part.unknown}" for part in self.parts if part.unknown))


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
    proof: Proof | None = None
    """None where nobody tried."""

    @property
    def bytes(self) -> int:
        """What its files take."""
        return sum(part.bytes for part in self.parts)
