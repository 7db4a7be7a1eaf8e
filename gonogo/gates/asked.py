"""What the gates of a run said, by what they were: a stage may be asked twice in one run, and each answer is kept."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from gonogo.records.results import GateResult, read_gate
from gonogo.state.journal import read_journal
from gonogo.words import Role, Stage

__all__ = ["baseline_of", "free_name", "last_of"]


def free_name(run: Path, gate: str) -> str:
    """What the files of a gate are called in a run's folder and among its reports: its name, a second time another."""
    number, name = 1, gate
    while (run / f"{name}.json").exists():
        number += 1
        name = f"{gate} {number}"
    return name


def last_of(run: Path, *, role: Role, stage: Stage | None = None) -> GateResult | None:
    """What the last gate of a run in that role said, of one stage or of any; None where none left its results."""
    names = [
        str(line["results"])
        for line in read_journal(run / "journal.jsonl")
        if line.get("event") == "step-began"
        and line.get("results")
        and line.get("role") == role
        and stage in {None, line.get("stage")}
    ]
    found = (read_gate(run / f"{name}.json") for name in reversed(names or [_older(role, stage)]))
    return next((gate for gate in found if gate is not None), None)


def baseline_of(run: Path, stages: Collection[Stage]) -> GateResult | None:
    """What a stage said of the serving release in a run; of one that was not asked, what the post-deploy checks did."""
    own = [last_of(run, role=Role.BASELINE, stage=stage) for stage in stages]
    return next((one for one in own if one is not None), None) or last_of(
        run, role=Role.BASELINE, stage=Stage.POSTDEPLOY
    )


def _older(role: Role, stage: Stage | None) -> str:
    """How an older gonogo named the file; its journal does not say it."""
    return {Role.BASELINE: "baseline", Role.ROLLBACK: "verify"}.get(role, (stage or Stage.POSTDEPLOY).gate)
