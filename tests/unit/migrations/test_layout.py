"""Where migrations stand, and where their tool is run."""

from pathlib import Path

import pytest

from gonogo.migrations import Layout, layout_of, tool_of

__all__: list[str] = []


def tree(root: Path, config: str, text: str, versions: str) -> None:
    """Write a config file and a folder of revisions."""
    for folder in (root / config).parent, root / versions:
        folder.mkdir(parents=True, exist_ok=True)
    (root / config).write_text(f"[alembic]\n{text}\n")


@pytest.mark.parametrize(
    ("config", "text", "expected"),
    [
        (
            "alembic.ini",
            "script_location = alembic",
            Layout(folder=".", config="alembic.ini", versions=("alembic/versions",), script="alembic"),
        ),
        (
            "backend/alembic.ini",
            "script_location = alembic",
            Layout(
                folder="backend", config="alembic.ini", versions=("backend/alembic/versions",), script="backend/alembic"
            ),
        ),
        (
            "backend/alembic.ini",
            "script_location = %(here)s/alembic",
            Layout(
                folder="backend", config="alembic.ini", versions=("backend/alembic/versions",), script="backend/alembic"
            ),
        ),
        (
            "config/alembic.ini",
            "script_location = migrations",
            Layout(folder=".", config="config/alembic.ini", versions=("migrations/versions",), script="migrations"),
        ),
        (
            "config/alembic.ini",
            "script_location = %(here)s/../migrations",
            Layout(folder=".", config="config/alembic.ini", versions=("migrations/versions",), script="migrations"),
        ),
    ],
)
def test_the_tool_runs_where_its_paths_hold(tmp_path: Path, config: str, text: str, expected: Layout) -> None:
    """Beside the config file where the scripts stand below it, else in the application's folder."""
    tree(tmp_path, config, text, expected.versions[0])

    assert layout_of(tmp_path, tool_of("alembic"), config) == expected


def test_flask_migrate_is_run_from_the_applications_folder(tmp_path: Path) -> None:
    """Its configuration names no folder: env.py stands beside it, and the application is imported from above."""
    tree(tmp_path, "migrations/alembic.ini", "", "migrations/versions")
    alone = layout_of(tmp_path, tool_of("alembic"), "migrations/alembic.ini")
    (tmp_path / "migrations/env.py").write_text("from flask import current_app\n")
    found = layout_of(tmp_path, tool_of("alembic"), "migrations/alembic.ini", ("flask", "db", "upgrade"))

    assert alone.unsure == "no script_location is named"
    assert found == Layout(
        folder=".", config="migrations/alembic.ini", versions=("migrations/versions",), script="migrations"
    )


def test_migrations_that_are_not_there_are_looked_for_as_written(tmp_path: Path) -> None:
    """Nothing is guessed about a folder that does not exist."""
    assert layout_of(tmp_path, tool_of("alembic"), "backend/alembic.ini") == Layout(
        folder=".", config="backend/alembic.ini", versions=(), configured=False
    )
