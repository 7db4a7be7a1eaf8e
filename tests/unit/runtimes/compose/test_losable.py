"""gonogo.runtimes.compose.losable: what a service would miss that no longer mounts a path of the host."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from gonogo.host.runner import this_machine
from gonogo.runtimes.compose.losable import data_at

__all__: list[str] = []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with what people and tools leave in it."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    left = (".env", "web.env", ".idea/x.xml", ".tox/log", "pkg/__pycache__/a.pyc", "env/pyvenv.cfg", "a.egg-info/PKG")
    for name in ("main.py", "media/.gitkeep", "reports/staging/20261130T135059-2758a1e/record.md", *left):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    subprocess.run(["git", "add", "main.py", "media/.gitkeep"], cwd=tmp_path, check=True)
    return tmp_path


def test_a_checkout_holds_no_data(checkout: Path) -> None:
    """Env files, environments, what tools leave and gonogo's own reports: a release that mounts it no more misses none."""
    assert data_at(checkout, this_machine()) == ()


def test_what_git_does_not_track_may_be_data(checkout: Path) -> None:
    """Uploads, a database file; not what is mounted below it by itself, of which is asked apart."""
    (checkout / "media" / "a.png").write_text("x")
    (checkout / "db.sqlite3").write_text("x")

    assert data_at(checkout, this_machine()) == ("db.sqlite3", "media/a.png")
    assert data_at(checkout / "media", this_machine()) == ("a.png",)
    assert data_at(checkout, this_machine(), besides=[checkout / "db.sqlite3"]) == ("media/a.png",)


def test_folder_that_git_does_not_know_may_be_data_as_a_whole(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """An upload folder that is ignored, or one outside of any checkout; one that is gone is nobody's to judge."""
    (checkout / "uploads").mkdir()

    assert data_at(checkout / "uploads", this_machine()) is None
    assert data_at(tmp_path_factory.mktemp("outside"), this_machine()) is None
    assert data_at(checkout / "gone", this_machine()) is None


def test_a_single_file_may_be_data_unless_it_is_a_setting(checkout: Path) -> None:
    """A SQLite file is; an env file, the machine's own and a socket are not."""
    (checkout / "db.sqlite3").write_text("x")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(checkout / "s"))
    found = [data_at(checkout / name, this_machine()) for name in ("db.sqlite3", ".env", "web.env", "s", "env")]
    listener.close()

    assert found == [("db.sqlite3",), (), (), (), ()]
    assert data_at(Path("/etc/passwd"), this_machine()) == ()
