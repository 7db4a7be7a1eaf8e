"""gonogo.gates.judgement: each rule of what a red check causes after the first touch."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from gonogo.gates.baseline import known_before
from gonogo.gates.judgement import Consequence, as_before, counted, judge, of_attempts, undecided, without_tls
from gonogo.records.results import CheckResult, Evidence, GateResult, WaiverUse
from gonogo.words import OnRed, Outcome, Severity, Stage, WaiverDid
from tests.support.traits import traits_of


def check(code: str, outcome: str, **more: Any) -> CheckResult:
    """One verdict."""
    facts = {"id": f"gonogo/postdeploy/{code}", "fingerprint": "f", "found": "500", **traits_of(code), **more}
    return CheckResult(code=code, stage=Stage.POSTDEPLOY, outcome=Outcome(outcome), **facts)


def gate(*checks: CheckResult, problem: str = "") -> GateResult:
    """One gate's results."""
    return GateResult(stage=Stage.POSTDEPLOY, env="prod", started=datetime.now(UTC), checks=checks, problem=problem)


GOOD = check("D06", "passed")


def test_green_gate_goes_on() -> None:
    """Passed and warned checks are no reason to go back."""
    assert judge(gate(GOOD, check("D15", "warned")), baseline=None).action is Consequence.GO


def test_newly_red_blocker_goes_back_and_is_named() -> None:
    """Green before and red after is the release's doing."""
    found = judge(gate(GOOD, check("D09", "failed")), baseline=gate(GOOD, check("D09", "passed")))

    assert (found.action, found.reason) == (Consequence.ROLLBACK, "D09 is red: 500")


def test_red_before_and_after_never_goes_back() -> None:
    """Going back would not mend it; it ends as a warning that says so, and the gate counts as green."""
    after = gate(GOOD, check("D09", "failed")).model_copy(update={"exitstatus": 1})
    found = judge(after, baseline=gate(check("D09", "failed")))
    shown = counted(after, found)

    assert found.action is Consequence.GO
    said = "was red before this release too, so it does not turn it back: 500"
    assert [(one.code, one.outcome, one.found) for one in found.excused] == [("D09", Outcome.WARNED, said)]
    assert (shown.blocking, shown.exitstatus, shown.summary()) == ((), 0, "1 passed, 1 with warnings")


def test_what_was_not_known_before_does_not_excuse_what_is_wrong_now() -> None:
    """Only a wrong answer before excuses a wrong answer after; what stays unknown is excused by either."""
    unknown, wrong = check("D09", "inconclusive"), check("D09", "failed")

    assert judge(gate(GOOD, wrong), baseline=gate(unknown)).action is Consequence.ROLLBACK
    assert judge(gate(GOOD, unknown), baseline=gate(unknown)).action is Consequence.GO
    assert judge(gate(GOOD, unknown), baseline=gate(wrong)).action is Consequence.GO


def test_check_that_was_unstable_before_does_not_go_back_alone() -> None:
    """A person decides; together with another red check it is one of the causes."""
    before = gate(check("D09", "warned", unstable=True), check("D07", "passed"))
    alone = judge(gate(GOOD, check("D09", "failed")), baseline=before)
    together = judge(gate(GOOD, check("D07", "failed"), check("D09", "failed")), baseline=before)

    assert (alone.action, alone.reason) == (
        Consequence.HOLD,
        "D09 is red, and was unstable before this release: 500",
    )
    assert (together.action, [cause.code for cause in together.causes]) == (Consequence.ROLLBACK, ["D07", "D09"])
    assert together.reason == "D07 is red: 500 (and 1 more)"


def test_unstable_before_and_new_counts_as_any_other() -> None:
    """A check that the serving release was never asked was written for this one; D06 is never excused."""
    before = gate(check("D09", "warned", unstable=True), check("D06", "warned", unstable=True))

    assert judge(gate(GOOD, check("D09", "failed")), baseline=before, pinned=gate(GOOD)).action is Consequence.ROLLBACK
    assert judge(gate(check("D06", "failed")), baseline=before).action is Consequence.ROLLBACK


def test_red_before_and_after_counts_when_the_check_is_new_or_changed() -> None:
    """A check or stanza that the serving release was never asked was written for this release."""
    before, after = gate(check("D09", "failed")), gate(GOOD, check("D09", "failed"))
    changed, same = gate(check("D09", "passed", fingerprint="old")), gate(check("D09", "passed"))

    assert judge(after, baseline=before, pinned=gate(GOOD)).action is Consequence.ROLLBACK
    assert judge(after, baseline=before, pinned=changed).action is Consequence.ROLLBACK
    assert judge(after, baseline=before, pinned=same).action is Consequence.GO


