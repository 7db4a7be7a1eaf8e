"""gonogo.commands.recover: what the state says of a run that has ended."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gonogo.commands.recover import remember
from gonogo.commands.status import rollback_target, stopped_short
from gonogo.records.results import GateResult, read_gate
from gonogo.run.course import Course
from gonogo.run.decision import held
from gonogo.run.work import Work
from gonogo.state.progress import Begun, Progress
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Exit, Stage
from tests.unit.records.samples import a_run


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
    progress = Progress([Begun(step="start", replaces=True)])
    work = cast("Work", SimpleNamespace(state=state, release=new, serving=old, progress=progress))
    course = Course(asked=asked, judged_by={Stage.POSTDEPLOY: asked} if asked is not None else {})
    remember(work, course, held(work, replaced=replaced))

    current = state.current()
    assert current is not None
    assert current.id == serves
    assert read_gate(new.gate) == asked


def test_rollback_of_a_hold_that_replaced_nothing_starts_what_serves(tmp_path: Path) -> None:
    """What serves is started again, going out from the release that never ran, not the one before what serves."""
    state = State(tmp_path)
    eldest, old, new = (release(state, name) for name in ("1-eldest", "2-old", "3-new"))
    for one in (eldest, old):
        state.save(one.model_copy(update={"went_go": datetime.now(UTC)}))
    state.set_current(old.id)
    facts = {"first_touch": datetime.now(UTC), "held": True, "release": new.id, "serving_after": old.id}
    stopped = a_run(Exit.NEEDS_HUMAN, **facts)
    folder = state.run_folder("3-new")
    folder.mkdir(parents=True)
    (folder / "journal.jsonl").touch()
    (folder / "result.json").write_text(stopped.model_dump_json())
    current = state.current()
    assert current is not None

    assert (stopped_short(state, current), rollback_target(state, current)) == (new.id, current)
    (folder / "result.json").write_text(a_run(Exit.NO_GO, **{**facts, "held": False}).model_dump_json())
    assert stopped_short(state, current) is None
    downgrade_failed = a_run(Exit.NEEDS_HUMAN, **{**facts, "kind": "rollback", "release": eldest.id})
    (folder / "result.json").write_text(downgrade_failed.model_dump_json())
    assert stopped_short(state, current) is None
    found = rollback_target(state, current)
    assert found is not None
    assert found.id == eldest.id
