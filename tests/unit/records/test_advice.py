"""The first lines of an ending: why, why a person, and what next."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.records.advice import cause_said, told
from gonogo.records.ending import Ending, Kind
from gonogo.records.run_results import RunResult
from gonogo.records.status import EnvStatus, InstanceLine, status_lines
from gonogo.records.terminal import ending_lines
from gonogo.words import Exit, Outcome, Role

from .samples import NEW, OLD, STARTED, a_check, a_gate, a_run, a_step, passed, the_red_one

__all__: list[str] = []

TRACE = "alembic upgrade head: exit code 1\n  Traceback (most recent call last):\n  Can't locate revision 0007"


def reverted(**facts: Any) -> RunResult:
    """A run that went back, and whose way back needs a person."""
    given = {"first_touch": STARTED, "went_back_to": OLD, "back_after": 0.8, "verified": a_gate(*passed(3))}
    return a_run(Exit.NEEDS_HUMAN, reports="", **{**given, **facts})


def test_a_failed_way_back_says_why_it_went_back_and_why_it_failed() -> None:
    """Both causes stand in the first lines, all lines of each, and then what to do."""
    run = reverted(
        reason=TRACE,
        steps=(a_step("restore", ok=False, said="start: exit code 3", after_touch=True, replaces=True),),
        notes=(
            "In the rollback: start: exit code 3\n  port is already allocated",
            f"Once it is mended, `gonogo rollback --env staging --to {OLD}` starts and proves 2f1c9e0 again.",
        ),
        verified=None,
    )

    assert ending_lines(run) == [
        "NEEDS A HUMAN: 2f1c9e0 could not be started again: start: exit code 3",
        "  why       alembic upgrade head: exit code 1",
        "              Traceback (most recent call last):",
        "              Can't locate revision 0007",
        "  person    start: exit code 3",
        "              port is already allocated",
        "  next      Once it is mended, `gonogo rollback --env staging --to 20261120T090000-2f1c9e0` starts and proves 2f1c9e0",
        "            again.",
    ]


def test_a_first_deployment_that_left_something_says_what_to_do() -> None:
    """Seen: "needs a human", and no word of what for."""
    left = Ending(kind=Kind.LEFT, failed=())
    run = a_run(
        Exit.NEEDS_HUMAN, reports="", ended=left, first_touch=STARTED, serving=None, reason="migrate: exit code 1"
    )

    assert " ".join(" ".join(ending_lines(run)).partition("next")[2].split()).startswith(
        "Mend what is named and deploy again: `gonogo deploy --env staging`; it meets what was stored. To begin with "
        "nothing instead, remove first what the notes name."
    )


def test_the_verify_gate_does_not_hide_the_deploys_own_cause() -> None:
    """A start that failed has no red check; what is red in the release that is back comes after it, and under its name."""
    red = the_red_one(code="D12", found="another revision", evidence=(), remedy="")
    back = a_gate(red, role=Role.ROLLBACK)
    run = reverted(reason=TRACE, verified=back, steps=(a_step("verify", kind="gate", ok=False, gate=back),))
    lines = ending_lines(run)

    assert lines[1:5] == [
        "  why       alembic upgrade head: exit code 1",
        "              Traceback (most recent call last):",
        "              Can't locate revision 0007",
        "  person    2f1c9e0 is back and D12 is red: another revision",
    ]
    at = lines.index("Red in 2f1c9e0, which the run went back to:")
    assert lines[at + 2].startswith("NO-GO  D12 ")
    assert cause_said(run) == TRACE


def test_what_else_is_red_stands_beside_the_first() -> None:
    """A 500 says nothing to anybody; the exception of that moment, which another check found, does."""
    page = the_red_one(id="D09", code="D09[GET /notes]", found="GET /notes: status: found 500, expected 200")
    said = "1 new error in the logs; web: found UndefinedColumn: pinned; expected none"
    logged = the_red_one(id="D15", code="D15", found=said)
    own = [the_red_one(id=f"checks/test_own.py::test_{name}", code=None, found=name) for name in "ab"]

    assert cause_said(a_run(Exit.NO_GO, went_back_to=OLD, causes=(page, logged))) == (
        'The check D09[GET /notes] failed: "The health page answers 200 and names the release just deployed." What it '
        f"found: GET /notes: status: found 500, expected 200. Also red: D15: {said}."
    )
    assert cause_said(a_run(Exit.NO_GO, went_back_to=OLD, causes=(page, logged, *own))).endswith(
        f" Also red: D15: {said}; checks/test_own.py::test_a: a (and 1 more)."
    )


def test_red_of_both_releases_is_told_apart() -> None:
    """The new release's red check first; the first lines name both."""
    old = the_red_one(code="D12", found="another revision")
    new = the_red_one(code="D07", found="no database")
    run = reverted(reason="D07 is red: no database", causes=(new,), verified=a_gate(old, role=Role.ROLLBACK))
    lines = ending_lines(run)

    assert lines[1] == "  why       D07 is red: no database"
    heads = [line for line in lines if line.startswith(("NO-GO", "Red in"))]
    assert [line[:11] for line in heads] == ["NO-GO  D07 ", "Red in 2f1c", "NO-GO  D12 "]


