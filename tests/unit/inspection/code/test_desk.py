"""What is uncommitted is told apart by whether a release could miss it."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.desk import sort_out
from gonogo.inspection.code.gittree import StatusEntry

__all__: list[str] = []


def behind(*paths: str, status: str = "??", written: tuple[str, ...] = (), tracked: tuple[str, ...] = ()) -> list[str]:
    """The paths that may be missed."""
    desk = sort_out([StatusEntry(path, status) for path in paths], written=written, tracked=tracked)
    assert len(desk.behind) + len(desk.aside) == len(paths)
    return [one.path for one in desk.behind]


@pytest.mark.parametrize(
    "path", ["app.log", "app.log.3", "access.log-20261121", "run/app.pid", "logs/today.txt", "a.py~", "db.sqlite3-wal"]
)
def test_what_runs_writes_is_no_part_of_a_release(path: str) -> None:
    """Logs, pid files and editors' leftovers cannot be missed; a tracked one that was changed is told."""
    assert behind(path) == []
    assert behind(path, status=".M") == [path]


@pytest.mark.parametrize("path", ["hotfix.py", "logs/format.py", "app/new.html", "catalog", "blog/post.md", ".env"])
def test_what_could_be_code_or_settings_stays_behind(path: str) -> None:
    """A new file of the application is told, whatever its folder is called."""
    assert behind(path) == [path]


def test_data_below_a_writable_mount_is_the_applications_own() -> None:
    """Uploads in a folder that holds nothing but a placeholder, and that a service writes to, warn of nothing."""
    uploads = ("static/uploads/me.png", "static/uploads/a/b.json")

    assert behind(*uploads, written=("static/uploads",), tracked=("static/uploads/.gitkeep", "static/a.css")) == []
    assert behind(*uploads, tracked=("static/uploads/.gitkeep",)) == list(uploads)


def test_code_that_is_mounted_writable_still_stays_behind() -> None:
    """A development mount of the code makes no data of a file that was never committed."""
    assert behind("app/hotfix.py", written=("app", "."), tracked=("app/main.py",)) == ["app/hotfix.py"]
