"""gonogo.run.moves.standing: what migrations that failed left in databases."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.migrations import Revision
from gonogo.migrations.question import Said
from gonogo.run.moves import standing

BEFORE = Said(current=("0001",), tables={"guests": ("id", "name"), "old": ("id",)})


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (BEFORE, ()),
        (
            Said(current=("0001",), tables={"guests": ("id", "mood"), "half": ("id",)}),
            (
                "the database of web: column guests.mood is new, column guests.name is gone, table half is new, table old "
                "is gone",
            ),
        ),
        (Said(current=("0002",), tables={"half": ("id",)}), ()),
        (Said(current=None), ()),
        (None, ()),
    ],
    ids=["nothing", "half", "moved", "not known", "no answer"],
)
def test_what_no_revision_accounts_for_is_left(
    monkeypatch: pytest.MonkeyPatch, now: Said | None, left: tuple[str, ...]
) -> None:
    """A database that moved is the ladder's matter, and of one that does not answer nothing is said."""
    monkeypatch.setattr(standing, "tool_says", lambda *_, **__: now)

    assert standing.half_done(SimpleNamespace(standings=()), {"web": BEFORE}) == left  # type: ignore[arg-type]


SECOND = (
    'def upgrade():\n    op.create_table("half", sa.Column("id"))\n    op.add_column("guests", sa.Column("mood"))\n'
)
THIRD = SECOND + '    op.create_table("third")\n    op.drop_column("old", "id")\n'


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ({"guests": ("id", "name", "mood"), "half": ("id",), "old": ("id",)}, ()),
        (
            {"guests": ("id", "name", "mood"), "half": ("id",), "old": (), "third": ()},
            ("the database of web: column old.id is gone, table third is new",),
        ),
        (
            {"guests": ("id", "name", "mood"), "half": ("id",), "old": ("id",), "_alembic_tmp_old": ("id",)},
            ("the database of web: table _alembic_tmp_old is new",),
        ),
    ],
    ids=["taken back by the database", "half of the third", "a table that was made anew"],
)
def test_what_a_later_migration_left_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, now: dict[str, tuple[str, ...]], left: tuple[str, ...]
) -> None:
    """The second went well, so what it made belongs there; of the third only what it names and the second does not."""
    monkeypatch.setattr(standing, "tool_says", lambda *_, **__: Said(current=("0002",), tables=now))
    pending = (
        Revision(id="0002", parents=("0001",), path="2.py", source=SECOND),
        Revision(id="0003", parents=("0002",), path="3.py", source=THIRD),
    )
    work: Any = SimpleNamespace(standings=[SimpleNamespace(service="web", tool="alembic", pending=pending)], notes=[])

    assert standing.half_done(work, {"web": BEFORE}) == left
    assert work.notes == ["web: 0002 went well and stays; 0003 failed."]


def test_a_database_is_looked_at_only_where_something_would_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """And only where there is a release to go back to."""
    asked: list[str] = []

    def said_of(_: Any, name: str, **__: Any) -> Said:
        asked.append(name)
        return BEFORE

    monkeypatch.setattr(standing, "tool_says", said_of)
    monkeypatch.setattr(standing, "migrated", lambda _: {"web": None, "shop": None, "mail": None})
    pending = [
        SimpleNamespace(service="web", pending=("0002",), guessed="", doubt=""),
        SimpleNamespace(service="shop", pending=(), guessed="", doubt=""),
        SimpleNamespace(service="mail", pending=(), guessed="it did not answer", doubt=""),
    ]
    place = SimpleNamespace(environment=None)
    work: Any = SimpleNamespace(standings=pending, serving="some", place=place)

    assert standing.shapes(work) == {"web": BEFORE, "mail": BEFORE}
    assert standing.shapes(SimpleNamespace(standings=pending, serving=None, place=place)) == {}  # type: ignore[arg-type]
    assert asked == ["web", "mail"]
