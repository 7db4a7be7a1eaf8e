"""How much is free, and whether that is enough."""

from __future__ import annotations

from pathlib import Path

from gonogo.inspection.room import Free, disk, too_little

__all__: list[str] = []


def test_the_disk_of_a_folder_to_come_is_measured(tmp_path: Path) -> None:
    """A folder that does not exist yet is on its nearest parent's disk."""
    assert abs(disk("state", tmp_path / "a/b").free - disk("state", tmp_path).free) < 64


def test_shortages_are_told_one_by_one() -> None:
    """Exactly enough is enough; less is told with found and expected."""
    enough = Free(what="state", path=Path("/s"), free=10)
    short = Free(what="data", path=Path("/d"), free=9)

    assert too_little([enough], 10, 5, 5) == []
    assert too_little([enough, short], 10, 4, 5) == [
        "data (/d): found 9 MiB free, expected at least 10",
        "memory: found 4 MiB free, expected at least 5",
    ]
