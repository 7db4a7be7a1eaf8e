"""gonogo.state.progress: what a run has begun is the same after a crash as before it."""

from __future__ import annotations

from pathlib import Path

from gonogo.state.journal import Journal, read_journal
from gonogo.state.progress import Begun, Progress


def test_what_a_step_is_stands_in_the_journal(tmp_path: Path) -> None:
    """Nobody asks for its name: a strategy may call the step that replaces instances as it likes."""
    journal = Journal(tmp_path / "journal.jsonl")
    journal.enter("copy", kind="move", touches=True, replaces=False, migrates=True)
    journal.leave(ok=True)
    journal.enter("switch", kind="move", touches=True, replaces=True, migrates=False)
    found = Progress.of(read_journal(journal.path))

    assert found == Progress([Begun(step="copy", migrates=True), Begun(step="switch", replaces=True)], {"copy"})
    assert (found.has_migrated, found.has_replaced, found.is_replaced) == (True, True, False)
    assert found.half_done == ("switch",)


def test_taking_a_schema_back_is_no_migration_that_went_well() -> None:
    """Whatever the two are called; one that was cut off leaves a database half-way."""
    there, back = Begun(step="schema", migrates=True), Begun(step="schema back", migrates=True, downgrades=True)
    half, whole = Progress([there, back], ["schema"]), Progress([there, back], ["schema", "schema back"])

    assert (Progress([there]).is_migrated, half.is_migrated, Progress([back], ["schema back"]).is_migrated) == (
        False,
        True,
        False,
    )
    assert (Progress([there]).has_downgraded, half.has_downgraded, whole.has_downgraded) == (False, True, True)
    assert (half.is_half_downgraded, whole.is_half_downgraded) == (True, False)


def test_journal_of_an_older_gonogo_is_understood() -> None:
    """It says no more than the names; an upgrade between a crash and its recovery must not lose the rollback."""
    lines: list[dict[str, object]] = [
        {"event": "step-began", "step": "migrate", "kind": "move"},
        {"event": "step-began", "step": "start", "kind": "move"},
        {"event": "step-ended", "step": "start", "ok": True},
        {"event": "step-began", "step": "undo warm-up", "kind": "move"},
        {"event": "step-ended", "step": "undo warm-up", "ok": True},
        {"event": "step-began", "step": "downgrade", "kind": "move", "replaces": False, "migrates": True},
    ]
    found = Progress.of(lines)

    assert (found.has_migrated, found.is_replaced, found.names) == (True, True, ("migrate", "start", "downgrade"))
    assert (found.is_migrated, found.is_half_downgraded) == (False, True)
    assert found.was_taken_back("warm-up")
    assert not found.was_taken_back("start")
