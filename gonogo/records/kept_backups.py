"""What ``gonogo backup`` and ``gonogo backups`` show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from pydantic import BaseModel

__all__ = ["BackupLine", "backup_lines", "in_words"]

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


class BackupLine(BaseModel):
    """One backup that is kept."""

    id: str
    env: str
    made: datetime
    release: str | None
    """The release that wrote the data."""
    commit: str | None
    databases: tuple[str, ...]
    rows: int
    bytes: int
    seconds: float
    folder: str
    needed_by: str | None = None
    """The kept release that was deployed after it."""
    proven: datetime | None = None
    """When it was put back, and all was there."""
    restore_seconds: float | None = None
    """What that took."""
    unproven: tuple[str, ...] = ()
    """What was wrong when it was put back."""
    lacks: tuple[str, ...] = ()
    """Its files that are gone, or have another size."""
    left: tuple[str, ...] = ()
    """What is in no backup, where it was taken now."""


def backup_lines(found: Sequence[BackupLine]) -> list[str]:
    """Some lines for each."""
    return [line for one in found for line in _lines(one)] if found else ["no backups yet"]


def _lines(one: BackupLine) -> Iterator[str]:
    databases = ", ".join(one.databases) or "by the team's command"
    yield (
        f"{one.made:%Y-%m-%d %H:%M}  {one.env:<10}  {one.id:<24}  {in_words(one.bytes):>9}  {one.seconds:6.1f} s  "
        f"{one.rows} rows  {databases}"
    )
    yield f"  {one.folder}"
    if one.proven is not None:
        yield f"  proven {one.proven:%Y-%m-%d %H:%M}: a restore takes {one.restore_seconds:.1f} s"
    yield from (f"  NOT PROVEN  {text}" for text in one.unproven)
    if one.needed_by is not None:
        yield f"  needed to go back from {one.needed_by} with the data"
    yield from (f"  LACKS {text}" for text in one.lacks)
    yield from (f"  not in it: {text}" for text in one.left)


def in_words(size: int) -> str:
    """Bytes as people read them."""
    value, unit = float(size), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{size} B"
