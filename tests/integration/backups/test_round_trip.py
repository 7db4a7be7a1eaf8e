"""gonogo.backups.round_trip and written, on a real PostgreSQL: which downgrades lose nothing, and what was written since."""

from __future__ import annotations

import psycopg
import pytest

from gonogo.backups.round_trip import RoundTrip, Watched
from gonogo.backups.written import moment_of, written_since
from gonogo.host.runner import this_machine

from .conftest import Kept

__all__: list[str] = []

pytestmark = [pytest.mark.integration]

HOST = this_machine(timeout=60)
ROWS = (
    "CREATE TABLE leads (id int PRIMARY KEY, name text, stage text)",
    "INSERT INTO leads VALUES (1, 'Ada', 'new'), (2, null, 'won')",
    'CREATE TABLE "o\'clock ""x" (at int)',
    'INSERT INTO "o\'clock ""x" VALUES (7)',
    "CREATE TABLE alembic_version (version_num text)",
    "INSERT INTO alembic_version VALUES ('1')",
)
STAMP, BACK = "UPDATE alembic_version SET version_num = '2'", "UPDATE alembic_version SET version_num = '1'"
LEADS, VISITS = "public.leads", "public.visits"


def trip(kept: Kept, up: str, down: str) -> RoundTrip:
    """Migrates there and back."""
    kept.run(*ROWS)
    found = RoundTrip(kept.source, HOST, keeps=("alembic_version",))
    found.begin()
    kept.run(up, STAMP)
    found.migrated()
    found.going_back()
    kept.run(down, BACK)
    found.back()
    return found


@pytest.mark.parametrize(
    ("up", "down", "drops"),
    [
        (
            "ALTER TABLE leads ADD note text NOT NULL DEFAULT 'x'",
            "ALTER TABLE leads DROP note",
            [Watched(table=LEADS, columns=("note",))],
        ),
        (
            "CREATE TABLE visits (lead int REFERENCES leads)",
            "DROP TABLE visits",
            [Watched(table=VISITS, is_new=True)],
        ),
        ("ALTER TABLE leads ADD CHECK (stage <> 'lost')", "ALTER TABLE leads DROP CONSTRAINT leads_stage_check", []),
        ("SELECT 1", "DELETE FROM leads WHERE stage = 'lost'", [Watched(table=LEADS)]),
        (
            "ALTER TABLE leads ALTER name TYPE varchar(200)",
            "ALTER TABLE leads ALTER name TYPE text USING left(name, 3)",
            [Watched(table=LEADS)],
        ),
        (
            'ALTER TABLE "o\'clock ""x" ADD "a b" int',
            'ALTER TABLE "o\'clock ""x" DROP "a b"',
            [Watched(table='public."o\'clock ""x"', columns=('"a b"',))],
        ),
    ],
    ids=[
        "a column",
        "a table",
        "a constraint",
        "a delete of what is not there yet",
        "a cut of what is not there yet",
        "names with quotes",
    ],
)
def test_migration_that_leaves_all_rows_can_be_taken_back(kept: Kept, up: str, down: str, drops: list[Watched]) -> None:
    """What goes is its own, or what the downgrade looks into."""
    found = trip(kept, up, down)

    assert found.loses == ""
    assert [*found.drops] == drops


@pytest.mark.parametrize(
    ("up", "down", "loses"),
    [
        ("UPDATE leads SET stage = 'open' WHERE id = 1", "SELECT 1", "the migrations change rows of public.leads"),
        (
            "ALTER TABLE leads DROP name",
            "ALTER TABLE leads ADD name text",
            "the migrations change rows of public.leads",
        ),
        (
            "ALTER TABLE leads RENAME name TO title",
            "ALTER TABLE leads RENAME title TO name",
            "the migrations change rows of public.leads",
        ),
        ("DROP TABLE leads", "CREATE TABLE leads (id int)", "the migrations change rows of public.leads"),
        ("SELECT 1", "UPDATE leads SET name = 'x' WHERE id = 2", "the downgrades change rows of public.leads"),
        (
            "INSERT INTO leads VALUES (3)",
            "DELETE FROM leads WHERE id = 3",
            "the migrations change rows of public.leads",
        ),
    ],
    ids=["changed", "dropped", "renamed", "a table dropped", "changed on the way back", "added"],
)
def test_migration_that_changes_rows_is_not_taken_back(kept: Kept, up: str, down: str, loses: str) -> None:
    """Not by itself: of rows that were written since the backup nobody has tried it."""
    found = trip(kept, up, down)

    assert (found.loses, found.drops) == (loses, ())


def test_rows_that_cannot_be_read_prove_nothing(kept: Kept) -> None:
    """A server that does not let in says why."""
    found = RoundTrip(kept.as_user("nobody", "wrong"), HOST, keeps=())
    for look in (found.begin, found.migrated, found.going_back, found.back):
        look()

    assert found.loses.startswith("its rows could not be read: ")


def test_every_write_since_is_counted(kept: Kept) -> None:
    """Rows with something in what goes, and rows that went; what the migration and earlier transactions wrote is not."""
    kept.run(
        *ROWS,
        "CREATE TABLE visits (id int, what text)",
        "ALTER TABLE leads ADD note text",
        "UPDATE leads SET note = 'x' WHERE id = 1",
        "INSERT INTO visits VALUES (1, 'a'), (2, 'b')",
    )
    drops = (Watched(table=LEADS, columns=("note",)), Watched(table=VISITS, is_new=True))
    moment = moment_of(kept.source, HOST, drops)
    at_once = written_since(kept.source, HOST, drops, moment)
    with psycopg.connect(kept.url) as open_one:
        open_one.execute("INSERT INTO visits VALUES (9, 'not there yet')")
        kept.run("INSERT INTO leads VALUES (3, 'Bo', 'new')", "UPDATE leads SET stage = 'open' WHERE id = 3")
        elsewhere = written_since(kept.source, HOST, drops, moment)
        open_one.rollback()
    kept.run("UPDATE leads SET stage = 'open' WHERE id = 1", "UPDATE visits SET what = 'c' WHERE id = 1")
    kept.run("DELETE FROM visits WHERE id = 2")

    assert dict(moment.rows) == {VISITS: 2}
    assert (at_once, elsewhere) == ((), ())
    assert written_since(kept.source, HOST, drops, moment) == (
        "public.leads (note): 1 rows written",
        "public.visits: 1 rows written",
        "public.visits: 1 rows, 2 were there",
    )
