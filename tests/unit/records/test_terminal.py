from __future__ import annotations

import io
from typing import Any

import pytest

from gonogo.records.results import Attestation, Evidence
from gonogo.records.terminal import COLUMNS, ending_lines, gate_lines, header_line, paint, step_line
from gonogo.records.text import gist
from gonogo.words import Exit, Outcome, Role, Severity, Stage, WaiverDid

from .samples import NEW, STARTED, a_check, a_gate, a_run, a_step, a_waiver, passed, the_red_one, the_reverted_run

BLOCK = """\
NO-GO  D07 gonogo/postdeploy/test_health.py::test_release_answers
  proves    The health page answers 200 and names the release just deployed.
  found     "2f1c9e0"   expected  "9a41b7d"
  evidence  health.json: {"release": "2f1c9e0"}
  remedy    docker compose images api; if the tag is not 9a41b7d, deploy again with --no-cache"""


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_header_names_what_goes_where() -> None:
    """Application, commit, environment, and what serves there."""
    assert header_line("shop", "9a41b7d" + "0" * 33, "staging", "2f1c9e0") == (
        "gonogo  shop 9a41b7d → staging (serving 2f1c9e0)"
    )
    assert header_line("shop", "9a41b7d", "staging", None) == "gonogo  shop 9a41b7d → staging (nothing serves yet)"


def test_step_lines_align() -> None:
    """Names are padded, seconds end in one column, and a red step says so in a word."""
    assert [step_line(step) for step in the_reverted_run().steps] == [
        "baseline     19 passed                                         3.0 s",
        "predeploy    30 passed, 1 with warnings                        2.1 s",
        "build        docker compose build api                         41.8 s",
        "build gate   14 passed                                         1.9 s",
        "start        docker compose up --detach --wait                12.4 s",
        "postdeploy   18 passed, 1 failed                               6.0 s  NO-GO",
        "restore      2f1c9e0 healthy                                   0.8 s",
        "verify       19 passed                                         3.0 s",
    ]


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({"ok": False, "said": "exit code 1\nmore"}, "exit code 1                                       1.0 s  FAILED"),
        ({"ok": False}, "failed                                            1.0 s  FAILED"),
        ({}, "done                                              1.0 s"),
        (
            {"kind": "gate", "ok": False, "said": "1 failed", "gate": a_gate(the_red_one(), role=Role.BASELINE)},
            "1 failed                                          1.0 s  red before this release",
        ),
        (
            {
                "kind": "gate",
                "ok": False,
                "said": "1 inconclusive",
                "gate": a_gate(the_red_one(outcome=Outcome.INCONCLUSIVE), role=Role.BASELINE),
            },
            "1 inconclusive                                    1.0 s  not known before this release",
        ),
    ],
)
def test_step_line_says_what_happened(facts: dict[str, Any], line: str) -> None:
    """One line for people, whatever the step left."""
    assert step_line(a_step("x", **facts)) == f"x            {line}"


def test_long_step_line_is_cut() -> None:
    """A line never passes 120 columns."""
    line = step_line(a_step("start", ok=False, said="x" * 500))

    assert len(line) == COLUMNS
    assert line.endswith("x…    1.0 s  FAILED")


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"checks": passed(19)}, "GO  postdeploy of staging: 19 passed in 3.0 s"),
        ({}, "NO-GO: nothing was checked (exit 5)  postdeploy of staging: no checks in 3.0 s"),
        (
            {"checks": (a_check(outcome=Outcome.SKIPPED),)},
            "NO-GO: nothing was checked (exit 5)  postdeploy of staging: 1 skipped in 3.0 s",
        ),
        (
            {"checks": passed(1), "exitstatus": 2},
            "NO-GO  postdeploy of staging: 1 passed in 3.0 s",
        ),
    ],
)
def test_gate_says_its_verdict_first(facts: dict[str, Any], verdict: str) -> None:
    """GO and NO-GO, and never GO for nothing."""
    assert gate_lines(a_gate(**facts)) == [verdict]