def test_another_gonogo_makes_no_new_check() -> None:
    """Else a healthy application whose page was red before would be turned back by the first release after an upgrade."""
    red = check("D09", "failed", fingerprint="built-in:now")
    older, stanza = (check("D09", "passed", fingerprint=then) for then in ("of its source", "built-in:then"))

    assert judge(gate(GOOD, red), baseline=gate(red), pinned=gate(older)).action is Consequence.GO
    assert judge(gate(GOOD, red), baseline=gate(red), pinned=gate(stanza)).action is Consequence.ROLLBACK


def test_a_check_that_came_with_gonogo_is_excused_by_what_it_finds_before() -> None:
    """It is not the release's doing; one that the release's own configuration brings is, and so is a newly red one."""
    new = check("D30[web]", "failed", fingerprint="built-in:1")
    served, same = gate(GOOD), gate(GOOD, check("D30[api]", "skipped", fingerprint="built-in:0"))

    assert judge(gate(GOOD, new), baseline=gate(new), pinned=served).action is Consequence.GO
    assert judge(gate(GOOD, new), baseline=gate(new), pinned=same).action is Consequence.ROLLBACK
    assert judge(gate(GOOD, new), baseline=gate(GOOD), pinned=served).action is Consequence.ROLLBACK
    assert judge(gate(GOOD, check("D30", "failed")), baseline=gate(new), pinned=served).action is Consequence.ROLLBACK


@pytest.mark.parametrize("code", ["D01", "D02", "D03", "D04", "D05", "D06", "D06[api]"])
def test_what_runs_is_never_excused(code: str) -> None:
    """A release that does not run is not excused because the old one did not either."""
    assert judge(gate(check(code, "failed")), baseline=gate(check(code, "failed"))).action is Consequence.ROLLBACK


def test_on_red_hold_and_warn_do_not_go_back() -> None:
    """Downtime already spent cannot be mended by going back."""
    held = judge(gate(GOOD, check("D27", "failed", on_red=OnRed.HOLD)), baseline=None)
    warned = judge(gate(GOOD, check("D99", "failed", on_red=OnRed.WARN)), baseline=None)

    assert (held.action, warned.action) == (Consequence.HOLD, Consequence.GO)
    assert [one.found for one in warned.excused] == ["is red and only warns: 500"]


def test_what_may_wait_says_until_when() -> None:
    """A warning with a date: somebody has to look before that day is over."""
    waits = check("D15", "failed", on_red=OnRed.WARN, until=date(2026, 12, 31))

    assert [one.found for one in judge(gate(GOOD, waits), baseline=None).excused] == [
        "is red and only warns until 2026-12-31: 500"
    ]


def test_rollback_outweighs_hold() -> None:
    """One check that demands the rollback decides."""
    found = judge(gate(GOOD, check("D27", "failed", on_red=OnRed.HOLD), check("D09", "failed")), baseline=None)

    assert (found.action, [cause.code for cause in found.causes]) == (Consequence.ROLLBACK, ["D09"])


def test_inconclusive_holds_when_the_subject_answered_well_else_goes_back() -> None:
    """The message never says red for "could not be found out"."""
    with_answer = judge(gate(GOOD, check("D15", "inconclusive")), baseline=None)
    without = judge(gate(check("D06", "inconclusive")), baseline=None)

    assert (with_answer.action, with_answer.reason) == (Consequence.HOLD, "D15 could not be found out: 500")
    assert without.action is Consequence.ROLLBACK


def test_gate_in_which_nothing_ran_goes_back() -> None:
    """Nothing asked is no GO."""
    assert judge(gate(check("D06", "skipped")), baseline=None).reason == "nothing was checked"
    assert judge(gate(problem="it crashed"), baseline=None).reason == "it crashed"


def test_advisory_red_never_blocks() -> None:
    """Severity is weighed before anything else."""
    advisory = check("D17", "failed", severity=Severity.ADVISORY)

    assert judge(gate(GOOD, advisory), baseline=None).action is Consequence.GO


def test_red_once_of_three_is_unstable_not_red() -> None:
    """Two of three must be red; the warning says how often it was."""
    red, green = check("D09", "failed"), check("D09", "passed")
    found = of_attempts([gate(red), gate(green), gate(green)], of=3).checks[0]

    assert (found.outcome, found.found) == (Outcome.WARNED, "unstable: red 1 of 3 times (500)")
    assert found.unstable


def test_exit_status_follows_the_settled_verdicts() -> None:
    """A gate whose only red check was unstable ends as a green one; one with a red check left does not."""
    first = gate(check("D09", "failed"), check("D07", "passed")).model_copy(update={"exitstatus": 1})
    green = gate(check("D09", "passed"))

    assert of_attempts([first, green, green], of=3).exitstatus == 0
    assert of_attempts([first, gate(check("D09", "failed"))], of=3).exitstatus == 1


