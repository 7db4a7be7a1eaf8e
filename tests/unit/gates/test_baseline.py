"""What a baseline says of the serving release."""

from __future__ import annotations

from datetime import UTC, datetime

from gonogo.gates.baseline import fresh, is_known, named, red, unknown
from gonogo.records.results import CheckResult, GateResult
from gonogo.words import Outcome, Severity, Stage

__all__: list[str] = []

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def gate(*outcomes: tuple[str, Outcome], problem: str = "", severity: Severity = Severity.BLOCKER) -> GateResult:
    """A gate with these results."""
    checks = tuple(
        CheckResult(id=code, code=code, stage=Stage.POSTDEPLOY, outcome=outcome, severity=severity, found="why\nmore")
        for code, outcome in outcomes
    )
    return GateResult(stage=Stage.POSTDEPLOY, env="test", started=NOW, checks=checks, problem=problem)


def test_failed_blockers_are_red() -> None:
    """Only failed blockers are red; what could not be found out is unknown."""
    mixed = gate(("D01", Outcome.PASSED), ("D06", Outcome.FAILED), ("D07", Outcome.INCONCLUSIVE))

    assert named(red(mixed)) == "D06 (why)"
    assert unknown(mixed) == "D07 (why)"


def test_advisory_checks_do_not_count() -> None:
    """An advisory check makes nothing red or unknown."""
    advisory = gate(("D17", Outcome.FAILED), ("D26", Outcome.INCONCLUSIVE), severity=Severity.ADVISORY)

    assert (red(advisory), unknown(advisory)) == ((), "")


def test_a_gate_that_asked_nothing_is_unknown() -> None:
    """A gate without an asked check, or with a problem of its own, says nothing."""
    assert unknown(gate(("D06", Outcome.SKIPPED))) == "no check was asked"
    assert unknown(gate(problem="no end within 600 s")) == "no end within 600 s"


def test_new_or_changed_checks_do_not_count_against_the_serving_release() -> None:
    """A page that the next release adds is not missing from the one that serves."""
    asked = gate(("D06", Outcome.FAILED), ("D09[GET /new]", Outcome.FAILED), ("D07", Outcome.INCONCLUSIVE))
    pinned = gate(("D06", Outcome.PASSED))

    assert named(red(asked, pinned=pinned)) == "D06 (why)"
    assert unknown(asked, pinned=pinned) == ""
    assert [check.code for check in fresh(asked, pinned=pinned)] == ["D09[GET /new]", "D07"]
    assert all(is_known(check, None) for check in asked.checks)


def test_what_is_red_for_one_cause_is_named_once() -> None:
    """P36 names the dead instance, and counts what follows from it."""
    dead, *gone, other = gate(*((code, Outcome.FAILED) for code in ("D01", "D06", "D09", "D12"))).checks
    dead = dead.model_copy(update={"breaks": ("service web",)})
    gone = [one.model_copy(update={"needs": ("service web",)}) for one in gone]

    assert named([dead, *gone, other]) == "D01 (why; and 2 more for the same cause), D12 (why)"
