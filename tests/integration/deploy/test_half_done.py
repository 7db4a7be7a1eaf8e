"""A migration that fails half-way, on a database that keeps what was done before the error."""

from __future__ import annotations

import sqlite3
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
        app.configure(options='env_file = ".env"', packages=("sqlalchemy", "alembic"))
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


def test_what_the_second_of_two_left_needs_a_person(app: App, tmp_path: Path) -> None:
    """The first went well and is no leftover; what stays of the second is named, and which of them ran."""
    migrating = Migrating(app, tmp_path)
    first, before = app.deploy()
    migrating.revision("0002", '"0001"', TABLE.format(name="good"))
    migrating.revision("0003", '"0002"', TABLE.format(name="half"), COLUMN, 'raise ValueError("half-way")')
    half, record = app.deploy()

    assert (first.code, half.code) == (0, 6), (first, half)
    assert migrating.tables() == {"alembic_version", "guests", "good", "half"}
    assert (record["ended"]["kind"], record["serving_after"]) == ("unproven", before["release"])
    assert record["ended"]["half_done"] == ["the database of web: column guests.mood is new, table half is new"]
    assert "web: 0002 went well and stays; 0003 failed." in record["notes"]
    assert app.serving_text() == "hello"


SETTINGS = """\
import os

SECRET_KEY = "for-tests"
INSTALLED_APPS = ["guests"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE_FILE"]}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
"""
MANAGE = """\
import os, sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
"""
MIGRATION = """\
from django.db import migrations, models


def fail(apps, schema_editor):
    raise ValueError("half-way")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [{parent}]
    operations = [{operations}]
"""
GUESTS = 'migrations.CreateModel("Guest", [("id", models.AutoField(primary_key=True))])'
MOOD = 'migrations.AddField("Guest", "mood", models.TextField(null=True))'
MODEL = "from django.db import models\n\n\nclass Guest(models.Model):\n    {field}\n"


def test_what_a_failed_migration_of_django_left_needs_a_person(app: App, tmp_path: Path) -> None:
    """A migration outside of a transaction keeps its column; the same inside of one leaves nothing, and is turned back."""
    database, package = tmp_path / "guests.db", app.root / "guests"
    (app.root / ".env").write_text(f"DATABASE_FILE={database}\n")
    app.configure(options='env_file = ".env"', packages=("django",))
    toml = app.root / "gonogo.toml"
    toml.write_text(toml.read_text().replace("[service.web]", '[service.web]\nmigrations = "django"'))
    (package / "migrations").mkdir(parents=True)
    (app.root / "manage.py").write_text(MANAGE)
    (app.root / "settings.py").write_text(SETTINGS)
    for path in (package / "__init__.py", package / "migrations" / "__init__.py"):
        path.write_text("")

    def commit(name: str, parent: str, *operations: str, field: str, atomic: bool = False) -> None:
        (package / "models.py").write_text(MODEL.format(field=field))
        text = MIGRATION.format(parent=parent, operations=", ".join(operations))
        text = text.replace("atomic = False", "atomic = True") if atomic else text
        (package / "migrations" / f"{name}.py").write_text(text)
        app.commit(name)

    mood, fails, parent = "mood = models.TextField(null=True)", "migrations.RunPython(fail)", '("guests", "0001_first")'
    commit("0001_first", "", GUESTS, field="pass")
    first, before = app.deploy()
    commit("0002_mood", parent, MOOD, fails, field=mood, atomic=True)
    whole, _ = app.deploy()
    commit("0002_mood", parent, MOOD, fails, field=mood)
    half, record = app.deploy()

    assert (first.code, whole.code, half.code) == (0, 1, 6), (first, whole, half)
    assert (record["ended"]["kind"], record["serving_after"]) == ("unproven", before["release"])
    assert record["ended"]["half_done"] == ["the database of web: column guests_guest.mood is new"]
    assert app.serving_text() == "hello"
