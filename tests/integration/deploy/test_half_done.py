"""A migration that fails half-way, on a database that keeps what was done before the error."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import App

pytestmark = [pytest.mark.integration, pytest.mark.thorough, pytest.mark.timeout(400)]

ENV = """\
import os

from alembic import context
from sqlalchemy import create_engine

with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = "{name}"
down_revision = {parent}


def upgrade():
    {up}


def downgrade():
    pass
"""
TABLE = 'op.create_table("{name}", sa.Column("id", sa.Integer))'
COLUMN = 'op.add_column("guests", sa.Column("mood", sa.Text))'


class Migrating:
    """An application with Alembic and SQLite."""

    def __init__(self, app: App, folder: Path) -> None:
        """Configure them, and write the first revision."""
        self.app, self.database = app, folder / "tiny.db"
        (app.root / ".env").write_text(f"DATABASE_URL=sqlite:///{self.database}\n")
        packages = f"{sys.executable} -m uv pip install --quiet --python {{venv}}/bin/python sqlalchemy alembic"
        app.configure(options='env_file = ".env"', install=packages)
        toml = app.root / "gonogo.toml"
        toml.write_text(toml.read_text().replace("[service.web]", '[service.web]\nmigrations = "alembic"'))
        (app.root / "migrations" / "versions").mkdir(parents=True)
        (app.root / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
        (app.root / "migrations" / "env.py").write_text(ENV)
        self.revision("0001", "None", TABLE.format(name="guests"))

    def revision(self, name: str, parent: str, *up: str) -> None:
        """Write and commit one."""
        text = REVISION.format(name=name, parent=parent, up="\n    ".join(up))
        (self.app.root / "migrations" / "versions" / f"{name}.py").write_text(text)
        self.app.commit(name)

    def tables(self) -> set[str]:
        """What the database has."""
        with closing(sqlite3.connect(self.database)) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_what_a_failed_migration_left_needs_a_person(app: App, tmp_path: Path) -> None:
    """It is named, with what to do; the release before serves all the time. One that left nothing is only turned back."""
    migrating = Migrating(app, tmp_path)
    first, before = app.deploy()
    migrating.revision("0002", '"0001"', 'raise ValueError("at once")')
    at_once, _ = app.deploy()
    migrating.revision("0002", '"0001"', TABLE.format(name="half"), COLUMN, 'raise ValueError("half-way")')
    half, record = app.deploy()

    assert (first.code, at_once.code, half.code) == (0, 1, 6), (first, at_once, half)
    assert migrating.tables() == {"alembic_version", "guests", "half"}
    assert (record["ended"]["kind"], record["serving_after"]) == ("unproven", before["release"])
    assert record["ended"]["half_done"] == ["the database of web: column guests.mood is new, table half is new"]
    assert "but a migration left something: the database of web: column guests.mood is new" in record["ending"]
    assert any("take it away by hand, then deploy again" in note for note in record["notes"])
    assert app.serving_text() == "hello"
