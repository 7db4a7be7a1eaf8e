"""gonogo.commands.recover: what the state says of a run that has ended."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gonogo.commands.recover import remember
from gonogo.records.results import GateResult, read_gate
from gonogo.run.pipeline import Ending
from gonogo.run.work import Work
from gonogo.state.progress import Begun, Progress
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Exit, Stage


def release(state: State, name: str) -> Release:
    """A release that is kept."""
    folder = state.release_folder(name)
    made = Release(
        id=name,
        commit="c" * 40,
        env="x",
        runtime="process",
        created=datetime.now(UTC),
        folder=folder,
        root=folder / "source",
    )
    folder.mkdir(parents=True)
    state.save(made)
    return made


@pytest.mark.parametrize(("replaced", "serves"), [(True, "new"), (False, "old")])
def test_held_run_makes_the_release_current_only_where_it_came_to_run(
    tmp_path: Path, *, replaced: bool, serves: str
) -> None:
    """Seen: ``current`` named a release that never ran, and a hotfix was judged as if every check of it were known."""
    state = State(tmp_path)
    old, new = release(state, "old"), release(state, "new")
    state.set_current(old.id)
    asked = GateResult(stage=Stage.POSTDEPLOY, env="x", started=datetime.now(UTC)) if replaced else None
    outcome = Ending(exit_code=Exit.NEEDS_HUMAN, held=True, replaced=replaced, asked=asked)
    remember(
        cast(
            "Work",
            SimpleNamespace(
                state=state, release=new, serving=old, progress=Progress([Begun(step="start", replaces=True)])
            ),
        ),
        outcome,
    )

    current = state.current()
    assert current is not None
    assert current.id == serves
    assert read_gate(new.gate) == asked