def test_red_for_two_reasons_is_what_it_was_more_often() -> None:
    """A wrong answer that was seen is not talked away by one ask that could not find out."""
    failed, unknown = check("D09", "failed"), check("D09", "inconclusive", found="no way")

    assert of_attempts([gate(failed), gate(unknown)], of=3).checks[0].outcome is Outcome.FAILED
    assert of_attempts([gate(unknown), gate(failed)], of=3).checks[0].outcome is Outcome.FAILED
    assert of_attempts([gate(unknown), gate(unknown)], of=3).checks[0].found == "no way"


def test_red_twice_of_three_is_red() -> None:
    """The last red verdict is kept."""
    red, green = check("D09", "failed"), check("D09", "passed")

    assert of_attempts([gate(red), gate(green), gate(red)], of=3).checks[0].outcome is Outcome.FAILED


def test_ask_that_finds_nothing_to_ask_any_more_does_not_clear_a_red_check() -> None:
    """An instance that died between two asks made the second one skip; that is no pass."""
    red, gone = check("D09", "failed"), check("D09", "skipped", found="no instance runs")
    found = of_attempts([gate(red), gate(gone), gate(gone)], of=3).checks[0]

    assert (found.outcome, found.found) == (Outcome.FAILED, "500")
    assert undecided([gate(red), gate(gone)], of=3) == ()


def test_death_that_was_seen_counts_at_once() -> None:
    """D03 watches; to watch the dead again for a while would find that nothing changes."""
    red = check("D03", "failed")

    assert undecided([gate(red)], of=3) == ()
    assert of_attempts([gate(red)], of=3).checks[0].outcome is Outcome.FAILED


def test_asking_ends_when_more_answers_cannot_change_the_verdict() -> None:
    """Two reds of three decide; one red and two greens decide."""
    red, green = check("D09", "failed"), check("D09", "passed")

    assert undecided([gate(red)], of=3) == (red.id,)
    assert undecided([gate(red), gate(red)], of=3) == ()
    assert undecided([gate(red), gate(green)], of=3) == (red.id,)
    assert undecided([gate(red), gate(green), gate(green)], of=3) == ()
    assert undecided([gate(green)], of=3) == ()


def waived(code: str = "D09", did: WaiverDid = WaiverDid.COVERED, **more: Any) -> CheckResult:
    """A failure that a waiver covers, or did."""
    use = WaiverUse(check=code, until=date(2026, 12, 31), owner="ada", reason="OPS-12", did=did)
    outcome = {WaiverDid.COVERED: "warned", WaiverDid.ENDED: "failed"}.get(did, "inconclusive")
    return check(code, outcome, waiver=use, **more)


def test_waived_failure_causes_nothing() -> None:
    """It neither turns back nor holds, whatever the baseline said."""
    assert judge(gate(GOOD, waived()), baseline=gate(check("D09", "passed"))).action is Consequence.GO


def test_what_was_waived_before_excuses_a_failure_only() -> None:
    """A waiver that ended between two runs of one deployment makes no news of it; nobody excused the unknown."""
    before = gate(waived())

    assert judge(gate(GOOD, waived(did=WaiverDid.ENDED)), baseline=before).action is Consequence.GO
    assert judge(gate(GOOD, waived(did=WaiverDid.TOO_LITTLE)), baseline=before).action is Consequence.HOLD


def test_unknown_then_failed_under_a_waiver_is_waived() -> None:
    """Asked again it was found out, and that is covered; asked in vain it is not."""
    unknown = gate(waived(did=WaiverDid.TOO_LITTLE))
    (found,) = of_attempts([unknown, gate(waived()), gate(waived())], of=3).checks
    (vain,) = of_attempts([unknown, gate(waived()), unknown], of=3).checks

    assert undecided([unknown, gate(waived())], of=3) == (found.id,)
    assert (found.waived, found.blocks) == (True, False)
    assert vain.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("before", "after", "blocks"),
    [
        (waived("D05"), waived("D05", WaiverDid.ENDED), False),
        (waived("D09"), waived("D09", WaiverDid.TOO_LITTLE), True),
        (check("D09", "failed"), check("D09", "failed"), False),
        (check("D05", "failed"), check("D05", "failed"), True),
        (check("D09", "passed"), waived("D09", WaiverDid.ENDED), True),
    ],
)
def test_release_that_is_back_fails_what_it_failed(before: CheckResult, after: CheckResult, *, blocks: bool) -> None:
    """A waiver counts for D01 to D06 too, a red baseline does not; what was green or is unknown is red."""
    found = as_before(gate(GOOD, after).model_copy(update={"exitstatus": 1}), [gate(before)])

    assert (bool(found.blocking), found.exitstatus) == (blocks, int(blocks))


