"""gonogo.backups.outlook: what is told, what is refused, and what is simply done."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gonogo.backups import outlook
from gonogo.backups.access import OnHost
from gonogo.backups.found import Found
from gonogo.backups.manifest import Backup, Stored
from gonogo.backups.outlook import Outlook, look_ahead
from gonogo.backups.postgres import Postgres
from gonogo.backups.shelf import Shelf
from gonogo.config import parse_project
from gonogo.errors import RefusedError
from gonogo.host.disk import MIB, Free
from gonogo.host.runner import this_machine
from gonogo.runtimes import runtime_of
from gonogo.runtimes.place import make_place
from gonogo.state.release import Release

__all__: list[str] = []

SOURCE = Postgres(name="db/shop", access=OnHost(address="x"), database="shop")
SERVING = Release(
    id="r", commit="c" * 40, env="x", runtime="compose", created=datetime.now(UTC), folder=Path("/r"), root=Path("/r/s")
)


def looked(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    *,
    text: str = "",
    size: int = MIB,
    free: int = 10**6,
    found: Found | None = None,
    serving: Release | None = SERVING,
) -> Outlook:
    """What an environment looks ahead to."""
    project = parse_project(f'[app]\nname = "a"\n[env.x]\nproject = "a"\n{text}', root=folder)
    place = make_place(project, project.environments["x"], state=folder, path=folder, host=this_machine(), variables={})
    there = found if found is not None else Found(sources=(SOURCE,))
    monkeypatch.setattr(outlook, "databases", lambda *_: there)
    monkeypatch.setattr(Postgres, "size", lambda *_: size)
    monkeypatch.setattr("gonogo.backups.take.free_on", lambda what, path: Free(what=what, path=path, free=free))
    return look_ahead(place, runtime_of("compose"), serving, Shelf(folder / "backups"))


def test_a_small_database_is_kept_unasked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is in the way, and how big it is is said."""
    seen = looked(monkeypatch, tmp_path, size=5 * MIB)

    assert (seen.none, str(seen.expected)) == ("", "the databases take 5.0 MiB, a dump of them less")


def test_what_is_too_large_or_too_slow_unasked_is_told_and_done_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """200 GB in production without a word about backups hold up no deployment."""
    size = 200 * 1024 * MIB

    unasked = looked(monkeypatch, tmp_path, size=size)
    asked = looked(monkeypatch, tmp_path, text="[env.x.backup]\n", size=size)

    assert unasked.none.endswith("more than the 4096 MiB up to which one is taken unasked")
    assert asked.none == ""
    shelf = Shelf(tmp_path / "backups")
    part = Stored(kind="PostgreSQL", name="db/shop", file="x.dump", bytes=7 * MIB, sha256="", seconds=900.0)
    moment = datetime.now(UTC)
    slow = Backup(id="b", app="a", env="x", made=moment, release="r", commit="c", seconds=900.0, parts=(part,))
    with shelf.making("b") as aside:
        shelf.finish(aside, slow)
    assert looked(monkeypatch, tmp_path).none == (
        "about 7.0 MiB, 900.0 s, as the one before: more than the 600 s that one may take unasked"
    )


def test_no_room_is_told_unasked_and_red_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Both say where, what is free and what is needed."""
    said = f"{tmp_path}/backups: found 1100 MiB free, expected 301 for the backup and 1024 to spare"

    assert looked(monkeypatch, tmp_path, size=900 * MIB, free=1100).none == said
    with pytest.raises(RefusedError, match="expected 301 for the backup and 1024 to spare"):
        looked(monkeypatch, tmp_path, text="[env.x.backup]\n", size=900 * MIB, free=1100)


def test_nothing_to_keep_is_red_only_where_it_is_asked_for_and_something_serves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A first deployment has none yet."""
    nothing = Found()

    assert looked(monkeypatch, tmp_path, found=nothing).none == "no database of this environment was found"
    assert looked(monkeypatch, tmp_path, text="[env.x.backup]\n", found=nothing, serving=None).none
    with pytest.raises(RefusedError, match=r"Name it under env\.x\.backup\.databases"):
        looked(monkeypatch, tmp_path, text="[env.x.backup]\n", found=nothing)
