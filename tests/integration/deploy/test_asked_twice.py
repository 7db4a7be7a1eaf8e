"""A stage that is asked twice in one run: both answers are kept, and the release keeps the later one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo.gates.asked import last_of
from gonogo.records.results import read_gate
from gonogo.state.store import State
from gonogo.words import Role, Stage

if TYPE_CHECKING:
    from .conftest import App, Ended

TWICE = Path(__file__).with_name("asked_twice.py")
COUNTS = """\
import pathlib

import pytest

ASKED = pathlib.Path("{file}")


@pytest.mark.postdeploy("S01")
def test_counts(evidence):
    \"\"\"It is asked for the first time, or again.\"\"\"
    before = len(ASKED.read_text()) if ASKED.exists() else 0
    ASKED.write_text("x" * (before + 1))
    evidence.text("Asked before", str(before))
    assert before < {most}, "asked too often"
"""


def deployed(app: App) -> Ended:
    """How a deployment ended that asks twice."""
    done = subprocess.run(
        [sys.executable, "-P", str(TWICE), "deploy", "--env", "test", "--json"],
        cwd=app.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    return type(app.gonogo("--version"))(done.returncode, done.stdout, done.stderr)


def counted(app: App, *, most: int) -> None:
    """Commit a check that is green so often."""
    (app.root / "checks").mkdir(exist_ok=True)
    (app.root / "checks" / "test_counts.py").write_text(COUNTS.format(file=app.state / "asked", most=most))
    app.commit("a check that counts")


@pytest.mark.thorough
def test_both_answers_are_kept_and_the_release_keeps_the_later(app: App) -> None:
    """Each gate has files and a page of its own; a first release that is asked again is known by the later answer."""
    counted(app, most=2)
    ended = deployed(app)
    record = ended.json()
    state = State(app.state)
    run, release = state.run_folder(record["run"]), state.current()

    assert ended.code == 0, ended
    assert release is not None
    gates = [step for step in record["steps"] if step["name"] == "postdeploy"]
    assert [step["files"] for step in gates] == ["postdeploy", "postdeploy 2"]
    said = [
        [check.evidence[-1].value for check in gate.checks if check.code == "S01"]
        for gate in map(read_gate, (run / "postdeploy.json", run / "postdeploy 2.json", release.gate))
        if gate is not None
    ]
    assert said == [["0"], ["1"], ["1"]]
    page = (Path(record["reports"]) / "index.html").read_text()
    assert 'href="postdeploy.html"' in page
    assert 'href="postdeploy%202.html"' in page
    assert (Path(record["reports"]) / "postdeploy 2.html").is_file()
    last = last_of(run, role=Role.CANDIDATE, stage=Stage.POSTDEPLOY)
    assert last is not None
    assert last == read_gate(run / "postdeploy 2.json")


@pytest.mark.thorough
def test_second_answer_turns_a_release_back(app: App) -> None:
    """What was green once and is red at the end of the run is no GO; the one that serves again keeps its own answer."""
    app.deploy()
    kept = State(app.state).current()
    assert kept is not None
    before = kept.gate.read_bytes()
    counted(app, most=1)
    ended = deployed(app)

    assert ended.code == 1, ended
    assert [cause["found"] for cause in ended.json()["causes"]] == ["asked too often"]
    assert State(app.state).current() == State(app.state).load(kept.id)
    assert kept.gate.read_bytes() == before
