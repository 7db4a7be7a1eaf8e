"""How bad it was, or is, for whoever uses the environment."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.records.impact import impact_of, impact_said
from gonogo.records.results import CheckResult
from gonogo.records.terminal import ending_lines
from gonogo.words import Exit, Impact, OnRed, Outcome, Role, Severity

from .samples import NEW, OLD, STARTED, a_check, a_gate, a_run, a_step, a_waiver, passed, the_reverted_run


def red(code: str, **facts: Any) -> CheckResult:
    """A failed check."""
    return a_check(**{"code": code, "outcome": Outcome.FAILED, **facts})


@pytest.mark.parametrize(
    ("causes", "impact"),
    [
        ([red("D06")], Impact.SEV1),
        ([red("D15"), red("D06")], Impact.SEV1),
        ([red("D01", breaks=("service web", "end of web", "service jobs"))], Impact.SEV1),
        ([red("D01", breaks=("service jobs", "end of jobs"))], Impact.SEV2),
        ([red("D09[GET /login]")], Impact.SEV2),
        ([red("S01", impact="SEV1")], Impact.SEV1),
        ([red("D15")], Impact.SEV3),
        ([red("D06", outcome=Outcome.INCONCLUSIVE)], Impact.SEV2),
        ([red("D09[GET /login]", outcome=Outcome.INCONCLUSIVE)], Impact.SEV3),
        ([red("D26", severity=Severity.ADVISORY)], Impact.SEV3),
        ([red("D28", on_red=OnRed.WARN)], Impact.SEV3),
        ([red("D09[GET /legacy]", waiver=a_waiver())], Impact.SEV3),
    ],
)
def test_the_worst_of_what_is_red_counts(causes: list[CheckResult], impact: Impact) -> None:
    """No answer and several services are down; one service or a page is broken; the rest is minor."""
    assert impact_of(the_reverted_run(causes=causes)) is impact


def test_nobody_noticed_a_release_that_nobody_saw() -> None:
    """Neither a GO, nor what stopped before the first touch or its start, harmed anybody."""
    new_page = a_step("baseline", kind="gate", gate=a_gate(red("D09[GET /new]"), role=Role.BASELINE))
    go = a_run(Exit.GO, first_touch=STARTED, serving_after=NEW)
    stopped = a_run(Exit.NO_GO, causes=(red("P22"),), steps=(new_page,))
    never = the_reverted_run(back_after=None, causes=())

    assert [impact_of(run) for run in (go, stopped, never)] == [None, None, None]


def test_what_serves_may_be_down_before() -> None:
    """A run that changed nothing tells what it found of the release that serves."""
    down = a_step("baseline", kind="gate", gate=a_gate(red("D06"), role=Role.BASELINE))

    assert impact_of(a_run(Exit.NO_GO, steps=(down,))) is Impact.SEV1


def test_what_goes_on_is_still_broken() -> None:
    """What was red before a release that went GO all the same is as bad as it was."""
    before = red("D09[GET /]", outcome=Outcome.WARNED, excused=True)
    gate = a_step("postdeploy", kind="gate", after_touch=True, gate=a_gate(*passed(3), before, role=Role.CANDIDATE))
    run = a_run(Exit.GO, first_touch=STARTED, serving_after=NEW, steps=(gate,))

    assert impact_of(run) is Impact.SEV2


def test_release_that_did_not_start_answered_nobody() -> None:
    """No check was asked, and it was down all the same; so it is where nobody knows what serves."""
    start = a_step("start", ok=False, replaces=True, after_touch=True)
    lost = a_run(Exit.NEEDS_HUMAN, first_touch=STARTED, went_back_to=OLD, steps=(a_step("restore", ok=False),))

    assert impact_of(the_reverted_run(steps=(start,), causes=())) is Impact.SEV1
    assert impact_of(lost) is Impact.SEV1


def test_ending_tells_it_and_whether_it_is_over() -> None:
    """A rollback ends it; a release that is held goes on."""
    run = the_reverted_run()
    run = run.model_copy(update={"ended": run.ended.model_copy(update={"impact": impact_of(run)})})
    held = a_run(Exit.NEEDS_HUMAN, held=True, first_touch=STARTED, serving_after=NEW, causes=(red("D27"),))
    held = held.model_copy(update={"ended": held.ended.model_copy(update={"impact": impact_of(held)})})

    assert ending_lines(run)[1] == "  impact    SEV2 (broken), over"
    assert impact_said(held) == "SEV3 (minor)"
    assert impact_said(a_run(Exit.GO)) == ""
