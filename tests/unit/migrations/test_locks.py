"""gonogo.migrations.locks: which lock a statement takes, as PostgreSQL's manual has it."""

from __future__ import annotations

import pytest

from gonogo.migrations.locks import taken

__all__: list[str] = []


@pytest.mark.parametrize(
    ("statement", "table", "lock", "lasts"),
    [
        ("CREATE INDEX ix ON lamps (hue)", "lamps", "SHARE", True),
        ('CREATE UNIQUE INDEX "ix" ON shop."Lamps" USING btree (hue)', "shop.Lamps", "SHARE", True),
        ("CREATE INDEX CONCURRENTLY ix ON lamps (hue)", "lamps", "SHARE UPDATE EXCLUSIVE", False),
        ("ALTER TABLE lamps ADD COLUMN hue TEXT", "lamps", "ACCESS EXCLUSIVE", False),
        ("ALTER TABLE lamps ADD COLUMN hue TEXT DEFAULT 'red' NOT NULL", "lamps", "ACCESS EXCLUSIVE", False),
        ("ALTER TABLE lamps ADD COLUMN at timestamptz DEFAULT clock_timestamp()", "lamps", "ACCESS EXCLUSIVE", True),
        ("ALTER TABLE lamps ADD COLUMN n SERIAL NOT NULL", "lamps", "ACCESS EXCLUSIVE", True),
        ("ALTER TABLE lamps ALTER COLUMN hue TYPE VARCHAR(9)", "lamps", "ACCESS EXCLUSIVE", True),
        ("ALTER TABLE lamps ALTER COLUMN hue SET NOT NULL", "lamps", "ACCESS EXCLUSIVE", True),
        ("ALTER TABLE lamps ALTER COLUMN hue DROP NOT NULL", "lamps", "ACCESS EXCLUSIVE", False),
        (
            "ALTER TABLE lamps ADD CONSTRAINT f FOREIGN KEY(room) REFERENCES rooms (id)",
            "lamps",
            "SHARE ROW EXCLUSIVE",
            True,
        ),
        (
            "ALTER TABLE lamps ADD CONSTRAINT f FOREIGN KEY(room) REFERENCES rooms (id) NOT VALID",
            "lamps",
            "SHARE ROW EXCLUSIVE",
            False,
        ),
        ("ALTER TABLE lamps VALIDATE CONSTRAINT f", "lamps", "SHARE UPDATE EXCLUSIVE", False),
        ("ALTER TABLE lamps ADD CONSTRAINT c CHECK (n > 0)", "lamps", "ACCESS EXCLUSIVE", True),
        ("ALTER TABLE lamps ADD CONSTRAINT u UNIQUE USING INDEX ux", "lamps", "ACCESS EXCLUSIVE", False),
        ("ALTER TABLE lamps ADD CONSTRAINT u UNIQUE (hue)", "lamps", "ACCESS EXCLUSIVE", True),
        ("ALTER TABLE lamps RENAME hue TO colour", "lamps", "ACCESS EXCLUSIVE", False),
        ("DROP TABLE IF EXISTS lamps CASCADE", "lamps", "ACCESS EXCLUSIVE", False),
        ("UPDATE lamps SET hue = 'red'", "lamps", "ROW EXCLUSIVE", True),
        ("-- as asked\nALTER TABLE Lamps\n  DROP COLUMN hue", "lamps", "ACCESS EXCLUSIVE", False),
    ],
)
def test_statement_takes_its_lock(statement: str, table: str, lock: str, *, lasts: bool) -> None:
    """And holds it for as long as the table takes to be read or written, or for a moment."""
    ((at, _, found),) = taken(["SELECT 1", statement])

    assert (at, found.table, found.lock, found.lasts) == (1, table, lock, lasts)


def test_nobody_waits_for_a_table_that_is_new() -> None:
    """What the same migrations make is in nobody's way; rows that are chosen are not judged."""
    statements = [
        'CREATE TABLE "lamps" (id INTEGER)',
        'CREATE INDEX ix ON "lamps" (id)',
        "INSERT INTO rooms VALUES (1)",
        "UPDATE rooms SET hue = 'red' WHERE id = 1",
        "COMMENT ON COLUMN rooms.hue IS 'ALTER TABLE rooms'",
    ]

    assert list(taken(statements)) == []
