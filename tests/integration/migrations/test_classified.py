"""What reading says of a migration, beside what becomes of the code before it: that is run on the new schema."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from gonogo.demo.postgres import postgres
from gonogo.migrations.alembic import Alembic
from tests.support.doc_tables import ROOT

from .cases import BASE, CASES, Case, source

pytestmark = [pytest.mark.integration, pytest.mark.thorough, pytest.mark.timeout(600)]

METADATA = sa.MetaData()
ROOMS = sa.Table(
    "rooms", METADATA, sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", sa.Text, nullable=False)
)
LEADS = sa.Table(
    "leads",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("name", sa.String(40)),
    sa.Column("stage", sa.Enum("new", "won", name="stage"), nullable=False, server_default="new"),
    sa.Column("amount", sa.Integer),
    sa.Column("room_id", sa.ForeignKey("rooms.id")),
)
NOTES = sa.Table(
    "notes",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("lead_id", sa.Integer),
    sa.Column("body", sa.Text),
)
LEAD = {"email": "new@example.com", "name": "x" * 40, "stage": "new", "amount": 2**31 - 1, "room_id": 1}
SAID = {True: "works", False: "breaks"}


def rows(statement: sa.Executable) -> Callable[[sa.Connection], Any]:
    """What a query answers."""
    return lambda connection: [tuple(row) for row in connection.execute(statement)]


def count(statement: sa.Executable) -> Callable[[sa.Connection], Any]:
    """How many rows a statement changed."""
    return lambda connection: connection.execute(statement).rowcount


def default_stage(connection: sa.Connection) -> Any:
    """The stage of a lead that is written without one."""
    key = connection.execute(LEADS.insert().values(email="d", amount=-5)).inserted_primary_key
    assert key is not None
    return connection.execute(sa.select(LEADS.c.stage).where(LEADS.c.id == key[0])).scalar()


OLD = {
    "reads leads": rows(sa.select(LEADS).order_by(LEADS.c.id)),
    "reads rooms": rows(sa.select(ROOMS).order_by(ROOMS.c.id)),
    "reads notes": rows(sa.select(NOTES).order_by(NOTES.c.id)),
    "joins": rows(sa.select(LEADS.c.id, ROOMS.c.title).join(ROOMS).order_by(LEADS.c.id)),
    "adds up": rows(sa.select(sa.func.sum(LEADS.c.amount))),
    "finds by stage": rows(sa.select(LEADS.c.id).where(LEADS.c.stage == "won")),
    "finds by email": rows(sa.select(LEADS.c.id).where(LEADS.c.email == "Ada@example.com")),
    "reads the view": rows(sa.text("select id, email from winners order by id")),
    "writes a lead": count(LEADS.insert().values(**LEAD)),
    "writes a lead twice": count(LEADS.insert().values([LEAD, LEAD])),
    "writes a lead without a name": count(LEADS.insert().values(**{**LEAD, "name": None})),
    "writes a lead of nothing": count(LEADS.insert().values(**{**LEAD, "amount": 0})),
    "writes a lead without a stage": default_stage,
    "writes a room": count(ROOMS.insert().values(title="north")),
    "writes a note of nobody's": count(NOTES.insert().values(lead_id=77)),
    "changes a lead": count(LEADS.update().where(LEADS.c.id == 1).values(amount=12, stage="won")),
    "deletes a lead": count(LEADS.delete().where(LEADS.c.id == 3)),
    "deletes a room": count(ROOMS.delete().where(ROOMS.c.id == 3)),
    "deletes a room in use": count(ROOMS.delete().where(ROOMS.c.id == 1)),
}
"""What the release before does, all day long."""


def what_it_does(engine: sa.Engine) -> dict[str, Any]:
    """What becomes of everything that the release before does; nothing of it stays."""
    found: dict[str, Any] = {}
    for name, does in OLD.items():
        with engine.connect() as connection:
            try:
                found[name] = does(connection)
                connection.execute(sa.text("set constraints all immediate"))
            except (sa.exc.SQLAlchemyError, LookupError) as error:
                found[name] = type(error)
            connection.rollback()
    return found


def migrate(engine: sa.Engine, case: Case) -> None:
    """Runs a migration as Alembic does, then what the release that brought it writes."""
    module: dict[str, Any] = {}
    exec(compile(source(case), "<migration>", "exec"), module)  # noqa: S102 (a migration of cases.py)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context), context.begin_transaction(_per_migration=True):
            module["upgrade"]()
        connection.commit()
    with engine.begin() as connection:
        connection.execute(sa.text(case.then or "select 1"))


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, list[str]]]:
    """Migration → what the release before does then that breaks."""
    with tempfile.TemporaryDirectory() as home, postgres(Path(home)) as server:
        server.create("base")
        admin = sa.create_engine(
            server.url().replace("postgresql", "postgresql+psycopg", 1), isolation_level="AUTOCOMMIT"
        )

        def engine(name: str) -> sa.Engine:
            return sa.create_engine(
                server.url(name).replace("postgresql", "postgresql+psycopg", 1), poolclass=sa.NullPool
            )

        try:
            with engine("base").begin() as connection:
                connection.exec_driver_sql(BASE)
            expected = what_it_does(engine("base"))
            broken = {}
            for at, case in enumerate(CASES):
                with admin.connect() as connection:
                    connection.execute(sa.text(f"create database case{at} template base"))
                migrate(engine(f"case{at}"), case)
                now = what_it_does(engine(f"case{at}"))
                broken[case.name] = [name for name in OLD if now[name] != expected[name]]
        finally:
            admin.dispose()
        yield broken


def said(case: Case) -> str:
    """What reading says."""
    tool = Alembic()
    if why := tool.not_shown(source(case)):
        return f"not shown: {why.partition(' (line ')[0]}"
    return "; but ".join(("only adds", *tool.caveats(source(case))))


def test_the_release_before_does_all_of_it_on_its_own_schema(found: dict[str, list[str]]) -> None:
    """Else nothing that follows would say anything; and at least forty migrations were run."""
    assert found["nothing"] == []
    assert len(found) == len(CASES) >= 40
    assert sum(bool(broken) for broken in found.values()) >= 20


def test_nothing_that_breaks_is_called_harmless(found: dict[str, list[str]]) -> None:
    """What reading calls "only adds" leaves the release before as it was, or the ladder says what it cannot do then."""
    wrong = {case.name: found[case.name] for case in CASES if found[case.name] and said(case) == "only adds"}

    assert wrong == {}


def test_page_says_what_was_found(found: dict[str, list[str]]) -> None:
    """docs/migrations.md has the table of this run."""
    table = [
        f"| {case.name} | {SAID[not found[case.name]]}{': ' if found[case.name] else ''}{', '.join(found[case.name][:3])} "
        f"| {said(case)} |"
        for case in CASES
    ]
    page = (ROOT / "docs" / "migrations.md").read_text(encoding="utf-8")

    assert [line for line in page.splitlines() if line.startswith("| ")][1:] == table, "\n".join(table)
