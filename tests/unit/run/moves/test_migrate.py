"""gonogo.run.moves.migrate: what is said of databases was looked at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.config import Environment
from gonogo.run.moves import migrate


@pytest.mark.parametrize(
    ("before", "now", "moved"),
    [
        ([("1",)], [("1",)], False),
        ([("1",)], [("2",)], True),
        ([("1",)], [None], None),
        ([("1",), ("a",)], [None, ("b",)], True),
        ([("1", "2")], [("2", "1")], False),
        ([], [], None),
    ],
    ids=["where it was", "moved", "does not say", "one moved, one does not say", "two heads", "nobody was asked"],
)
def test_migrations_have_begun_where_a_database_says_so(
    monkeypatch: pytest.MonkeyPatch,
    before: list[tuple[str, ...]],
    now: list[Any],
    moved: bool | None,  # noqa: FBT001 (a table)
) -> None:
    """A forward-only release over a database that did not move is turned back; what nobody could say holds."""
    said = {f"s{at}": one for at, one in enumerate(now)}
    standings = [SimpleNamespace(service=f"s{at}", current=one, guessed=False) for at, one in enumerate(before)]
    monkeypatch.setattr(migrate, "stands_at", lambda work, service: said[service])  # noqa: ARG005 (as it is called)

    assert migrate.have_moved(SimpleNamespace(standings=standings)) is moved  # type: ignore[arg-type]
    guessed = [SimpleNamespace(service=one.service, current=one.current, guessed=True) for one in standings]
    assert migrate.have_moved(SimpleNamespace(standings=guessed)) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (("2", "1"), ["the database of web, migrated to 2, 1"]),
        ((), []),
        (None, ["the database of web, perhaps migrated (it could not be asked)"]),
    ],
)
def test_what_a_first_deployment_leaves_in_a_database_is_what_that_says(
    monkeypatch: pytest.MonkeyPatch, now: tuple[str, ...] | None, left: list[str]
) -> None:
    """Seen: "migrated to …" although the command had failed before it wrote anything."""
    monkeypatch.setattr(migrate, "stands_at", lambda *_: now)
    environment = Environment.model_validate(
        {"name": "x", "project": "x", "url": "http://127.0.0.1:1", "service": {"web": {"migrations": "alembic"}}}
    )
    work: Any = SimpleNamespace(place=SimpleNamespace(environment=environment))

    assert migrate.left_in_databases(work) == left
