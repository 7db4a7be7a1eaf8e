"""Whatever tells how a run ended says the same: the exit code, the state, status, terminal, both pages, the document."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gonogo.commands.recover import remember
from gonogo.commands.status import status
from gonogo.records.ending import Ending, Kind
from gonogo.records.headline import headline
from gonogo.records.run_results import RunResult
from gonogo.records.terminal import ending_lines
from gonogo.records.write import write_run
from gonogo.run.course import Course
from gonogo.run.work import Work
from gonogo.secrets.redactor import Redactor
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Exit, Outcome
from tests.unit.records.samples import NEW, OLD, STARTED, a_check, a_gate, a_run


@dataclass(frozen=True, kw_only=True)
class Row:
    """What follows from one kind of ending."""

    code: Exit
    begins: str
    """The headline."""
    facts: dict[str, Any]
    """Of the ending."""
    current: str | None = OLD
    """What the state names afterwards; it named the old release before, where there was one."""
    serves: str = OLD
    """What the pages say."""
    bad: bool = False
    """Whether the new release, which a check turned red, is called bad."""
    first: bool = False
    """A first deploy."""


BACK = {"back_to": OLD, "back_after": 0.8}
ROWS: dict[Kind, Row] = {
    Kind.GO: Row(code=Exit.GO, begins="GO  9a41b7d serves", facts={"serves": NEW}, current=NEW, serves=NEW),
    Kind.REHEARSED: Row(code=Exit.GO, begins="REHEARSED: 9a41b7d would be deployed", facts={"serves": OLD}),
    Kind.NO_GO: Row(code=Exit.NO_GO, begins="NO-GO before the first touch: ", facts={"serves": OLD}),
    Kind.INTERRUPTED: Row(code=Exit.INTERRUPTED, begins="INTERRUPTED before the first", facts={"serves": OLD}),
    Kind.NOTHING_CHECKED: Row(code=Exit.NOTHING_CHECKED, begins="NO-GO: nothing was checked", facts={"serves": OLD}),
    Kind.MISUSED: Row(code=Exit.USAGE, begins="NOT STARTED: wrong usage", facts={"serves": OLD}),
    Kind.LOCKED: Row(code=Exit.LOCKED, begins="NOT STARTED: another run", facts={"serves": OLD}),
    Kind.BROKEN: Row(code=Exit.INTERNAL, begins="INTERNAL ERROR before", facts={}, serves="not known"),
    Kind.HELD: Row(code=Exit.NEEDS_HUMAN, begins="HELD: 9a41b7d ", facts={"serves": NEW}, current=NEW, serves=NEW),
    Kind.HELD_BEFORE: Row(
        code=Exit.NEEDS_HUMAN, begins="HELD: 9a41b7d did not start, 2f1c9e0 still", facts={"serves": OLD}, bad=True
    ),
    Kind.NEVER_STOPPED: Row(
        code=Exit.NO_GO, begins="NO-GO before the start: 2f1c9e0", facts={"serves": OLD, "back_to": OLD}, bad=True
    ),
    Kind.REVERTED: Row(code=Exit.NO_GO, begins="REVERTED to 2f1c9e0", facts={"serves": OLD, **BACK}, bad=True),
    Kind.STOPPED: Row(
        code=Exit.INTERRUPTED,
        begins="STOPPED: the first deploy was interrupted",
        facts={"interrupted": True},
        serves="nothing that went GO",
        bad=True,
        first=True,
    ),
    Kind.LEFT: Row(
        code=Exit.NEEDS_HUMAN,
        begins="NEEDS A HUMAN: the first deploy went red and was stopped",
        facts={},
        serves="nothing that went GO",
        bad=True,
        first=True,
    ),
    Kind.NOT_STOPPED: Row(
        code=Exit.NEEDS_HUMAN,
        begins="NEEDS A HUMAN: the first deploy went red and could not be stopped",
        facts={},
        serves="not known",
        bad=True,
        first=True,
    ),
    Kind.NOT_BACK: Row(
        code=Exit.NEEDS_HUMAN,
        begins="NEEDS A HUMAN: 2f1c9e0 could not be started",
        facts={"back_to": OLD},
        serves="not known",
        bad=True,
    ),
    Kind.UNPROVEN: Row(
        code=Exit.NEEDS_HUMAN, begins="NEEDS A HUMAN: 2f1c9e0 is back", facts={"serves": OLD, **BACK}, bad=True
    ),
    Kind.LOST: Row(
        code=Exit.NEEDS_HUMAN, begins="NEEDS A HUMAN: the rollback was cut", facts={}, serves="not known", bad=True
    ),
    Kind.UNRECORDED: Row(
        code=Exit.NEEDS_HUMAN, begins="NEEDS A HUMAN: 2f1c9e0 is back", facts={"serves": OLD, **BACK}, bad=True
    ),
}
RED = a_check(code="D09[GET /]", outcome=Outcome.FAILED, found="500")
CONFIG = '[app]\nname = "shop"\n[env.staging]\nproject = "shop"\nstate = "state"\n'


def kept(state: State, name: str) -> Release:
    """A release that is kept."""
    folder = state.release_folder(name)
    facts = {"id": name, "commit": name[-7:] * 6, "env": "staging", "runtime": "process", "created": STARTED}
    made = Release.model_validate({**facts, "folder": folder, "root": folder / "source"})
    folder.mkdir(parents=True)
    (folder / "source").mkdir()
    state.save(made)
    return made


def recorded(root: Path, ending: Ending, row: Row) -> RunResult:
    """The state and the reports after a run that ended so."""
    (root / "gonogo.toml").write_text(CONFIG)
    state = State(root / "state")
    old, new = kept(state, OLD), kept(state, NEW)
    if not row.first:
        state.set_current(OLD)
    work = SimpleNamespace(state=state, release=new, serving=None if row.first else old, redactor=Redactor(()))
    remember(cast("Work", work), Course(causes=(RED,), asked=a_gate(RED), reason="D09 is red"), ending)
    touched = STARTED if ending.kind.touched else None
    facts = {"serving": None if row.first else OLD, "causes": (RED,), "first_touch": touched, "ended": ending}
    run = a_run(row.code, **facts, reports=str(root / "reports" / "staging" / NEW))
    run = run.model_copy(update={"ending": headline(run)})
    folder = state.run_folder(NEW)
    folder.mkdir(parents=True)
    (folder / "journal.jsonl").write_text(json.dumps({"event": "run-ended", "at": str(datetime.now(UTC))}) + "\n")
    (folder / "result.json").write_text(run.model_dump_json())
    assert write_run(root / "reports" / "staging" / NEW, run, folder / "journal.jsonl") == ""
    return run


def test_every_kind_has_a_row() -> None:
    """A new one is in the table."""
    assert list(ROWS) == list(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_everything_says_the_same(kind: Kind, tmp_path: Path) -> None:
    """Exit code, state, status, terminal, page, Markdown and document follow from the one value."""
    row = ROWS[kind]
    run = recorded(tmp_path, Ending(kind=kind, **row.facts), row)
    state, reports = State(tmp_path / "state"), Path(run.reports)
    current, new, document = state.current(), state.load(NEW), json.loads((reports / "results.json").read_text())
    said = ending_lines(run)[0]
    page = html.unescape((reports / "index.html").read_text())
    record = (reports / "record.md").read_text().replace("\\", "")
    at_a_glance = status(tmp_path, "staging")[0]

    assert said.startswith(row.begins)
    assert f">{said}</p>" in page
    assert record.splitlines()[0].split() == ["#", *said.split()]
    assert (document["exit_code"], document["ending"], document["ended"]["kind"]) == (row.code, said, kind)
    assert RunResult.model_validate(document) == run
    assert (run.exit_code, run.serving_after) == (row.code, row.serves if row.serves in {OLD, NEW} else None)
    assert (current.id if current else None) == (None if row.first else row.current)
    assert f"<dt>serves now</dt><dd>{row.serves}</dd>" in page
    assert f"| serves now | {row.serves} |" in record.replace("`", "")
    assert new is not None
    assert bool(new.bad) == row.bad
    assert at_a_glance.needs_human == (f"{said} (run {NEW})" if row.code is Exit.NEEDS_HUMAN else "")
    assert at_a_glance.serving == (None if row.first else row.current)
