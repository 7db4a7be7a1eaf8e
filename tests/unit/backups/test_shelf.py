"""gonogo.backups.shelf: a backup is whole or not there, and what a release needs stays."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gonogo.backups.manifest import Backup, Facts, Stored, Table
from gonogo.backups.shelf import Shelf, digest
from gonogo.errors import RefusedError
from gonogo.host.runner import Command, this_machine

__all__: list[str] = []


def backup(name: str, *, days: float = 0) -> Backup:
    """One that was made so many days ago."""
    made = datetime.now(UTC) - timedelta(days=days)
    facts = Facts(tables=(Table(name="public.items", rows=3),))
    part = Stored(kind="x", name="db/x", file="x.dump", bytes=4, sha256="", seconds=1.0, facts=facts)
    return Backup(id=name, app="a", env="e", made=made, release="r", commit="c", parts=(part,))


def keep(shelf: Shelf, one: Backup) -> Path:
    """Puts it there."""
    with shelf.making(one.id) as aside:
        (aside / "x.dump").write_text("dump")
        return shelf.finish(aside, one)


def test_what_is_whole_is_read_back(tmp_path: Path) -> None:
    """Under its name, closed to others, with all that it says of itself."""
    shelf = Shelf(tmp_path / "backups")

    path = keep(shelf, backup("b1"))

    assert shelf.load("b1") == shelf.all()[0]
    assert shelf.all()[0].parts[0].facts.rows == 3
    assert shelf.load("b2") is None
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (shelf.folder, path, path / "manifest.json")]
    assert modes == [0o700, 0o700, 0o600]
    assert sorted(one.name for one in path.iterdir()) == ["manifest.json", "x.dump"]
    assert digest(path / "x.dump").startswith("b6ca0868bca6a292")


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    """The folder in which it was made is gone with all that was in it."""
    shelf = Shelf(tmp_path / "backups")

    def fail() -> None:
        with shelf.making("b1") as aside:
            (aside / "x.dump").write_text("half")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert list(shelf.folder.iterdir()) == []


def test_what_was_cut_off_is_swept_and_ended(tmp_path: Path) -> None:
    """What goes on elsewhere for it is ended by the commands that were noted."""
    shelf, proof = Shelf(tmp_path / "backups"), tmp_path / "ended"
    keep(shelf, backup("b1"))
    aside = shelf.folder / ".b2.partial"
    aside.mkdir()
    (aside / "x.dump").write_text("half")
    shelf.note_ends(aside, [Command(argv=("touch", str(proof)))])

    said = shelf.sweep(this_machine())

    assert said == (f"A backup that was cut off was taken away: {aside}.",)
    assert proof.exists()
    assert [one.name for one in shelf.folder.iterdir()] == ["b1"]
    assert shelf.sweep(this_machine()) == ()


def test_retention_is_by_count_by_age_and_by_need(tmp_path: Path) -> None:
    """The newest stay, the young ones stay, and what a kept release needs stays whatever its age."""
    shelf = Shelf(tmp_path / "backups")
    for day in range(6):
        keep(shelf, backup(f"b{9 - day}", days=10 * day))

    assert shelf.let_go(keep=2, keep_for=25 * 86400, needed={"b5"}) == ("b6", "b4")
    assert [one.id for one in shelf.all()] == ["b9", "b8", "b7", "b5"]
    assert shelf.let_go(keep=1, keep_for=None, needed={"b5"}) == ("b8", "b7")
    assert [one.id for one in shelf.all()] == ["b9", "b5"]


def test_a_manifest_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """A broken one and one of a newer gonogo are no empty shelf."""
    shelf = Shelf(tmp_path / "backups")
    path = keep(shelf, backup("b1")) / "manifest.json"
    text = json.loads(path.read_text())

    path.write_text(json.dumps({**text, "format": 9}))
    with pytest.raises(RefusedError, match="found format 9, expected at most 1"):
        shelf.all()
    path.write_text("{}")
    with pytest.raises(RefusedError, match="broken fields, expected what a backup says of itself"):
        shelf.load("b1")
