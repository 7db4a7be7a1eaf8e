"""How much is free, and whether that is enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.host.disk import Free, free_on, full, says_full, taken, too_little, too_tight, unwritable

__all__: list[str] = []


def test_the_disk_of_a_folder_to_come_is_measured(tmp_path: Path) -> None:
    """A folder that does not exist yet is on its nearest parent's disk."""
    assert abs(free_on("state", tmp_path / "a/b").free - free_on("state", tmp_path).free) < 64


def test_shortages_are_told_one_by_one() -> None:
    """Exactly enough is enough; less is told with found and expected."""
    enough = Free(what="state", path=Path("/s"), free=10)
    short = Free(what="data", path=Path("/d"), free=9)

    assert too_little([enough], 10, 5, 5) == []
    assert too_little([enough, short], 10, 4, 5) == [
        "data (/d): found 9 MiB free, expected at least 10",
        "memory: found 4 MiB free, expected at least 5",
    ]


def test_a_disk_with_room_is_not_full(tmp_path: Path) -> None:
    """Neither is one that cannot be asked, nor one that never has room."""
    assert full({"here": tmp_path, "gone": tmp_path / "gone", "the kernel": Path("/proc")}) == []


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            "ok\n  OSError: [Errno 28] No space left on device: 'x'\nmore",
            "OSError: [Errno 28] No space left on device: 'x'",
        ),
        ("sqlite3.OperationalError: database or disk is full", "sqlite3.OperationalError: database or disk is full"),
        ("write: Disk quota exceeded", "write: Disk quota exceeded"),
        ("Error: ENOSPC: write", "Error: ENOSPC: write"),
        ("[Errno 2] No such file; code 28; full of space", ""),
    ],
)
def test_words_that_tell_of_a_full_disk(said: str, line: str) -> None:
    """The line that says it is found among others; other errors are none."""
    assert says_full(["fine", said]) == line


def test_folders_that_can_be_made_are_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder to come is judged by the one that it would be made in; a file is none, whoever asks."""
    (tmp_path / "file").write_text("")
    file, shut = tmp_path / "file", tmp_path / "shut"
    shut.mkdir()
    monkeypatch.setattr("os.access", lambda path, _mode: path != shut)

    assert unwritable({"state": tmp_path / "a/b", "reports": tmp_path}) == []
    assert unwritable({"state": file / "a", "reports": shut / "b"}) == [
        f"state ({file}/a): found {file}, which is no folder, expected a folder to write in",
        f"reports ({shut}/b): found {shut}, where this user cannot write, expected a folder to write in",
    ]


def test_files_with_other_names_take_no_room(tmp_path: Path) -> None:
    """What a cache holds as well is there already; a file's own blocks count, below folders too."""
    own, cached = tmp_path / "release/a/own", tmp_path / "release/cached"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"x" * 100_000)
    (tmp_path / "cache").write_bytes(b"y" * 500_000)
    cached.hardlink_to(tmp_path / "cache")

    assert 100_000 <= taken(tmp_path / "release") < 200_000


@pytest.mark.parametrize(
    ("took", "wrong", "advice"),
    [
        ([], "", ""),
        ([10, 9], "", ""),
        ([11], "", "data (/d): found 10 MiB free, expected at least 11, as one of the last 1 releases took"),
        ([9, 11], "", "data (/d): found 10 MiB free, expected at least 11, as one of the last 2 releases took"),
        ([12, 11], "data (/d): found 10 MiB free, expected at least 11, as each of the last 2 releases took", ""),
    ],
)
def test_room_is_compared_with_what_releases_took(took: list[int], wrong: str, advice: str) -> None:
    """Less than each took is wrong; one release, perhaps the first, says too little of the next."""
    assert too_tight(Free(what="data", path=Path("/d"), free=10), took) == (wrong, advice)
