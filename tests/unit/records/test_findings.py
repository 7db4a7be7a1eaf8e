"""One cause is one finding; what has another cause keeps its own."""

from __future__ import annotations

from typing import Any

from gonogo.records.findings import Finding, causes_first, findings, with_causes
from gonogo.records.results import CheckResult
from gonogo.records.terminal import gate_lines
from gonogo.words import Outcome

from .samples import a_check, a_gate

__all__: list[str] = []


def red(code: str, **facts: Any) -> CheckResult:
    """A red check."""
    return a_check(id=f"gonogo/{code}", code=code, outcome=Outcome.FAILED, **{"found": f"{code} is wrong", **facts})


def named(found: tuple[Finding, ...]) -> dict[str | None, tuple[list[str | None], list[str | None]]]:
    """Code of the cause → the codes that are red, and not asked, for it."""
    return {one.check.code: ([check.code for check in one.red], [check.code for check in one.unasked]) for one in found}


DEAD = red("D01", breaks=("service web", "address 127.0.0.1:8000"))
REFUSED = {"needs": ("address 127.0.0.1:8000",)}
LACKS = {"needs": ("service web",), "lacking": True}


def test_a_dead_instance_is_one_finding() -> None:
    """D01 names it; what refused the connection or lacks the instance stands below it."""
    checks = with_causes([DEAD, red("D05[web]", **LACKS), red("D06", **REFUSED), red("D09[GET /]", **REFUSED)])

    assert named(findings(checks)) == {"D01": (["D06", "D09[GET /]"], ["D05[web]"])}
    assert [check.found for check in checks if check.outcome is Outcome.SKIPPED] == ["not asked: D05[web] is wrong"]


def test_what_is_wrong_beside_it_keeps_its_own_finding() -> None:
    """A wrong image, and an endpoint of another address, are no part of a dead instance."""
    other = red("D09[GET /api]", needs=("address 127.0.0.1:9000",))

    assert named(findings([DEAD, red("D04"), red("D06", **REFUSED), other])) == {
        "D01": (["D06"], []),
        "D04": ([], []),
        "D09[GET /api]": ([], []),
    }


def test_a_check_with_a_cause_of_its_own_besides_is_not_merged() -> None:
    """What needs two things, of which only one is known to be broken, may be red for the other."""
    both = red("D06", needs=("address 127.0.0.1:8000", "address 127.0.0.1:9000"))

    assert named(findings([DEAD, both])) == {"D01": ([], []), "D06": ([], [])}


def test_the_same_answer_alone_merges_nothing() -> None:
    """Two pages that answer the same 500 may fail for two reasons; only who found the cause may say that it is one."""
    same = {"needs": ("answer 500 of 127.0.0.1:8000 (1b)",)}
    pages = [red("D09[GET /a]", **same), red("D09[GET /b]", **same)]

    assert len(findings(pages)) == len(pages)
    front = red("D21", breaks=("answer 500 of 127.0.0.1:8000 (1b)",))
    assert named(findings([*pages, front])) == {"D21": (["D09[GET /a]", "D09[GET /b]"], [])}


def test_one_address_that_refuses_everybody_is_one_finding() -> None:
    """Where no check looked at what should listen there, the first that was refused names it."""
    assert named(findings([red("D06", **REFUSED), red("D29", **REFUSED)])) == {"D06": (["D29"], [])}


def test_causes_are_found_through_others() -> None:
    """The page was answered by the front, which says that the service behind it is down, which D01 found."""
    front = red("D21", breaks=("answer 502 of x:80 (0)",), needs=("service web",))
    page = red("D09[GET /]", needs=("answer 502 of x:80 (0)",))

    assert named(findings([page, front, DEAD])) == {"D01": (["D09[GET /]", "D21"], [])}
    assert [check.code for check in causes_first([page, front, DEAD])] == ["D01", "D09[GET /]", "D21"]


def test_two_that_found_the_same_follow_the_first() -> None:
    """An instance that is down is down for D01, unhealthy for D02 and restarting for D03."""
    found = {"breaks": ("service web",), "needs": ("service web",)}
    checks = [red("D03", **found), red("D02", **found), DEAD]

    assert named(findings(checks)) == {"D01": (["D03", "D02"], [])}
    assert named(findings(checks[:2])) == {"D02": (["D03"], [])}


def test_nothing_is_skipped_for_a_cause_that_nobody_names() -> None:
    """An instance that was away for one check and back for D01 leaves that check unanswered, which is red."""
    lacking = red("D05[web]", **LACKS)
    skipped = with_causes([DEAD, lacking])[1]

    assert with_causes([lacking])[0].outcome is Outcome.FAILED
    alone = with_causes([a_check(code="D01"), skipped])[1]
    assert (alone.outcome, alone.found, alone.blocks) == (Outcome.INCONCLUSIVE, "D05[web] is wrong", True)


def test_no_red_check_is_ever_lost() -> None:
    """Every red check stands in exactly one finding, whatever it needs and breaks."""
    checks = [
        red(code, breaks=tuple(breaks), needs=tuple(needs))
        for code, breaks, needs in (("A", "xy", "y"), ("B", "y", "x"), ("C", "z", "xy"), ("D", "", "z"), ("E", "", "q"))
    ]
    shown = [check.code for one in findings(checks) for check in (one.check, *one.red)]

    assert sorted(filter(None, shown)) == ["A", "B", "C", "D", "E"]


def test_a_terminal_tells_a_cause_once() -> None:
    """The finding with its remedy, then what else is red for it in a line each, then what was not asked."""
    dead = DEAD.model_copy(update={"found": "found web-1 exited (exit code 1)", "remedy": "Read its last lines"})
    also = [red(f"D09[GET /{number}]", **REFUSED) for number in range(6)]
    lines = gate_lines(a_gate(*with_causes([dead, red("D05[web]", **LACKS), *also])))

    assert lines[1:] == [
        "",
        "NO-GO  D01 gonogo/D01",
        "  proves    The release is alive.",
        "  found     found web-1 exited (exit code 1)",
        "  remedy    Read its last lines",
        "  so is     D09[GET /0]: D09[GET /0] is wrong",
        "            D09[GET /1]: D09[GET /1] is wrong",
        "            D09[GET /2]: D09[GET /2] is wrong",
        "            D09[GET /3]: D09[GET /3] is wrong",
        "            and D09[GET /4], D09[GET /5]",
        "  not asked D05[web]",
    ]
