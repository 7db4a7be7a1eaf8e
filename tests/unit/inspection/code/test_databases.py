"""Which files are databases that must not be left behind."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gonogo.inspection.code.databases import sqlite_files

__all__: list[str] = []


def made(path: Path, table: str) -> Path:
    """A real database with one table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.execute(f"create table {table} (version_num text)")
    connection.commit()
    connection.close()
    return path


def test_only_a_database_of_a_migration_tool_counts(tmp_path: Path) -> None:
    """Whatever its name is; a cache, a text, an environment's own file and a link are none."""
    alembic = made(tmp_path / "data/store", "alembic_version")
    django = made(tmp_path / "db.sqlite3", "django_migrations")
    made(tmp_path / "cache.db", "cache")
    made(tmp_path / ".venv/lib/x.db", "alembic_version")
    (tmp_path / "notes.db").write_text("SQLite format 3 and alembic_version are words")
    (tmp_path / "link.db").symlink_to(django)

    assert set(sqlite_files(tmp_path)) == {alembic, django}
    assert list(sqlite_files(tmp_path / "nowhere")) == []
