"""A record without secrets is still the record that it was."""

from __future__ import annotations

from gonogo.records.run_results import RunResult
from gonogo.secrets.records import redacted, redacted_json
from gonogo.secrets.redactor import Redactor
from tests.unit.records.samples import the_reverted_run


def test_password_that_is_a_word_leaves_a_record_readable() -> None:
    """Texts lose it; ids, outcomes and stages keep it."""
    run = the_reverted_run().model_copy(update={"reason": "postdeploy failed, rollback"})
    shown = redacted(run, Redactor(["failed", "postdeploy", "rollback", run.run]).text)

    assert shown.reason == "[redacted] [redacted], [redacted]"
    assert (shown.run, shown.exit_code) == (run.run, run.exit_code)
    assert [step.name for step in shown.steps] == [step.name for step in run.steps]
    assert [cause.outcome for cause in shown.causes] == [cause.outcome for cause in run.causes]
    assert RunResult.model_validate_json(shown.model_dump_json()) == shown


def test_evidence_keeps_nothing_by_its_name() -> None:
    """A check may call what it found as it likes."""
    found = redacted_json(
        {"id": "hunter22", "evidence": [{"id": "hunter22", "hunter22": 1}]}, Redactor(["hunter22"]).text
    )

    assert found == {"id": "hunter22", "evidence": [{"id": "[redacted]", "[redacted]": 1}]}
