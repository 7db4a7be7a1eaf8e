"""gonogo.gates.pending_migrations: what stays ahead after a rollback, and what a commit brings beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gonogo.gates.pending_migrations import Standing, _accepted, refuse_unknown
from gonogo.migrations import Graph, Revision
from gonogo.state.release import Release

__all__: list[str] = []


def graph(*names: str) -> Graph:
    """A line of revisions, the oldest first."""
    pairs = zip(names, (None, *names), strict=False)
    return Graph(
        revisions={
            name: Revision(id=name, parents=(parent,) if parent else (), path=f"{name}.py") for name, parent in pairs
        }
    )


@pytest.mark.parametrize(
    ("commit", "accepted", "why"),
    [
        (("1",), ("2",), ""),
        (("0", "1"), ("2",), ""),
        (("1",), ("2", "3"), ""),
        (("1",), (), "found revision 2, expected one that this commit has (its heads: 1)"),
        (("1",), ("3",), "found revision 2, expected one that this commit has (its heads: 1)"),
        (("1", "4"), ("2",), "found revision 2, expected one that this commit has (its heads: 4)"),
    ],
    ids=["same", "longer history", "two of them", "never accepted", "another accepted", "brings its own"],
)
def test_schema_that_a_rollback_left_ahead(commit: tuple[str, ...], accepted: tuple[str, ...], why: str) -> None:
    """A commit without a migration of its own runs on it as the release that is back does; any other is refused."""
    known = graph(*commit)
    pending = tuple(known.revisions.values())
    found = Standing(
        service="web", tool="alembic", current=("2",), heads=known.heads(), pending=pending, unknown=("2",)
    )
    serving = Release(
        id="r", commit="c" * 40, env="test", runtime="process", created=datetime.now(UTC), folder=Path("/r"),
        root=Path("/r/source"), heads=("1",), accepted=accepted,
    )  # fmt: skip
    standing = _accepted(found, serving, known)

    assert refuse_unknown(standing).removeprefix("the database of web: ") == why
    assert standing.pending == (() if not why else pending)
