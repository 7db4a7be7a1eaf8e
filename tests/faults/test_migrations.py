"""``kill -9`` of the wrapper inside ``alembic upgrade head``, with a real database; runtime ``process``."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.faults.crashing import SECOND, Crashing
from tests.support.packages import copied
from tests.support.sites import eventually

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not os.environ.get("GONOGO_ALL_CRASHES"), reason="GONOGO_ALL_CRASHES=1 does it: a minute"),
]

ENV = """\
import os, time
from pathlib import Path

from alembic import context
from sqlalchemy import create_engine


def applied(*, step, **_):
    if step.up_revision_id == "0003" and Path(os.environ["HOLD"]).exists():
        Path(os.environ["MARK"]).touch()
        time.sleep(600)


with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True, on_version_apply=applied)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """\
import sqlalchemy
from alembic import op

revision = "{name}"
down_revision = {parent}


def upgrade():
    op.create_table("t{name}", sqlalchemy.Column("id", sqlalchemy.Integer))


def downgrade():
    op.drop_table("t{name}")
"""
LEFT = {"begun": "0001", "half": "0002", "done": "0003", "over": "0003"}
"""Where each crash leaves the database."""


class Migrating(Crashing):
    """Its first release has one revision, its second one two more."""

    def prepare(self) -> None:
        """Configure Alembic, and the first revision."""
        root = self.app.root
        self.database, self.hold = self.folder / "tiny.db", self.folder / "hold"
        variables = {"DATABASE_URL": f"sqlite:///{self.database}", "HOLD": self.hold, "MARK": self.folder / "mark"}
        (root / ".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        plain, packages = f"{sys.executable} -m venv --without-pip {{venv}}", copied("sqlalchemy", "alembic")
        text = (root / "gonogo.toml").read_text().replace(plain, packages)
        text = text.replace("[service.web]", '[service.web]\nmigrations = "alembic"')
        (root / "gonogo.toml").write_text(text.replace("[env.test]", '[env.test]\nenv_file = ".env"'))
        (root / "migrations" / "versions").mkdir(parents=True)
        (root / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
        (root / "migrations" / "env.py").write_text(ENV)
        self.revision("0001", None)

    def revision(self, name: str, parent: str | None) -> None:
        """Write one."""
        text = REVISION.format(name=name, parent=repr(parent))
        (self.app.root / "migrations" / "versions" / f"{name}.py").write_text(text)

    def stands_at(self) -> str:
        """The database's revision."""
        with closing(sqlite3.connect(self.database)) as connection:
            return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


@pytest.fixture(scope="module")
def migrating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Migrating]:
    """One application for all crashes; the table is printed at the end."""
    made = Migrating(tmp_path_factory.mktemp("migrations") / "crashing")
    try:
        yield made
    finally:
        made.app.close()
        print("\n" + "\n".join(made.table))  # noqa: T201 (pytest -s shows it)


def test_crash_inside_a_migration(migrating: Migrating) -> None:
    """Whether it had done nothing, half or all: the old release comes back, proven, on the revision that is there."""
    before = migrating.folder / "before.db"
    shutil.copy(migrating.database, before)
    migrating.revision("0002", "0001")
    migrating.revision("0003", "0002")
    lines = migrating.learn(SECOND, code=0)
    begins = [n for n, line in enumerate(lines) if (line["step"], line["event"]) == ("migrate", "command-began")]
    for way, revision in LEFT.items():
        shutil.copy(before, migrating.database)
        migrating.hold.touch()
        if way != "half":
            migrating.hold.unlink()
        migrating.deploy_until(begins[-1], way, lines)
        migrating.hold.unlink(missing_ok=True)
        if way == "over":
            eventually(lambda: not migrating.status().surviving, within=30)
        found = migrating.status()
        code, record, said = migrating.run("rollback")
        migrating.note(lines[begins[-1]], way, found.surviving, code, record.get("ending"), migrating.stands_at())

        assert len(found.surviving) == int(way != "over")
        assert code == 0, said
        assert migrating.stands_at() == revision
        assert record["verified"]["exitstatus"] == 0
        assert migrating.serving() == migrating.first
        migrating.assert_clean()
