"""What a rollback by hand takes back of the team's own steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gonogo.run.moves.team import left_done
from gonogo.state.journal import Journal
from gonogo.state.release import Release
from gonogo.state.store import State

CONFIG = """
[app]
name = "a"

[env.x]
project = "a"
"""
STEP = """
[[env.x.step]]
name = "{name}"
before = "start"
run = "true"
undo = "{undo}"
"""


def released(state: State, number: int, *steps: str, took: tuple[str, ...]) -> Release:
    """A release that went GO, with these steps in its configuration and those in its journal."""
    at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=number)
    name = f"{at:%Y%m%dT%H%M%S}-{'abc123f'}"
    folder = state.release_folder(name)
    (folder / "source").mkdir(parents=True)
    (folder / "source" / "gonogo.toml").write_text(CONFIG + "".join(steps))
    journal = Journal(state.run_folder(name) / "journal.jsonl")
    for step in took:
        journal.enter(step, kind="move")
        journal.leave(ok=True)
    made = Release(
        id=name,
        commit="c" * 40,
        env="x",
        runtime="process",
        created=at,
        went_go=at,
        folder=folder,
        root=folder / "source",
    )
    state.save(made)
    return made


def test_steps_since_the_target_are_taken_back_the_newest_first(tmp_path: Path) -> None:
    """The same step of two releases is one, and what a run took back itself, or never did, is none."""
    state = State(tmp_path)
    flag, cron = STEP.format(name="flag", undo="flag off"), STEP.format(name="cron", undo="cron off")
    banner, late = STEP.format(name="banner", undo="banner off"), STEP.format(name="late", undo="late off")
    first = released(state, 1, flag, took=("flag", "start"))
    second = released(state, 2, flag, banner, took=("flag", "banner", "undo banner", "start"))
    third = released(state, 3, flag, cron, late, took=("flag", "cron", "start"))

    found = left_done(state, third, first)

    assert [(step.name, of.id) for step, of in found] == [("cron", third.id), ("flag", third.id)]
    assert [step.name for step, _ in left_done(state, second, first)] == ["flag"]
    assert left_done(state, first, third) == ()