def test_red_gate_shows_the_blocker() -> None:
    """Each red blocker: what it proves, what was found, the evidence, what to do."""
    gate = a_gate(*passed(18), the_red_one(), exitstatus=1)

    assert "\n".join(gate_lines(gate)) == f"NO-GO  postdeploy of staging: 18 passed, 1 failed in 3.0 s\n\n{BLOCK}"


def test_inconclusive_blocker_is_not_called_broken() -> None:
    """Could not find out is said so."""
    check = the_red_one(outcome=Outcome.INCONCLUSIVE, found="the name does not resolve here", evidence=(), remedy="")

    assert gate_lines(a_gate(check))[2:] == [
        "NO-GO  D07 gonogo/postdeploy/test_health.py::test_release_answers  (inconclusive: could not be found out)",
        "  proves    The health page answers 200 and names the release just deployed.",
        "  found     the name does not resolve here",
    ]


def test_gate_with_warnings_tells_each_in_one_line() -> None:
    """Warnings do not block; each has its line."""
    checks = (
        a_check(id="a", outcome=Outcome.WARNED, found="slow\nvery", severity=Severity.ADVISORY),
        a_check(id="checks/test_x.py::test_b", code=None, outcome=Outcome.INCONCLUSIVE, severity=Severity.ADVISORY),
    )

    assert gate_lines(a_gate(*checks, stage=Stage.PREDEPLOY)) == [
        "GO with warnings  predeploy of staging: 1 with warnings, 1 inconclusive in 3.0 s",
        "",
        "warning  D06  slow",
        "warning  checks/test_x.py::test_b  could not be found out: The release is alive.",
    ]


def test_partial_gate_says_so() -> None:
    """A part of a stage is no gate."""
    assert gate_lines(a_gate(*passed(2), partial=True)) == [
        "GO  postdeploy of staging: 2 passed in 3.0 s",
        "PARTIAL: only a part of the stage was asked, so this is no gate's verdict",
    ]


def test_gate_that_could_not_run_says_why() -> None:
    """A problem of the gate itself is NO-GO."""
    assert gate_lines(a_gate(problem="the gate left no results:\nSyntaxError")) == [
        "NO-GO  postdeploy of staging: no checks in 3.0 s",
        "  problem   the gate left no results:",
        "            SyntaxError",
    ]


def test_long_texts_wrap_and_indent() -> None:
    """Found keeps its lines below each other within 120 columns; a remedy's words stay whole."""
    found = "first\n" + "word " * 60 + "\n" + "x" * 300
    url = "https://example.com/" + "y" * 200
    lines = gate_lines(a_gate(the_red_one(found=found, evidence=(), remedy=f"Look at {url}")))[4:]

    assert lines[0] == "  found     first"
    assert all(line.startswith(" " * 12) for line in lines[1:-2])
    assert max(map(len, lines[:-1])) <= COLUMNS
    assert lines[-2:] == ["  remedy    Look at", f"            {url}"]


def test_endless_found_is_cut() -> None:
    """More than twelve lines stay in the report; the last ones are shown, where tracebacks say why."""
    found = "\n".join(f"line {number}" for number in range(40))
    lines = gate_lines(a_gate(the_red_one(found=found, evidence=(), remedy="")))

    assert lines[4] == "  found     line 0"
    assert lines[-4:] == [
        "            line 8",
        "            … (29 more lines in the report)",
        "            line 38",
        "            line 39",
    ]


def test_evidence_is_one_line_each_and_four_at_most() -> None:
    """Tables tell their first row, texts their first line."""
    pieces = (
        Evidence(title="Files that differ", kind="table", value=[["path"], ["app/main.py"], ["app/db.py"]]),
        Evidence(title="Nothing", kind="table", value=[["path"]]),
        Evidence(title="$ pip check", value="a requires b\nc requires d\n"),
        Evidence(title="empty", value=""),
        *(Evidence(title=f"more {number}", value="x") for number in range(2)),
    )

    assert gate_lines(a_gate(the_red_one(evidence=pieces, remedy="")))[5:] == [
        "  evidence  Files that differ: 2 rows: app/main.py",
        "            Nothing: 0 rows",
        "            $ pip check: a requires b (and 1 more line)",
        "            empty: empty",
        "            and 2 more in the report",
    ]


