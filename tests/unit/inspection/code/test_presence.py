"""Which files must stand in a commit."""

from __future__ import annotations

from pathlib import Path

from gonogo.config import parse_project
from gonogo.inspection.code.presence import absent, first, required

__all__: list[str] = []

TOML = """\
[app]
name = "shop"
required = ["main.py", "./app/"]
[service.web]
required = ["main.py", "web.py"]
settings = ["settings.py"]
migrations = "alembic"
migrations_config = "db/alembic.ini"
[env.test]
project = "shop"
[[env.test.command]]
name = "smoke"
run = "scripts/smoke.sh --quick"
[[env.test.command]]
name = "curl"
run = "curl --fail http://127.0.0.1:8000/"
[[env.test.command]]
name = "inside"
run = "bin/check"
service = "web"
"""


def test_required_files_name_who_asks(tmp_path: Path) -> None:
    """What several keys ask for is named once, by the first."""
    project = parse_project(TOML, root=tmp_path)

    assert required(project.app, project.environments["test"]) == {
        "main.py": "app.required",
        "./app/": "app.required",
        "web.py": "service.web.required",
        "settings.py": "service.web.settings",
        "db/alembic.ini": "service.web.migrations_config",
        "scripts/smoke.sh": "command.smoke",
    }


def test_a_folder_is_there_when_git_tracks_something_in_it(tmp_path: Path) -> None:
    """Folders count through their files, and a trailing slash or a leading dot means the same."""
    (tmp_path / "empty").mkdir()
    wanted = dict.fromkeys(("./app/", "app/x", ".", "empty", "gone"), "app.required")

    assert absent(wanted, tmp_path, ("app/x/y.py",)) == {"empty": "it on the disk, but not in git", "gone": "nothing"}


def test_a_long_list_is_cut() -> None:
    """Only the first few are named, and the others counted."""
    assert first(["a", "b"]) == "a; b"
    assert first([1, 2, 3], shown=2) == "1; 2 and 1 more"