DEAD = check("D01", "failed", breaks=("service web",), found="web-1 exited")


def lacking(outcome: str = "skipped") -> CheckResult:
    """A check that needs a running instance, and had none."""
    return check("D05[web]", outcome, needs=("service web",), lacking=True, found="no instance")


def test_reason_names_the_cause_and_how_many_are_red_for_it() -> None:
    """What follows from a dead instance is counted, not told as ten causes."""
    gone = check("D06", "failed", needs=("service web",))

    assert judge(gate(gone, DEAD), baseline=None).reason == "D01 is red: web-1 exited (and 1 more for the same cause)"


def test_what_waited_for_an_instance_is_asked_again_with_it() -> None:
    """An instance that came late is asked what it could not be asked before; its answer counts."""
    first = gate(DEAD, lacking())

    assert undecided([first], of=3) == (DEAD.id, lacking().id)
    again = gate(check("D01", "passed"), lacking("failed").model_copy(update={"lacking": False, "found": "old code"}))
    assert undecided([first, again], of=3) == (DEAD.id,)
    found = {one.code: one for one in of_attempts([first, again, gate(check("D01", "passed"))], of=3).checks}
    assert (found["D05[web]"].outcome, found["D05[web]"].found) == (Outcome.FAILED, "old code")
    assert found["D01"].outcome is Outcome.WARNED


def test_what_was_never_asked_is_not_green() -> None:
    """Where the instance is there in the end and nobody asked it, nothing is known of it: that is red."""
    found = of_attempts([gate(DEAD, lacking()), gate(check("D01", "passed")), gate(check("D01", "passed"))], of=3)

    assert {one.code: one.outcome for one in found.checks} == {
        "D01": Outcome.WARNED,
        "D05[web]": Outcome.INCONCLUSIVE,
    }


def test_what_waited_and_then_passed_is_green() -> None:
    """The second ask found the instance: its own answer is all that there is."""
    passed = check("D05[web]", "passed")
    found = of_attempts([gate(DEAD, lacking()), gate(check("D01", "passed"), passed)], of=3)

    assert passed in found.checks


def test_what_only_a_limit_kept_back_is_a_warning() -> None:
    """Of a release that otherwise answers; of one that never did it holds, and turns nothing back."""
    met = check("D09", "inconclusive", limited=True, found="GET /: found 429")
    answers = of_attempts([gate(check("D06", "passed"), met)], of=3)
    silent = of_attempts([gate(check("D01", "passed"), met)], of=3)

    (told,) = [one for one in answers.checks if one.code == "D09"]
    assert (told.outcome, told.excused, told.found) == (Outcome.WARNED, True, "not asked to the end: GET /: found 429")
    assert judge(answers, baseline=None).action is Consequence.GO
    assert judge(silent, baseline=None).action is Consequence.HOLD


def test_an_answer_counts_more_than_a_limit() -> None:
    """Wrong once and limited twice is wrong; limited once and well after is well."""
    limited = check("D09", "inconclusive", limited=True)
    wrong = of_attempts([gate(check("D06", "passed"), check("D09", "failed")), gate(limited), gate(limited)], of=3)
    well = of_attempts([gate(check("D06", "passed"), limited), gate(check("D09", "passed"))], of=3)

    assert judge(wrong, baseline=None).action is Consequence.ROLLBACK
    assert [one.outcome for one in well.checks] == [Outcome.PASSED, Outcome.PASSED]


def test_nothing_is_excused_by_what_a_serving_release_was_never_asked() -> None:
    """Seen: a release was held, so that no gate of it was on record, and a new check's red counted as known."""
    before, after = gate(GOOD, check("D09", "failed")), gate(GOOD, check("D09", "failed"))
    unasked = known_before(before, None, anew=True)
    by_hand = known_before(before, None, anew=False)

    assert judge(after, baseline=before, pinned=unasked).action is Consequence.ROLLBACK
    assert judge(after, baseline=before, pinned=by_hand).action is Consequence.GO


def test_a_release_that_is_asked_without_tls_is_compared_with_the_same_pages() -> None:
    """What the baseline found at the public address; what has another host stays as it is."""
    rows = [["address"], ["https://shop.example/a"], ["https://shop.example.org/a"], ["https://shop.example"]]
    before = gate(check("D30", "passed", evidence=(Evidence(kind="table", title="Asked", value=rows),)))
    asked = without_tls(before, "https://shop.example/")

    assert asked.checks[0].evidence[0].value[1:] == [
        ["http://shop.example/a"],
        ["https://shop.example.org/a"],
        ["http://shop.example"],
    ]
    assert without_tls(before, "http://shop.example") == before