def test_ending_stands_first() -> None:
    """The ending in words, the red check, the warning, the notes, the reports."""
    assert "\n".join(ending_lines(the_reverted_run())) == (
        "REVERTED to 2f1c9e0 after 0.8 s, 0 of 214 requests failed; its gate: 19 passed\n\n"
        f"{BLOCK}\n\n"
        "warning  P16  port 8001 is published on every address\n\n"
        "  note      The tag release/9a41b7d was not pushed.\n"
        "  data      no migration is pending: a rollback starts the previous release, the data are not touched\n"
        "  reports   reports/staging/20261121T221003-9a41b7d"
    )


def test_ending_without_red_checks_says_why() -> None:
    """A failed command has no check to show."""
    run = a_run(Exit.NO_GO, reason="docker compose build api: exit code 17\nno space left on device", reports="")

    assert ending_lines(run) == [
        "NO-GO before the first touch: nothing that serves was changed; 2f1c9e0 still serves",
        "  why       docker compose build api: exit code 17",
        "            no space left on device",
    ]


def test_ending_that_names_the_reason_shows_what_follows_its_first_line() -> None:
    """A container's last words stand below a held ending, which has room for one line; nothing is said twice."""
    said = "service init: found exit code 1.\n  Last lines of init:\n    relation does not exist"
    lines = ending_lines(
        a_run(Exit.NEEDS_HUMAN, held=True, serving_after=NEW, first_touch=STARTED, reason=said, reports="")
    )

    assert lines == [
        "HELD: 9a41b7d serves, a person decides: service init: found exit code 1.",
        "  why       Last lines of init:",
        "                relation does not exist",
        "  next      Keep it and mend forward: commit the mend, then `gonogo deploy --env staging --hotfix`;",
        "            or go back: `gonogo rollback --env staging`.",
    ]


def test_ending_that_was_recorded_is_kept() -> None:
    """The sentence in results.json is the sentence on the screen."""
    assert ending_lines(a_run(Exit.GO, ending="GO  as recorded", reports=""))[0] == "GO  as recorded"


def test_path_of_the_reports_is_in_one_piece() -> None:
    """It is copied; a path in two lines is none."""
    path = f"/srv/{'x' * 150}/reports"

    assert ending_lines(a_run(Exit.GO, reports=path))[-1] == f"  reports   {path}"


def test_terminal_gets_no_escape_sequences_from_outside() -> None:
    """What a subject answered cannot move the cursor, set the title or hide text."""
    red = the_red_one(
        id="checks/test_x.py::test_\x1b[2J",
        found="\x1b]0;owned\x07\x1b[1Agreen\r\nsecond\x9b31m\u202e",
        remedy="\x1b[8mhidden",
        evidence=(Evidence(title="\x1b[31mt", value="\x1b[0mv\x00"),),
    )
    text = "\n".join(gate_lines(a_gate(red)) + ending_lines(a_run(Exit.NO_GO, causes=(red,), notes=("\x1b[2J!",))))

    assert not {char for char in text if ord(char) < 32 or 127 <= ord(char) < 160} - {"\n"}
    assert "  found     green\n            second\n  evidence  t: v\n  remedy    hidden" in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("line", "painted"),
    [
        ("GO  9a41b7d", "\x1b[32mGO\x1b[0m  9a41b7d"),
        ("GO with warnings  x", "\x1b[33mGO with warnings\x1b[0m  x"),
        ("NO-GO  D07", "\x1b[31mNO-GO\x1b[0m  D07"),
        ("REVERTED to", "\x1b[33mREVERTED\x1b[0m to"),
        ("NEEDS A HUMAN: x", "\x1b[31mNEEDS A HUMAN\x1b[0m: x"),
        ("postdeploy  6.0 s  NO-GO", "postdeploy  6.0 s\x1b[31m  NO-GO\x1b[0m"),
        ("  found     GO", "  found     GO"),
    ],
)
def test_paint_colours_the_verdict_only(line: str, painted: str) -> None:
    """On a terminal the verdict has a colour; its words are there without it."""
    assert paint(line, stream=Screen(), environ={}) == painted


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"CI": "true"}, {"TERM": "dumb"}])
def test_paint_respects_who_objects(environ: dict[str, str]) -> None:
    """NO_COLOR, CI and a dumb terminal get plain words."""
    assert paint("GO", stream=Screen(), environ=environ) == "GO"


