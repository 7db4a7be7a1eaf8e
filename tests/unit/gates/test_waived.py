"""gonogo.gates.waived: for how long a waiver covers, and what is said of it after a run."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gonogo.gates.waived import applied, is_in_force, of_run, used
from gonogo.records.results import CheckResult, GateResult, WaiverUse
from gonogo.words import Outcome, Role, Severity, Stage, WaiverDid

DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1))
UNTIL = date(2026, 12, 31)


def waiver(check: str = "D09", did: WaiverDid = WaiverDid.NOT_ASKED, until: date = UNTIL) -> WaiverUse:
    """A waiver of payments."""
    return WaiverUse(check=check, until=until, owner="payments", reason="OPS-12", did=did)


def check(code: str = "D09", outcome: Outcome = Outcome.FAILED, **facts: object) -> CheckResult:
    """One verdict."""
    given_facts = {"id": code, "code": code, "stage": Stage.POSTDEPLOY, "outcome": outcome, "found": "500", **facts}
    return CheckResult.model_validate(given_facts)


def gate(*uses: WaiverUse, role: Role = Role.CANDIDATE) -> GateResult:
    """A gate in which the waivers did that."""
    return GateResult(stage=Stage.POSTDEPLOY, env="prod", role=role, started=datetime.now(UTC), waivers=uses)


@given(until=DAYS, days=st.integers(-400, 400))
def test_waiver_covers_up_to_its_last_day(until: date, days: int) -> None:
    """That day included, whatever the calendar does between."""
    today = until + timedelta(days=days)
    found = applied(check(), [waiver(until=until)], today=today)

    assert is_in_force(until, today=today) is (days <= 0)
    assert found.blocks is (days > 0)
    assert found.waived is (days <= 0)
    assert (found.waiver and found.waiver.did) == (WaiverDid.COVERED if days <= 0 else WaiverDid.ENDED)


@given(outcome=st.sampled_from(Outcome), severity=st.sampled_from(Severity), on_time=st.booleans())
def test_waiver_softens_failed_blockers_and_nothing_else(outcome: Outcome, severity: Severity, on_time: bool) -> None:  # noqa: FBT001
    """No other verdict changes; what does not block is not even mentioned."""
    before = check(outcome=outcome, severity=severity)
    after = applied(before, [waiver()], today=UNTIL if on_time else UNTIL + timedelta(days=1))

    if outcome is Outcome.FAILED and severity is Severity.BLOCKER and on_time:
        assert (after.outcome, after.found, after.excused) == (
            Outcome.WARNED,
            "waived until 2026-12-31 by payments: OPS-12; 500",
            True,
        )
    else:
        assert after.outcome is outcome
        assert (after == before) is (not before.blocks)


def test_waiver_of_one_case_counts_before_that_of_all() -> None:
    """Whichever stands first; other cases have the general one, other checks none."""
    both = [waiver(), waiver("D09[GET /a]", until=UNTIL - timedelta(days=1))]

    dids = [applied(check(code), both, today=UNTIL).waiver for code in ("D09[GET /a]", "D09[GET /b]", "D091", "D0")]
    assert [one and (one.check, one.did) for one in dids] == [
        ("D09[GET /a]", WaiverDid.ENDED),
        ("D09", WaiverDid.COVERED),
        None,
        None,
    ]


def test_gate_tells_of_its_own_waivers() -> None:
    """One of another stage's check is left out; of several cases the most telling counts."""
    checks = [applied(check("D09[GET /a]"), [waiver()], today=UNTIL), check("D09[GET /b]", Outcome.PASSED)]
    found = used([waiver(), waiver("D09[GET /c]"), waiver("P16")], checks)

    assert [(one.check, one.did) for one in found] == [
        ("D09", WaiverDid.COVERED),
        ("D09[GET /c]", WaiverDid.NO_CHECK),
    ]


def test_run_tells_of_all_waivers() -> None:
    """The baseline speaks where nobody else does; the release that it went back to has waivers of its own."""
    uses = [waiver("D09"), waiver("D15"), waiver("S05")]
    old = waiver("D09", WaiverDid.ENDED, until=UNTIL - timedelta(days=30))
    gates = [
        gate(waiver("D09", WaiverDid.COVERED), waiver("D15", WaiverDid.COVERED), role=Role.BASELINE),
        gate(waiver("D15", WaiverDid.NOT_NEEDED)),
        gate(old, waiver("P16", WaiverDid.NOT_NEEDED), role=Role.ROLLBACK),
    ]
    found = {(one.check, one.until): one.did for one in of_run(uses, gates, whole=True)}

    assert found == {
        ("D09", UNTIL): WaiverDid.COVERED,
        ("D15", UNTIL): WaiverDid.NOT_NEEDED,
        ("S05", UNTIL): WaiverDid.NO_CHECK,
        ("D09", old.until): WaiverDid.ENDED,
    }
    assert of_run([waiver("S05")], gates[:0], whole=False) == (waiver("S05"),)
