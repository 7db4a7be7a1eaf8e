"""gonogo.gates.asked: which gate of a run said what, also in the folder of an older gonogo."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gonogo.gates.asked import baseline_of, free_name, last_of
from gonogo.records.results import GateResult
from gonogo.state.journal import Journal
from gonogo.state.store import write_atomically
from gonogo.words import Role, Stage

__all__: list[str] = []


def left(run: Path, name: str, *, stage: Stage, role: Role, journal: Journal | None) -> GateResult:
    """A gate that was asked in a run; without a journal as an older gonogo left it."""
    gate = GateResult(stage=stage, env="test", role=role, started=datetime.now(UTC))
    if journal is not None:
        journal.enter(name, kind="gate", stage=stage, role=role, results=name)
        journal.leave(ok=True)
    write_atomically(run / f"{name}.json", gate.model_dump_json())
    return gate


def test_second_time_has_a_name_of_its_own(tmp_path: Path) -> None:
    """A name is free until its results are there."""
    names = []
    for _ in range(3):
        names.append(free_name(tmp_path, "postdeploy"))
        (tmp_path / f"{names[-1]}.json").touch()

    assert names == ["postdeploy", "postdeploy 2", "postdeploy 3"]


def test_last_gate_of_a_stage_is_found(tmp_path: Path) -> None:
    """By stage and role, whatever it was called; one that left nothing is passed over."""
    journal = Journal(tmp_path / "journal.jsonl")
    baseline = left(tmp_path, "baseline", stage=Stage.POSTDEPLOY, role=Role.BASELINE, journal=journal)
    left(tmp_path, "postdeploy", stage=Stage.POSTDEPLOY, role=Role.CANDIDATE, journal=journal)
    later = left(tmp_path, "public", stage=Stage.POSTDEPLOY, role=Role.CANDIDATE, journal=journal)
    watch = left(tmp_path, "watch", stage=Stage.WATCH, role=Role.CANDIDATE, journal=journal)
    journal.enter("cut off", kind="gate", stage=Stage.POSTDEPLOY, role=Role.CANDIDATE, results="cut off")

    assert last_of(tmp_path, role=Role.CANDIDATE, stage=Stage.POSTDEPLOY) == later
    assert last_of(tmp_path, role=Role.CANDIDATE) == watch
    assert last_of(tmp_path, role=Role.ROLLBACK) is None
    assert baseline_of(tmp_path, (Stage.POSTDEPLOY,)) == baseline
    assert baseline_of(tmp_path, (Stage.WATCH,)) == baseline
    own = left(tmp_path, "watch before", stage=Stage.WATCH, role=Role.BASELINE, journal=journal)
    assert baseline_of(tmp_path, (Stage.WATCH,)) == own
    assert baseline_of(tmp_path, (Stage.PREDEPLOY,)) == baseline


@pytest.mark.parametrize(
    ("name", "stage", "role"),
    [
        ("postdeploy", Stage.POSTDEPLOY, Role.CANDIDATE),
        ("build gate", Stage.BUILD, Role.CANDIDATE),
        ("baseline", Stage.POSTDEPLOY, Role.BASELINE),
        ("verify", Stage.POSTDEPLOY, Role.ROLLBACK),
    ],
)
def test_folder_of_an_older_gonogo_is_read(tmp_path: Path, name: str, stage: Stage, role: Role) -> None:
    """Its journal names no files: a gate had one name, and its results that name."""
    Journal(tmp_path / "journal.jsonl").enter(name, kind="gate", release="1")
    gate = left(tmp_path, name, stage=stage, role=role, journal=None)

    assert last_of(tmp_path, role=role, stage=stage) == gate


def test_word_that_is_a_password_hides_no_gate(tmp_path: Path) -> None:
    """A team whose password is ``postdeploy`` finds its gates again."""
    journal = Journal(tmp_path / "journal.jsonl", redact=lambda text: text.replace("postdeploy", "[redacted]"))
    gate = left(tmp_path, "postdeploy 2", stage=Stage.POSTDEPLOY, role=Role.CANDIDATE, journal=journal)

    assert last_of(tmp_path, role=Role.CANDIDATE, stage=Stage.POSTDEPLOY) == gate