def test_paint_leaves_pipes_alone() -> None:
    """A file gets plain words."""
    assert paint("GO", stream=io.StringIO(), environ={}) == "GO"


def test_waivers_without_use_and_attestations_are_told() -> None:
    """What a waiver covers is a warning already; one that covers nothing has a line, and so has who said what."""
    idle, gone = WaiverDid.NOT_NEEDED, WaiverDid.NO_CHECK
    waivers = (a_waiver(), a_waiver(check="D15", did=idle), a_waiver(check="S05", did=gone))
    said = Attestation(id="on-call", sentence="Somebody is there.", by="ada@desk", given=STARTED)
    needless = [
        "  waiver    D15 (until 2026-12-31, payments) was not needed: take it out of gonogo.toml once the check stays green",
        "  waiver    S05 (until 2026-12-31, payments) names no check that was asked: correct it in gonogo.toml, or take it out",
    ]

    assert gate_lines(a_gate(*passed(2), waivers=waivers))[1:] == needless
    assert ending_lines(a_run(Exit.GO, waivers=waivers, attested=(said,)))[2:-1] == [
        *needless,
        "  attested  on-call (Somebody is there.) by ada@desk",
    ]
    assert "was not needed" not in "\n".join(ending_lines(a_run(Exit.GO, kind="rollback", waivers=waivers)))


def test_a_long_reason_keeps_what_was_raised() -> None:
    """What is cut out of the middle is no reason to leave out the exception, which stands before SQL and advice."""
    frames = [f'  File "{number}.py", line 1, in run' for number in range(30)]
    raised = "sqlalchemy.exc.ProgrammingError: relation does not exist"
    said = "\n".join(
        ["`migrate`: found exit code 1, expected 0", *frames, raised, *frames[:3], "", "[SQL: ALTER]", "(see)"]
    )
    run = a_run(Exit.NO_GO, reason=said, reports="")

    shown = [line.strip() for line in ending_lines(run)]
    assert raised in shown
    assert "(see)" in shown


def test_last_lines_begin_with_what_was_raised() -> None:
    """A log's end is in a line what was raised last; where nothing was, how it begins."""
    log = "GET /a 200\nTraceback (most recent call last):\n  File 1\nKeyError: 'a'\nGET /b 500"

    assert gist(Evidence(title="Last lines of web", value=log)) == "Last lines of web: KeyError: 'a' (and 4 more lines)"
    assert gist(Evidence(title="Last lines of web", value="one\ntwo")) == "Last lines of web: one (and 1 more line)"
    assert gist(Evidence(title="GET /", value=log)) == "GET /: GET /a 200 (and 4 more lines)"


def test_a_document_of_several_lines_is_told_by_more_than_its_bracket() -> None:
    """What is written as indented JSON begins with a bracket, which says nothing: its content stands behind."""
    document = '{\n "image": "shop-web:3",\n "command": "gunicorn app"\n}'
    told = gist(Evidence(title="web as it is started", value=document))
    assert told == 'web as it is started: { "image": "shop-web:3", "command": "gunicorn app" }'
    assert gist(Evidence(title="Answer", value="[\n 1\n]")) == "Answer: [ 1 ]"
    assert gist(Evidence(title="Answer", value="{}\n{}")) == "Answer: {} (and 1 more line)"
