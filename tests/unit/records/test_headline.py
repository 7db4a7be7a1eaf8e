"""The exact words of every ending."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.records.ending import Ending, Kind
from gonogo.records.headline import headline
from gonogo.records.parts import downtime_said
from gonogo.records.red import red_checks, run_warnings
from gonogo.records.run_results import Downtime
from gonogo.words import Exit, Outcome, Role, Severity

from .samples import NEW, OLD, STARTED, a_check, a_gate, a_run, a_step, passed, the_red_one, the_reverted_run

_SEEN = Downtime(requests=214, failed=0, seconds_down=0.4, window=21.4)
_NINETEEN = a_gate(*passed(19), role=Role.ROLLBACK)
_RED = a_gate(*passed(18), the_red_one(), role=Role.ROLLBACK)
_TOUCHED: dict[str, Any] = {"first_touch": STARTED}
_BACK: dict[str, Any] = {**_TOUCHED, "went_back_to": OLD, "back_after": 0.8, "verified": _NINETEEN}
_FIRST: dict[str, Any] = {"serving": None, "serving_after": None}
_DOWN = a_gate(*(a_check(code=code, outcome=Outcome.FAILED) for code in ("D01", "D06")), role=Role.BASELINE)
_PAGE = a_gate(a_check(code="D09[GET /]", outcome=Outcome.FAILED), role=Role.BASELINE)
_WARNING = a_gate(a_check(outcome=Outcome.WARNED, found="slow"))

ENDINGS: dict[str, tuple[Exit, dict[str, Any], str]] = {
    "go": (
        Exit.GO,
        {**_TOUCHED, "downtime": _SEEN},
        "GO  9a41b7d serves staging (was 2f1c9e0), 0 of 214 requests failed, 0.4 s down",
    ),
    "go without a probe": (Exit.GO, _TOUCHED, "GO  9a41b7d serves staging (was 2f1c9e0)"),
    "go, the first": (Exit.GO, {**_TOUCHED, **_FIRST, "downtime": _SEEN}, "GO  9a41b7d serves staging (first deploy)"),
    "go with warnings": (
        Exit.GO,
        {**_TOUCHED, "steps": (a_step("postdeploy", kind="gate", gate=_WARNING),)},
        "GO with warnings  9a41b7d serves staging (was 2f1c9e0)",
    ),
    "rolled back by hand": (
        Exit.GO,
        {**_BACK, "kind": "rollback", "release": OLD, "serving": NEW, "downtime": _SEEN},
        "GO  2f1c9e0 serves staging again (was 9a41b7d), 0 of 214 requests failed, 0.4 s down; its gate: 19 passed",
    ),
    "reverted": (
        Exit.NO_GO,
        {**_BACK, "downtime": _SEEN.model_copy(update={"seconds_down": 0.0})},
        "REVERTED to 2f1c9e0 after 0.8 s, 0 of 214 requests failed; its gate: 19 passed",
    ),
    "reverted, was down": (
        Exit.NO_GO,
        {**_BACK, "downtime": Downtime(requests=214, failed=61, seconds_down=6.1, window=21.4)},
        "REVERTED to 2f1c9e0 after 0.8 s, 61 of 214 requests failed, 6.1 s down; its gate: 19 passed",
    ),
    "reverted, interrupted": (
        Exit.INTERRUPTED,
        _BACK,
        "REVERTED to 2f1c9e0 after 0.8 s; its gate: 19 passed; the run was interrupted",
    ),
    "never stopped": (
        Exit.NO_GO,
        {**_BACK, "back_after": None},
        "NO-GO before the start: 2f1c9e0 was never stopped; its gate: 19 passed",
    ),
    "before the first touch": (
        Exit.NO_GO,
        {},
        "NO-GO before the first touch: nothing that serves was changed; 2f1c9e0 still serves",
    ),
    "first deploy, before the first touch": (
        Exit.NO_GO,
        _FIRST,
        "NO-GO before the first touch: nothing that serves was changed; nothing serves yet",
    ),
    "before the first touch, by a runtime that went away": (
        Exit.NO_GO,
        {"unsure": True},
        "NO-GO before the first touch: nothing that serves was changed; "
        "whether 2f1c9e0 still serves could not be found out",
    ),
    "before the first touch, beside what did not run": (
        Exit.NO_GO,
        {"steps": (a_step("baseline", kind="gate", gate=_DOWN),)},
        "NO-GO before the first touch: nothing that serves was changed; 2f1c9e0 was not well before it already (D01, D06)",
    ),
    "before the first touch, beside a red page": (
        Exit.NO_GO,
        {"steps": (a_step("baseline", kind="gate", gate=_PAGE),)},
        "NO-GO before the first touch: nothing that serves was changed; 2f1c9e0 still serves",
    ),
    "interrupted before the first touch": (
        Exit.INTERRUPTED,
        {},
        "INTERRUPTED before the first touch: nothing that serves was changed; 2f1c9e0 still serves",
    ),
    "nothing checked": (
        Exit.NOTHING_CHECKED,
        {},
        "NO-GO: nothing was checked (exit 5), nothing that serves was changed; 2f1c9e0 still serves",
    ),
    "usage": (
        Exit.USAGE,
        {},
        "NOT STARTED: wrong usage or configuration, nothing that serves was changed; 2f1c9e0 still serves",
    ),
    "locked": (
        Exit.LOCKED,
        {},
        "NOT STARTED: another run holds staging, nothing that serves was changed; 2f1c9e0 still serves",
    ),
    "internal, before": (
        Exit.INTERNAL,
        {},
        "INTERNAL ERROR before the first touch: nothing that serves was changed; 2f1c9e0 still serves",
    ),
    "internal, after": (
        Exit.INTERNAL,
        {**_TOUCHED, "reason": "KeyError: 'api'\n  more"},
        "NEEDS A HUMAN: the rollback was cut short, what serves is not known: KeyError: 'api'",
    ),
    "first deploy stopped": (
        Exit.NO_GO,
        {**_TOUCHED, **_FIRST, "stopped": True, "causes": (the_red_one(),)},
        "STOPPED: the first deploy went red; nothing serves, what it had started is stopped",
    ),
    "first deploy interrupted": (
        Exit.INTERRUPTED,
        {**_TOUCHED, **_FIRST, "stopped": True},
        "STOPPED: the first deploy was interrupted; nothing serves, what it had started is stopped",
    ),
    "first deploy left something": (
        Exit.NEEDS_HUMAN,
        {**_TOUCHED, **_FIRST, "stopped": True, "reason": "start: exit code 1"},
        "NEEDS A HUMAN: the first deploy failed and was stopped; nothing serves, what it stored was left as it is",
    ),
    "first deploy not stopped": (
        Exit.NEEDS_HUMAN,
        {
            **_TOUCHED,
            "serving": None,
            "ended": Ending(kind=Kind.NOT_STOPPED),
            "causes": (the_red_one(),),
            "reason": "D07 is red",
        },
        "NEEDS A HUMAN: the first deploy went red and could not be stopped: D07 is red",
    ),
    "held": (
        Exit.NEEDS_HUMAN,
        {**_TOUCHED, "held": True, "serving_after": NEW, "reason": "D27 is red: 41 s down"},
        "HELD: 9a41b7d serves, a person decides: D27 is red: 41 s down",
    ),
    "held, did not start": (
        Exit.NEEDS_HUMAN,
        {**_TOUCHED, "held": True, "serving_after": NEW, "steps": (a_step("start", ok=False, after_touch=True),)},
        "HELD: 9a41b7d did not start, a person decides",
    ),
    "held before it replaced anything": (
        Exit.NEEDS_HUMAN,
        {**_TOUCHED, "held": True, "serving_after": OLD, "steps": (a_step("start", ok=False, after_touch=True),)},
        "HELD: 9a41b7d did not start, 2f1c9e0 still serves, a person decides",
    ),
    "could not go back": (
        Exit.NEEDS_HUMAN,
        {
            **_BACK,
            "verified": None,
            "reason": "D07 is red",
            "steps": (a_step("restore", ok=False, after_touch=True),),
        },
        "NEEDS A HUMAN: 2f1c9e0 could not be started again: D07 is red",
    ),
    "start failed, gate green": (
        Exit.NEEDS_HUMAN,
        {**_BACK, "steps": (a_step("restore", ok=False, after_touch=True),)},
        "NEEDS A HUMAN: the start of 2f1c9e0 failed, although its gate is green: 19 passed; the notes say why",
    ),
    "back, but red": (
        Exit.NEEDS_HUMAN,
        {**_BACK, "verified": _RED},
        "NEEDS A HUMAN: 2f1c9e0 is back after 0.8 s, but its gate is red: 18 passed, 1 failed",
    ),
    "back, gate not known": (
        Exit.NEEDS_HUMAN,
        {**_BACK, "verified": a_gate(*passed(18), a_check(outcome=Outcome.INCONCLUSIVE))},
        "NEEDS A HUMAN: 2f1c9e0 is back after 0.8 s, but its gate could not find out whether it is well: "
        "18 passed, 1 inconclusive",
    ),
    "back, cut short by an error of ours": (
        Exit.NEEDS_HUMAN,
        {**_BACK, "went_back_to": None, "back_after": None, "reason": "internal error: TypeError"},
        "NEEDS A HUMAN: the rollback was cut short, what serves is not known: internal error: TypeError",
    ),
    "back, not asked": (
        Exit.NEEDS_HUMAN,
        {**_BACK, "verified": None},
        "NEEDS A HUMAN: 2f1c9e0 is back after 0.8 s, but no gate was asked of it",
    ),
    "back, gate broken": (
        Exit.NEEDS_HUMAN,
        {**_BACK, "verified": a_gate(problem="the gate had no end in time:\nmore")},
        "NEEDS A HUMAN: 2f1c9e0 is back after 0.8 s, but its gate could not be asked: the gate had no end in time:",
    ),
    "back, nothing checked": (
        Exit.NEEDS_HUMAN,
        {**_BACK, "verified": a_gate()},
        "NEEDS A HUMAN: 2f1c9e0 is back after 0.8 s, but its gate checked nothing",
    ),
    "back, an undo failed": (
        Exit.NEEDS_HUMAN,
        {**_BACK, "steps": (a_step("undo x", ok=False, after_touch=True),)},
        "NEEDS A HUMAN: 2f1c9e0 is back after 0.8 s, its gate: 19 passed; but a step in the rollback failed (undo x)",
    ),
    "back, the record failed": (
        Exit.NEEDS_HUMAN,
        {
            **_BACK,
            "ended": Ending(kind=Kind.UNRECORDED, serves=OLD, back_to=OLD, back_after=0.8),
            "reason": "D07 is red",
            "unrecorded": "/s/release.json: found no space left",
        },
        "NEEDS A HUMAN: 2f1c9e0 is back after 0.8 s, its gate: 19 passed; but that could not be recorded: "
        "/s/release.json: found no space left",
    ),
    "go, the record failed": (
        Exit.NEEDS_HUMAN,
        {
            **_TOUCHED,
            "ended": Ending(kind=Kind.UNRECORDED, serves=NEW),
            "unrecorded": "/s/current: found no space left",
        },
        "NEEDS A HUMAN: 9a41b7d serves; but that could not be recorded: /s/current: found no space left",
    ),
    "rollback by hand failed": (
        Exit.NEEDS_HUMAN,
        {**_TOUCHED, "kind": "rollback", "release": OLD, "serving": NEW, "reason": "image shop-api:2f1c9e0 is gone"},
        "NEEDS A HUMAN: 2f1c9e0 could not be started again: image shop-api:2f1c9e0 is gone",
    ),
    "nobody knows": (
        Exit.NEEDS_HUMAN,
        {**_TOUCHED, **_FIRST},
        "NEEDS A HUMAN: what serves is not known",
    ),
}


@pytest.mark.parametrize(("code", "facts", "words"), ENDINGS.values(), ids=ENDINGS)
def test_ending_says_it_in_words(code: Exit, facts: dict[str, Any], words: str) -> None:
    """Every ending has its own sentence."""
    assert headline(a_run(code, **facts)) == words


def test_ending_is_one_line_without_escape_sequences() -> None:
    """A reason from outside cannot add lines or colours."""
    run = a_run(
        Exit.NEEDS_HUMAN, first_touch=STARTED, held=True, serving_after=NEW, reason="\n\x1b[31mred\x1b[0m\nmore"
    )

    assert headline(run) == "HELD: 9a41b7d serves, a person decides: red"


def test_red_checks_of_a_go_are_none() -> None:
    """A GO has warnings at most."""
    assert red_checks(a_run(Exit.GO, causes=(the_red_one(),))) == ()


def test_red_checks_before_the_first_touch_are_the_gates() -> None:
    """Without a judgement the red blockers of the last red gate are meant, never those of the baseline."""
    red = the_red_one(code="P05")
    steps = (
        a_step("baseline", kind="gate", gate=a_gate(the_red_one(), role=Role.BASELINE)),
        a_step("predeploy", kind="gate", gate=a_gate(red)),
    )

    assert red_checks(a_run(Exit.NO_GO, steps=steps)) == (red,)


def test_red_checks_of_an_unproven_way_back_are_both() -> None:
    """What went red in the new release, then what is red in the old one."""
    old = the_red_one(code="D12", found="another revision")
    run = the_reverted_run(exit_code=Exit.NEEDS_HUMAN, verified=a_gate(old, role=Role.ROLLBACK))

    assert red_checks(run) == (the_red_one(), old)


def test_warnings_are_warned_checks_and_red_advisories() -> None:
    """An advisory that could not be found out warns too; the baseline's warnings are old news."""
    warned = a_check(id="a", outcome=Outcome.WARNED)
    unknown = a_check(id="b", outcome=Outcome.INCONCLUSIVE, severity=Severity.ADVISORY)
    gate = a_gate(warned, unknown, a_check(id="c", outcome=Outcome.SKIPPED), the_red_one())
    steps = (
        a_step("baseline", kind="gate", gate=a_gate(a_check(id="d", outcome=Outcome.WARNED), role=Role.BASELINE)),
        a_step("predeploy", kind="gate", gate=gate),
        a_step("again", kind="gate", gate=gate),
    )

    assert run_warnings(a_run(Exit.GO, steps=steps)) == (warned, unknown)


def test_what_the_probe_got_is_told_apart() -> None:
    """A 400 is no answer of a release that is up, and is not hidden among those that nobody answered; a 429 is one."""
    seen = Downtime(
        requests=90, failed=80, others={"400": 72, "no answer": 8}, limited=3, seconds_down=88.4, window=90.0
    )

    assert downtime_said(a_run(Exit.GO, downtime=seen)) == (
        "80 of 90 requests failed (72 got 400, 8 got no answer), 88.4 s down in 90.0 s; "
        "3 met a limit on requests, which is an answer"
    )
    assert downtime_said(a_run(Exit.GO, downtime=None)) == ""
