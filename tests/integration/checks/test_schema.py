"""What the models declare and the database has not, asked of real Alembic and Django; D12 judges it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gonogo.migrations.question import lacking

from .test_migration_sql import DJANGO, MIGRATION, SETTINGS, said, write

pytestmark = pytest.mark.integration

ENV = """\
from alembic import context
from sqlalchemy import Column, Integer, MetaData, Table, Text, create_engine

metadata = MetaData()
Table("lamps", metadata, Column("id", Integer), Column("Hue", Text), Column("watts", Integer))
Table("rooms", metadata, Column("id", Integer))
Table("seen", metadata, Column("id", Integer))
Table("other", metadata, Column("id", Integer))


def wanted(thing, name, kind, reflected, other):
    return name != "other"


with create_engine("sqlite:///shop.db").connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, include_object=wanted)
    with context.begin_transaction():
        context.run_migrations()
"""
MODELS = """\
from django.db import models


class Lamp(models.Model):
    hue = models.TextField()
    rooms = models.ManyToManyField("Room")
    room = models.ForeignKey("Room", models.CASCADE, related_name="+")


class Room(models.Model):
    pass


class Seen(models.Model):
    class Meta:
        managed = False


class Bright(Lamp):
    class Meta:
        proxy = True
"""


def database(folder: Path, *statements: str) -> None:
    """A database in a file."""
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_alembics_models_are_compared_with_the_database(tmp_path: Path) -> None:
    """Views count as tables, letters may be of either case, and what env.py leaves out is not asked for."""
    write(tmp_path, {"alembic.ini": "[alembic]\nscript_location = db\n", "db/env.py": ENV})
    (tmp_path / "db/versions").mkdir()
    database(tmp_path, "create table lamps (id int, hue text)", "create view seen as select id from lamps")
    found = said(tmp_path, "alembic", since=None, sql=False, current=True, models=True)

    assert found.error is None
    assert lacking(found.models, found.tables) == ["lamps.watts", "table rooms"]


def test_djangos_models_are_compared_with_the_database(tmp_path: Path) -> None:
    """The table between two models is asked for; what Django does not manage, and a proxy, are not."""
    settings = SETTINGS.format(engine="sqlite3", name=tmp_path / "shop.db")
    first = MIGRATION.format(after="", operations="")
    files = {"settings.py": settings, "lamps/models.py": MODELS, "lamps/migrations/0001_first.py": first}
    write(tmp_path, {**DJANGO, **files})
    database(tmp_path, "create table lamps_lamp (id int, hue text)", "create table lamps_room (id int)")
    found = said(tmp_path, "django", since=None, sql=False, current=True, models=True)

    assert found.error is None, found.error
    assert lacking(found.models, found.tables) == ["table lamps_lamp_rooms", "lamps_lamp.room_id"]
