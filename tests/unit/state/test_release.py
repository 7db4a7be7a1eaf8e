"""What a release says of itself: its id, and where its application stands."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gonogo.state.release import Release, release_id

__all__: list[str] = []

NOW = datetime(2026, 11, 21, 22, 10, 3, tzinfo=UTC)
COMMIT = "9a41b7d0c2e15f8a3b6d4e7c1f0a9b8c7d6e5f4a"


def released(app: str | None) -> Release:
    """A release whose gonogo.toml stood at the top of its repository."""
    folder = Path("/state/releases") / release_id(COMMIT, now=NOW)
    return Release(
        id=folder.name,
        commit=COMMIT,
        env="staging",
        runtime="compose",
        created=NOW,
        folder=folder,
        root=folder / "source",
        app=app,
    )


def test_release_is_named_by_its_time_and_commit() -> None:
    """The id sorts by time and ends in the commit as people read it."""
    release = released(".")

    assert (release.id, release.short) == ("20261121T221003-9a41b7d", "9a41b7d")
    assert release.worktree == Path("/state/releases/20261121T221003-9a41b7d/source")


@pytest.mark.parametrize(
    ("app", "asking", "folder"),
    [
        ("examples/shop", ".", "examples/shop"),
        (".", "examples/shop", "."),
        (None, "examples/shop", "examples/shop"),
    ],
)
def test_application_stands_where_the_release_was_deployed_from(app: str | None, asking: str, folder: str) -> None:
    """The release knows its application's folder, whichever gonogo.toml asks; an older record leaves it to that one."""
    release = released(app)

    assert release.source_root(asking) == release.root / folder


def test_release_is_good_when_it_went_go_or_was_adopted() -> None:
    """Both may be gone back to, unless their checks turned them back; one that never finished may not."""
    release = released(".")
    went, adopted = release.model_copy(update={"went_go": NOW}), release.model_copy(update={"adopted": True})
    bad = [good.model_copy(update={"bad": "D06: found 500"}) for good in (went, adopted)]

    assert [one.is_good for one in (went, adopted, release, *bad)] == [True, True, False, False, False]


def test_only_the_way_back_leaves_migrations_out() -> None:
    """A release that replaces a newer one does not migrate; one that replaces an older one, or nothing, does."""
    old = released(None).model_copy(update={"migrating": ("migrate",)})
    new = old.model_copy(update={"created": old.created + timedelta(minutes=1)})

    assert old.left_out(new) == ("migrate",)
    assert new.left_out(old) == ()
    assert old.left_out(old) == ()
    assert old.left_out(None) == ()
