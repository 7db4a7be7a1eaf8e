"""gonogo.state: what an environment's host remembers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gonogo.config import parse_project
from gonogo.errors import RefusedError
from gonogo.state.journal import Journal
from gonogo.state.release import Release, release_id
from gonogo.state.store import State, state_of, write_atomically

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def release(state: State, name: str, **facts: Any) -> Release:
    """A release that is kept in a state."""
    made = Release(
        id=name,
        commit="c" * 40,
        env="prod",
        runtime="process",
        created=datetime.now(UTC),
        folder=state.release_folder(name),
        root=state.release_folder(name) / "source",
        **facts,
    )
    state.save(made)
    return made


def test_release_is_read_back_as_it_was_saved(tmp_path: Path) -> None:
    """Nothing of a release is lost on the disk."""
    state = State(tmp_path)
    made = release(state, "20261121T000000-abcdefg")

    assert state.load(made.id) == made


def test_current_release_is_the_one_that_was_recorded(tmp_path: Path) -> None:
    """Before the first GO there is none."""
    state = State(tmp_path)
    before = state.current()
    made = release(state, "a")
    state.set_current("a")

    assert (before, state.current()) == (None, made)


@pytest.mark.parametrize(
    ("first", "found"),
    [
        pytest.param({"went_go": NOW}, "1", id="what served until it did"),
        pytest.param({"went_go": NOW, "bad": "red"}, "2", id="what served was turned back since"),
        pytest.param(None, "2", id="what served is no longer kept"),
    ],
)
def test_release_before_is_the_one_that_served(tmp_path: Path, first: dict[str, Any] | None, found: str) -> None:
    """Somebody went back from 2 to 1 before 3 came, so 2 is no place to go back to while 1 is."""
    state = State(tmp_path)
    if first is not None:
        release(state, "1", **first)
    release(state, "2", went_go=NOW, replaced="1")
    third = release(state, "3", went_go=NOW, replaced="1")

    assert getattr(state.before(third), "id", None) == found


def test_before_a_first_release_there_is_none(tmp_path: Path) -> None:
    """Without a serving one, as after a first deploy that was stopped, it is the newest that went GO."""
    state = State(tmp_path)
    first, _ = release(state, "1", went_go=NOW), release(state, "2")

    assert state.before(first) is None
    assert state.before(None) == first


@pytest.mark.parametrize(("content", "name"), [(b"gone\n", "gone"), (b"", ""), (b"a\xff\n", "a\ufffd")])
def test_current_release_that_is_not_kept_is_refused(tmp_path: Path, content: bytes, name: str) -> None:
    """A deploy that took itself for the first one would have no way back."""
    state = State(tmp_path)
    release(state, "a")
    (tmp_path / "current").write_bytes(content)

    with pytest.raises(RefusedError) as caught:
        state.current()

    assert str(caught.value) == (
        f'{tmp_path}/current: found "{name}", expected a release that is kept (a). '
        f"Write the id of the one that serves into it, or begin anew: `rm {tmp_path}/current`."
    )


def test_releases_and_runs_are_listed_newest_first(tmp_path: Path) -> None:
    """Their names begin with their time."""
    state = State(tmp_path)
    release(state, "20260101T000000-a")
    release(state, "20260201T000000-b")

    assert [kept.id[-1] for kept in state.releases()] == ["b", "a"]


def test_newer_format_is_refused_not_guessed(tmp_path: Path) -> None:
    """An older gonogo does not read what it cannot know."""
    state = State(tmp_path)
    made = release(state, "a")
    state.save(made.model_copy(update={"format": 99}))

    with pytest.raises(RefusedError, match=r"found format 99, expected at most 1. Use a newer gonogo"):
        state.load("a")


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe\x00"], ids=["torn", "not UTF-8"])
def test_broken_release_file_is_named(tmp_path: Path, content: bytes) -> None:
    """No traceback for a file that somebody edited."""
    path = tmp_path / "releases" / "a" / "release.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    with pytest.raises(RefusedError) as caught:
        State(tmp_path).load("a")

    assert str(caught.value) == (
        f"{path}: found 1 broken fields, expected a release. "
        f"Put the file back, or let go of that release: `mv {path.parent} {tmp_path}`."
    )


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ((), None),
        (("run-began",), None),
        (("run-began", "first-touch"), "r"),
        (("run-began", "first-touch", "run-ended"), None),
        (("run-began", "first-touch", "run-settled"), None),
    ],
)
def test_run_that_was_cut_off_after_its_first_touch_is_unfinished(
    tmp_path: Path, events: tuple[str, ...], found: str | None
) -> None:
    """Before the first touch nothing is left to settle."""
    journal = Journal(tmp_path / "runs" / "r" / "journal.jsonl")
    for event in events:
        journal.write(event)

    assert State(tmp_path).unfinished() == found


def test_files_are_closed_to_others_and_replaced_whole(tmp_path: Path) -> None:
    """0600, and no half-written file beside it."""
    path = tmp_path / "x" / "file"
    write_atomically(path, "one")
    write_atomically(path, "two")

    assert path.read_text() == "two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_failed_write_keeps_the_old_text(tmp_path: Path) -> None:
    """What cannot be encoded leaves the file as it was, and nothing beside it."""
    path = tmp_path / "file"
    write_atomically(path, "one")

    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "two \udcff")
    assert (path.read_text(), list(tmp_path.iterdir())) == ("one", [path])


def test_state_folder_follows_configuration_and_the_users_state_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """``state`` overrides; relative paths start at gonogo.toml."""
    monkeypatch.setenv("XDG_STATE_HOME", "/home/me/state")
    text = '[app]\nname = "shop"\n[env.a]\nproject = "a"\n[env.b]\nproject = "b"\nstate = "var"\n'
    project = parse_project(text, root=Path("/srv"))

    assert state_of(project, project.environments["a"]).root == Path("/home/me/state/gonogo/shop/a")
    assert state_of(project, project.environments["b"]).root == Path("/srv/var")


def test_release_id_is_time_and_commit() -> None:
    """Sorting ids sorts releases by time."""
    assert release_id("abcdef0123", now=datetime(2026, 11, 21, 22, 10, 3, tzinfo=UTC)) == "20261121T221003-abcdef0"