@pytest.mark.parametrize(
    "facts",
    [
        {"held": True},
        {"ended": Ending(kind=Kind.HELD, serves=NEW, forward_only=True)},
        {"serving": None, "stopped": True},
        {"went_back_to": OLD},
        {"kind": "rollback", "release": OLD},
        {},
        {"serving": None},
    ],
)
def test_whoever_is_needed_is_told_what_to_do(facts: dict[str, Any]) -> None:
    """No ending with exit code 6 leaves a person without a next step."""
    rows = dict(told(a_run(Exit.NEEDS_HUMAN, first_touch=STARTED, reason="x", **facts)))

    assert rows["next"]


def test_an_ending_that_needs_nobody_has_no_next_step() -> None:
    """REVERTED and NO-GO before the first touch ask for nobody."""
    assert [label for label, _ in told(a_run(Exit.NO_GO, reason="no space"))] == ["why"]


@pytest.mark.parametrize(
    ("ok", "words"), [(True, "9a41b7d serves"), (False, "9a41b7d was left there and does NOT answer")]
)
def test_a_held_run_says_whether_anything_answers(ok: bool, words: str) -> None:  # noqa: FBT001 (a table)
    """Held over a release that answers and held over a ruin are two different nights."""
    run = a_run(Exit.NEEDS_HUMAN, held=True, first_touch=STARTED, serving_after=NEW, answered=ok)

    assert ending_lines(run)[0] == f"HELD: {words}, a person decides"


def test_without_a_probe_the_gate_says_whether_it_answers() -> None:
    """D06 asked it."""
    gate = a_gate(a_check(code="D06", outcome=Outcome.FAILED), role=Role.CANDIDATE)
    facts = {"held": True, "first_touch": STARTED, "serving_after": NEW}
    run = a_run(Exit.NEEDS_HUMAN, steps=(a_step("postdeploy", kind="gate", ok=False, gate=gate),), **facts)

    assert "does NOT answer" in ending_lines(run)[0]


def test_a_held_run_whose_network_was_cut_claims_nothing() -> None:
    """The probe met nobody and D06 could not be found out: that is no word against the release."""
    gate = a_gate(a_check(code="D06", outcome=Outcome.INCONCLUSIVE), role=Role.CANDIDATE)
    facts = {"held": True, "first_touch": STARTED, "serving_after": NEW, "answered": False}
    run = a_run(Exit.NEEDS_HUMAN, steps=(a_step("postdeploy", kind="gate", ok=False, gate=gate),), **facts)

    assert "whether it answers could not be found out" in ending_lines(run)[0]


def test_status_tells_the_whole_sentence_and_what_next() -> None:
    """Nothing of the last run's ending is cut, however long its reason is."""
    long = "D09[GET /page] is red: " + "word " * 90 + "end"
    run = a_run(Exit.NEEDS_HUMAN, held=True, first_touch=STARTED, reason=long)
    status = EnvStatus(
        env="staging", tier="staging", url=None, serving=NEW, needs_human=f"HELD: {long}", told=told(run)
    )
    lines = status_lines([status])
    text = " ".join(line.strip() for line in lines)

    assert f"HELD: {long} " in text
    assert max(map(len, lines)) <= 120
    assert "gonogo rollback --env staging" in text


@pytest.mark.parametrize(
    ("instances", "said"),
    [
        ((), "HELD: it did not go GO, and NOTHING of it runs; a person decides"),
        (("running", "healthy"), "HELD: it did not go GO, and runs; a person decides"),
        (("running", "unhealthy"), "HELD: it did not go GO, and web-1 is not well; a person decides"),
    ],
)
def test_status_says_what_a_held_release_does(instances: tuple[str, ...], said: str) -> None:
    """HELD is told with what was looked at."""
    rows = (
        [InstanceLine(service="web", name="web-1", status=instances[0], health=instances[1], release=NEW)]
        if instances
        else []
    )
    status = EnvStatus(env="staging", tier="staging", url=None, serving=NEW, instances=tuple(rows))

    assert said in status_lines([status])[1]
