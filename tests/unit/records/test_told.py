"""What was advised before is told once, with the release that brought it."""

from __future__ import annotations

from gonogo.records.markdown import render
from gonogo.records.page import render_record
from gonogo.records.red import run_as_before, run_warnings
from gonogo.records.terminal import ending_lines, gate_lines
from gonogo.records.told import Told
from gonogo.words import Exit, Outcome, Severity

from .samples import a_check, a_gate, a_run, a_step

RED = {"severity": Severity.ADVISORY, "outcome": Outcome.WARNED, "found": "Dockerfile:3: runs as root"}


def told(*advice: str) -> Told:
    """What a gate advised that told these lines."""
    return Told.by(a_gate(a_check(advice=advice)))


def test_the_same_words_are_as_before() -> None:
    """Only the words count, not the line of a file or the release's id; other words are news, and so are those of another check."""
    before = told("compose.yml:3: web: no health check", "redis: published on 6379")
    here = a_check().id

    assert before.sorted_out(here, ["compose.yml:9: web: no health check", "redis: published on 6380"]) == (
        ["redis: published on 6380"],
        ["compose.yml:9: web: no health check"],
    )
    assert before.sorted_out("other", ["redis: published on 6379"]) == (["redis: published on 6379"], [])
    image = "image shop-web:{}: user: found root"
    two = [image.format(name) for name in ("20261121T220300-4ad16fb", "20261122T080000-9a41b7d")]
    assert told(two[0]).sorted_out(here, two[1:]) == ([], two[1:])
    assert Told.by(None).sorted_out(here, ["a", "a"]) == (["a"], [])


def test_red_advisory_check_is_advice() -> None:
    """It warns once; told before, it passes, and its evidence has the words; a red blocker is left as it is."""
    first = Told().applied(a_check(**RED))
    again = told(*first.advice).applied(a_check(**RED))
    blocker = a_check(outcome=Outcome.FAILED, found="Dockerfile:3: runs as root")

    assert (first.outcome, first.found, first.advice) == (Outcome.WARNED, RED["found"], (RED["found"],))
    assert (again.outcome, again.found, again.advice) == (Outcome.PASSED, "", (RED["found"],))
    assert [piece.value for piece in again.evidence] == [RED["found"]]
    assert told(*first.advice).applied(blocker) == blocker


def test_reports_list_it_without_a_warning() -> None:
    """The ending is GO; the terminal says how much there is, the pages what."""
    said = "worker: no <restart> policy"
    gate = a_gate(a_check(code="P18", advice=(said,), as_before=(said,)))
    run = a_run(steps=(a_step("predeploy", gate=gate, kind="gate"),), exit_code=Exit.GO, causes=())

    assert run_warnings(run) == ()
    assert run_as_before(run) == [("P18", said)]
    assert "as before  1 warning, told with an earlier release already (P18; see the report)" in ending_lines(run)
    assert gate_lines(gate)[0].startswith("GO  ")
    assert "## As before" in render(run)
    assert "<b>P18</b> worker: no &lt;restart&gt; policy" in render_record(run)
