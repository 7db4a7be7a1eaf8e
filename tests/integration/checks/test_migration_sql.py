"""The SQL of pending migrations, written by real Alembic and Django; nothing is connected to."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gonogo.checks.build.migrating import fails_for_certain
from gonogo.demo.postgres import postgres
from gonogo.inspection.probe_answers import script
from gonogo.migrations import tool_of
from gonogo.migrations.question import Said, Written, read

pytestmark = pytest.mark.integration

OFFLINE = """\
from alembic import context
from sqlalchemy import create_engine

URL = "{url}"
if context.is_offline_mode():
    context.configure(url=URL, literal_binds=True, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(URL).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
ONLINE = """\
from alembic import context
from sqlalchemy import create_engine

with create_engine("{url}").connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
ASYNC = """\
import asyncio

from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine


def migrate(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    async with create_async_engine("{url}").connect() as connection:
        await connection.run_sync(migrate)


asyncio.run(main())
"""
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = "{name}"
down_revision = {parent!r}


def upgrade():
    {does}
"""
POSTGRES = "postgresql+psycopg://shop:secret@192.0.2.1/shop"


def write(root: Path, files: Mapping[str, str]) -> None:
    """Writes files below a folder."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def said(root: Path, tool: str, **asked: Any) -> Said:
    """What the tool's probe answers there."""
    found = tool_of(tool)
    words = json.dumps({"config": found.config, "since": [], "sql": True, **asked})
    done = subprocess.run(
        (sys.executable, "-", words),
        cwd=root, input=script(found.probe), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return read(done.stdout, found, "here")


def written(root: Path, env: str, *operations: str, url: str = POSTGRES, since: tuple[str, ...] = ("0",)) -> Written:
    """What Alembic writes of an upgrade from revision ``0``; each operation is a revision."""
    names = [str(number) for number in range(len(operations) + 1)]
    files = {
        f"db/versions/{name}.py": REVISION.format(
            name=name, parent=str(int(name) - 1) if name != "0" else None, does=does
        )
        for name, does in zip(names, ("pass", *operations), strict=True)
    }
    write(root, {"alembic.ini": "[alembic]\nscript_location = db\n", "db/env.py": env.replace("{url}", url), **files})
    found = said(root, "alembic", since=list(since))
    assert found.error is None, found.error
    assert found.written is not None
    return found.written


def test_sql_is_told_by_revision(tmp_path: Path) -> None:
    """In the database's own dialect, without the statements that only keep account."""
    found = written(
        tmp_path,
        OFFLINE,
        'op.create_table("lamps", sa.Column("id", sa.Integer, primary_key=True))',
        'op.add_column("rooms", sa.Column("hue", sa.Text)); op.execute("UPDATE rooms SET hue = \'red\'")',
    )

    assert (found.dialect, found.errors, found.refused) == ("postgresql", {}, None)
    assert list(found.statements) == ["1", "2"]
    assert found.statements["1"][0].startswith("CREATE TABLE lamps (")
    assert [text.strip() for text in found.statements["2"]] == [
        "ALTER TABLE rooms ADD COLUMN hue TEXT;",
        "UPDATE rooms SET hue = 'red';",
    ]


def test_environment_without_an_offline_mode_is_no_fault(tmp_path: Path) -> None:
    """It is told why nothing could be written; where its database can be reached, SQL is, and nothing is run."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.execute("create table lamps (hue text)")
    reached = written(tmp_path / "a", ONLINE, "op.drop_table('lamps')", url=f"sqlite:///{tmp_path}/shop.db")
    refused = written(tmp_path / "b", ASYNC, "op.drop_table('lamps')", url="postgresql+psycopg://x@127.0.0.1:1/shop")

    assert reached.statements == {"1": ("DROP TABLE lamps;",)}
    assert refused.statements == {}
    assert refused.refused is not None
    assert refused.refused.type == "OperationalError"
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        assert database.execute("select count(*) from lamps").fetchone() == (0,)


def test_revision_that_moves_data_by_itself_moves_none(tmp_path: Path) -> None:
    """A revision with an engine, a driver or a program of its own is refused each of them: it would be run twice."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.execute("create table lamps (hue text)")
        database.execute("insert into lamps values ('red')")
        database.commit()
    delete = "delete from lamps"
    engine = f"sa.create_engine('sqlite:///{tmp_path}/shop.db').begin().__enter__().execute(sa.text('{delete}'))"
    driver = f"__import__('sqlite3').connect('{tmp_path}/shop.db').execute('{delete}')"
    program = f"__import__('subprocess').run(['touch', '{tmp_path}/touched'])"
    found = [written(tmp_path / str(at), OFFLINE, does) for at, does in enumerate((engine, driver, program))]

    assert [one.errors["1"].type for one in found] == ["ConnectionRefusedError"] * 3
    assert not any(fails_for_certain(one.errors["1"]) for one in found)
    assert not (tmp_path / "touched").exists()
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        assert database.execute("select count(*) from lamps").fetchone() == (1,)


@pytest.mark.parametrize(
    ("does", "certain"),
    [
        ("op.add_column('lamps', sa.Column('hue', sa.Txt))", False),
        ("op.add_column('lamps', Column('hue', sa.Text))", True),
        ("op.add_colum('lamps', sa.Column('hue', sa.Text))", True),
        ("from nowhere import lamps", True),
        ("op.get_bind().execute(sa.text('select 1')).scalar_one()", False),
        ("rows = rows + 1", False),
        ("raise NotImplementedError", False),
    ],
    ids=["a type", "a name", "an operation", "a module", "rows", "a variable", "its own error"],
)
def test_what_cannot_be_called_is_certain(tmp_path: Path, does: str, *, certain: bool) -> None:
    """A name that nobody has fails in the upgrade as well; what fails because there are no rows may not."""
    trouble = written(tmp_path, OFFLINE, does).errors["1"]

    assert fails_for_certain(trouble) is certain, trouble


DJANGO = {
    "manage.py": "import os, sys\nos.environ['DJANGO_SETTINGS_MODULE'] = 'settings'\n"
    "from django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n",
    "lamps/__init__.py": "",
    "lamps/migrations/__init__.py": "",
    "lamps/models.py": "",
}
SETTINGS = """\
SECRET_KEY = "x"
INSTALLED_APPS = ["lamps"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.{engine}", "NAME": "{name}", "HOST": "192.0.2.1"}}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
MIGRATION = """\
from django.db import migrations, models


def fill(apps, schema_editor):
    raise AssertionError


class Migration(migrations.Migration):
    dependencies = [{after}]
    operations = [{operations}]
"""
MODEL = 'migrations.CreateModel("Lamp", [("id", models.BigAutoField(primary_key=True)), ("hue", models.TextField())])'
NEXT = (
    'migrations.RunPython(fill, fill), migrations.AddField("lamp", "watts", models.IntegerField(null=True)), '
    'migrations.RemoveField("lamp", "hue")'
)


@pytest.mark.parametrize(
    ("engine", "says"),
    [
        ("postgresql", 'ALTER TABLE "lamps_lamp" DROP COLUMN "hue" CASCADE;'),
        ("sqlite3", 'ALTER TABLE "lamps_lamp" DROP COLUMN "hue";'),
    ],
)
def test_django_writes_its_sql_without_a_database(tmp_path: Path, engine: str, says: str) -> None:
    """No code of a migration is run, and no file of a database is made."""
    name = tmp_path / "shop.db" if engine == "sqlite3" else "shop"
    one = MIGRATION.format(after="", operations=MODEL)
    two = MIGRATION.format(after='("lamps", "0001_first")', operations=NEXT)
    files = {"lamps/migrations/0001_first.py": one, "lamps/migrations/0002_next.py": two}
    write(tmp_path, {**DJANGO, **files, "settings.py": SETTINGS.format(engine=engine, name=name)})
    found = said(tmp_path, "django", since=["lamps.0001_first"]).written

    assert found is not None
    assert found.errors == {}
    assert list(found.statements) == ["lamps.0002_next"]
    text = "\n".join(found.statements["lamps.0002_next"])
    assert says in text
    assert "-- THIS OPERATION CANNOT BE WRITTEN AS SQL" in text
    assert not (tmp_path / "shop.db").exists()


def test_postgresql_says_how_big_its_tables_are(tmp_path: Path) -> None:
    """Of the tables that are there; asked with Alembic's own connection."""
    with tempfile.TemporaryDirectory() as home, postgres(Path(home)) as server:
        url = server.create("shop")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table lamps as select generate_series(1, 1000) as id")
        url = url.replace("postgresql", "postgresql+psycopg", 1)
        written(tmp_path, OFFLINE, "pass", url=url)
        found = said(tmp_path, "alembic", since=None, sql=False, current=True, sizes=["lamps", "public.lamps", "gone"])

    assert found.error is None
    assert found.sizes.keys() == {"lamps", "public.lamps"}
    assert 8192 < found.sizes["lamps"] < 1_000_000
