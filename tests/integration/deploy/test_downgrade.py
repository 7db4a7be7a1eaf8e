"""``gonogo rollback --downgrade`` with a real Alembic and SQLite; runtime ``process``."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from .conftest import GREEN, App

pytestmark = [pytest.mark.integration, pytest.mark.thorough, pytest.mark.timeout(900)]

ENV = """\
import os

from alembic import context
from sqlalchemy import create_engine

with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = "{name}"
down_revision = {parent!r}


def upgrade():
    {up}


def downgrade():
    {down}
"""
SECOND = """op.add_column("lamps", sa.Column("note", sa.Text))
    op.execute("UPDATE lamps SET note = 'red'")"""


class Shop(App):
    """An application with a database of its own."""

    def revision(self, name: str, parent: str | None, up: str, down: str) -> None:
        """Writes a revision."""
        text = REVISION.format(name=name, parent=parent, up=up, down=down)
        (self.root / "db" / "versions" / f"{name}.py").write_text(text)

    def asked(self, query: str) -> Any:
        """The first row of an answer."""
        with closing(sqlite3.connect(self.root.parent / "shop.db")) as connection:
            return connection.execute(query).fetchone()

    def back(self, *arguments: str) -> tuple[int, dict[str, Any], str]:
        """Rolls back by hand with a downgrade: exit code, record, and what was said."""
        ended = self.gonogo("rollback", "--env", "test", "--downgrade", "--json", *arguments, timeout=600)
        return ended.code, ended.json(), ended.err


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A release that serves, and one with a forward-only migration over it, which its checks hold."""
    app = Shop(tmp_path_factory.mktemp("downgrade"))
    app.configure(options='env_file = ".env"\nattempts = 1\nmax_downtime = "1h"', packages=("alembic",))
    toml = app.root / "gonogo.toml"
    toml.write_text(toml.read_text().replace("[service.web]", '[service.web]\nmigrations = "alembic"'))
    (app.root / ".env").write_text(f"DATABASE_URL=sqlite:///{app.root.parent}/shop.db\n")
    (app.root / "db" / "versions").mkdir(parents=True)
    (app.root / "alembic.ini").write_text("[alembic]\nscript_location = db\n")
    (app.root / "db" / "env.py").write_text(ENV)
    app.revision("1", None, 'op.create_table("lamps", sa.Column("id", sa.Integer))', 'op.drop_table("lamps")')
    try:
        app.pages(GREEN)
        first, _ = app.deploy()
        assert first.code == 0, first
        with closing(sqlite3.connect(app.root.parent / "shop.db")) as connection:
            connection.execute("insert into lamps values (1), (2)")
            connection.commit()
        yield app
    finally:
        app.close()


def test_forward_only_release_is_taken_back_with_its_migration(shop: Shop) -> None:
    """It is held with its choices; the downgrade is asked about, run, proven, and the release before serves again."""
    shop.revision("2", "1", SECOND, 'op.drop_column("lamps", "note")')
    shop.pages({**GREEN, "/page": (500, "hello")})
    held, record = shop.deploy()
    refused, _, said = shop.back()
    before = shop.asked("select version_num, (select count(note) from lamps) from alembic_version")
    code, back, told = shop.back("--yes")

    choice = "--downgrade`: takes 2 back, and drops column lamps.note (2 rows with a value); it asks first."
    assert held.code == 6, record
    assert any(choice in note for note in record["notes"]), record["notes"]
    assert (refused, before) == (4, ("2", 2))
    assert "found no consent, expected yes, or --yes. It drops column lamps.note (2 rows with a value)" in said
    assert code == 0, told
    steps = {step["name"]: step["said"] for step in back["steps"]}
    assert list(steps)[-3:] == ["downgrade", "restore", "verify"]
    assert steps["downgrade"] == "web: its database went back from 2 to 1"
    assert shop.asked("select version_num, (select count(*) from lamps) from alembic_version") == ("1", 2)
    assert shop.asked("select count(*) from pragma_table_info('lamps')") == (1,)
    assert shop.serving_text() == "hello"
    checks = {check["code"]: check["outcome"] for check in back["verified"]["checks"]}
    assert checks["D12[web]"] == "passed"


def test_downgrade_that_fails_leaves_what_serves(shop: Shop) -> None:
    """Nothing is started on a schema that is half-way: the new release serves on, and a person is needed."""
    shop.revision("2", "1", SECOND, 'op.drop_column("lamps", "nothing")')
    shop.pages({**GREEN, "/new": (200, "new")})
    deployed, record = shop.deploy()
    code, back, told = shop.back("--yes")
    again = shop.gonogo("status", "--env", "test")

    assert deployed.code == 0, record
    assert code == 6, told
    assert back["ended"]["kind"] == "held before the start"
    assert back["ended"]["serves"] == record["release"]
    assert any("was not replaced. Its database may be half-way" in note for note in back["notes"])
    assert shop.ask("/new") is not None
    assert shop.asked("select version_num from alembic_version") == ("2",)
    assert record["release"][-7:] in again.err


def test_migration_without_a_way_back_is_refused_untouched(shop: Shop) -> None:
    """Before anything is touched, with the revision and the reason."""
    shop.revision("2", "1", SECOND, "pass")
    shop.revision("3", "2", "op.execute('SELECT 1')", "raise NotImplementedError")
    shop.pages({**GREEN, "/third": (200, "third")})
    deployed, record = shop.deploy()
    code, _, told = shop.back("--yes")

    assert deployed.code == 0, record
    assert code == 1
    assert "3: its downgrade() raises (line " in told
    assert shop.asked("select version_num from alembic_version") == ("3",)
