from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gonogo.records.ending import Ending, Kind
from gonogo.records.markdown import LIMIT, render
from gonogo.records.results import Attestation, Evidence
from gonogo.records.run_results import RunResult
from gonogo.records.text import plain
from gonogo.words import Exit, Outcome, Role

from .samples import OLD, STARTED, a_check, a_gate, a_run, a_step, a_waiver, the_red_one, the_reverted_run

MARKS = [
    "```",
    "\n```\n",
    "~~~",
    "</details>",
    "\n\n",
    "<b>",
    "| |",
    "***",
    "[x](y)",
    "\r",
    "\x1b[31m",
    "\u2028",
    "\u202e",
]
OUTSIDE = st.lists(
    st.sampled_from([*MARKS, *"`~\n\t <>/&|\\*_[]()#-+=.!@\"'1x"]) | st.characters(blacklist_categories=["Cs"]),
    max_size=30,
).map("".join)
NASTY = [
    "```\n</details>\n<script>alert(1)</script>",
    "~~~~\n# heading",
    "</pre></code></details><img src=x onerror=alert(1)>",
    "| a | b |\n|---|---|",
    "````````\n\n<b>",
    "@everyone #1 [x](javascript:alert(1)) <https://example.com> ![i](x)",
    "`",
    "\\",
    "- x\n1. y\n> z\n    code",
    "<!--",
]


def parse(text: str) -> list[Token]:
    """What a Markdown reader makes of it, tables and HTML allowed."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    return [inner for token in tokens for inner in (token, *(token.children or ()))]


def shape(run: RunResult) -> list[str]:
    """The structure of the page: every block, tag, link and emphasis, without the words."""
    quiet = {"text", "inline", "softbreak", "text_special"}
    found = [token for token in parse(render(run)) if token.type not in quiet]
    return [
        re.sub(r"<summary>.*</summary>", "", f"{token.type} {token.content if 'html' in token.type else ''}")
        for token in found
    ]


def run_with(text: str) -> RunResult:
    """A run in which every text from outside is this one."""
    red = the_red_one(
        code=f"D07[{text}]",
        id=f"checks/test_x.py::test[{text}]",
        proves=f"p{text}",
        found=text,
        remedy=f"r{text}",
        details=f"d{text}",
        evidence=(
            Evidence(title=f"t{text}", value=text),
            Evidence(title="table", kind="table", value=[["a", "b"], [text, text]]),
            Evidence(title="json", kind="json", value={f"k{text}": text}),
        ),
    )
    back = a_gate(the_red_one(id=f"i{text}", found=text), role=Role.ROLLBACK)
    warned = a_gate(a_check(id="w", outcome=Outcome.WARNED, found=f"w{text}"))
    return a_run(
        Exit.NEEDS_HUMAN,
        first_touch=STARTED,
        causes=(red,),
        reason=f"r{text}",
        summary=text,
        who=f"w{text}",
        ladder=f"l{text}",
        notes=(f"n{text}",),
        waivers=(a_waiver(check=f"c{text}", owner=f"o{text}", reason=f"r{text}"),),
        attested=(Attestation(id=f"i{text}", sentence=f"s{text}", by=f"b{text}", given=STARTED),),
        went_back_to=OLD,
        verified=back,
        steps=(a_step("build", said=text, commands=(f"c{text}",)), a_step("gate", kind="gate", gate=warned)),
    )


def test_record_tells_the_run() -> None:
    """The ending first, then who, when, what, why, the steps, the rollback, warnings and notes."""
    assert render(the_reverted_run()) == RECORD


def test_record_of_a_first_stop_is_short() -> None:
    """Nothing is told that did not happen."""
    text = render(a_run(Exit.NO_GO, commit=None, release=None, reason="no space left", reports=""))

    assert text.startswith(
        "# NO-GO before the first touch: nothing that serves was changed; 2f1c9e0 still serves\n\n"
        "**Why:** no space left\n\n| | |\n|---|---|\n"
    )
    assert "| changed what serves | never |" in text
    assert "## The rollback" not in text
    assert "## Red checks" not in text


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"verified": None}, "No gate was asked of it, so nothing is proven."),
        (
            {"verified": a_gate(problem="no end\nin time")},
            "Its gate could not be asked:\n\n```text\nno end\nin time\n```",
        ),
        (
            {"verified": a_gate(the_red_one(found="503"), role=Role.ROLLBACK)},
            "Its own gate, in 3.0 s: 1 failed.\n\n- red: **D07** 503",
        ),
    ],
)
def test_record_proves_the_way_back_or_says_that_it_does_not(facts: dict[str, object], said: str) -> None:
    """A rollback without a green gate of its own is no proof."""
    assert said in render(the_reverted_run(exit_code=Exit.NEEDS_HUMAN, **facts))


def test_commit_message_stays_in_its_cell() -> None:
    """A subject line with markup is shown as it was written."""
    text = render(a_run(Exit.GO, summary="Add *all* <b>|</b> @team_x & `code`"))

    assert r"Add \*all\* &lt;b&gt;\|&lt;/b&gt; &#64;team\_x &amp; \`code\`" in text


@pytest.mark.parametrize("text", NASTY)
def test_nasty_text_changes_no_structure(text: str) -> None:
    """Markup in evidence, messages and names is shown, never obeyed."""
    assert shape(run_with(text)) == shape(run_with("quiet"))


@given(OUTSIDE.filter(lambda text: any(char.isalnum() for char in plain(text))))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_out(text: str) -> None:
    """Whatever a subject answers, the page keeps its structure."""
    assert shape(run_with(text)) == shape(run_with("quiet"))


@given(OUTSIDE)
@settings(max_examples=150, deadline=None)
def test_evidence_is_shown_as_it_was(text: str) -> None:
    """The content of a fence is the evidence, no more and no less."""
    red = the_red_one(evidence=(Evidence(title="t", value=text),), remedy="")
    fences = [token.content for token in parse(render(a_run(Exit.NO_GO, causes=(red,)))) if token.type == "fence"]

    assert fences[1] == plain(text).strip("\n") + "\n"


@pytest.mark.parametrize("checks", [1, 40, 300])
def test_record_is_never_longer_than_a_comment(checks: int) -> None:
    """Evidence is cut first; at the limit the page ends with a pointer, and everything that began has ended."""
    pieces = tuple(Evidence(title="log", value="<`|&" * 8000) for _ in range(3))
    reds = tuple(the_red_one(id=f"x::test_{number}", found="<&" * 3000, evidence=pieces) for number in range(checks))
    text = render(the_reverted_run(causes=reds, notes=("&" * 5000,) * 300))

    assert len(text) <= LIMIT
    assert "results.json" in text
    assert text.count("<details>") == text.count("\n</details>")
    assert text.startswith("# REVERTED to 2f1c9e0 after 0.8 s")
    assert sum(token.type == "fence" for token in parse(text)) >= 2


def test_cut_page_says_where_the_rest_is() -> None:
    """A page that lost parts ends with a pointer to them."""
    reds = tuple(the_red_one(id=f"x::test_{number}") for number in range(2000))

    assert render(the_reverted_run(causes=reds)).endswith(
        "\n\n*The rest was cut: it stands in `results.json` beside this file.*\n"
    )


def test_long_evidence_keeps_its_ends() -> None:
    """The beginning and the end of a log are worth most."""
    red = the_red_one(evidence=(Evidence(title="log", value="begin" + "x" * 10_000 + "end"),))
    text = render(a_run(Exit.NO_GO, causes=(red,)))

    assert "[… 4008 characters cut; all of it is in results.json …]" in text
    assert "\nbeginxxx" in text
    assert "xxxend\n```" in text


def test_many_steps_are_counted() -> None:
    """A table of a hundred steps is enough."""
    text = render(a_run(Exit.GO, steps=tuple(a_step(f"step {number}") for number in range(130))))

    assert "| … | and 30 more | | |" in text


def test_one_that_was_never_stopped_is_not_said_to_have_changed() -> None:
    """A release that stood beside it, or a migration before the start: the first move has its moment all the same."""
    run = the_reverted_run(back_after=None, ended=Ending(kind=Kind.NEVER_STOPPED, serves="20261120T090000-2f1c9e0"))

    said = "| changed what serves | it was never stopped; the first touch was at 2026-11-21 22:10:53 UTC |"
    assert said in render(run).splitlines()


RECORD = """\
# REVERTED to 2f1c9e0 after 0.8 s, 0 of 214 requests failed; its gate: 19 passed

**Why:** The check D07 failed: "The health page answers 200 and names the release just deployed." What it found: "2f1c9e0" expected "9a41b7d".

| | |
|---|---|
| what | deploy of shop to staging |
| who | ada&#64;laptop |
| when | 2026-11-21 22:10:03 UTC, for 68.2 s |
| commit | `9a41b7d000000000000000000000000000000000` Show the price |
| release | `20261121T221003-9a41b7d` |
| served before | `20261120T090000-2f1c9e0` |
| serves now | `20261120T090000-2f1c9e0` |
| exit code | 1 (NO-GO) |
| changed what serves | from 2026-11-21 22:10:53 UTC on |
| downtime | 0 of 214 requests failed, 0.0 s down in 21.4 s |
| going back would mean for the data | no migration is pending: a rollback starts the previous release, the data are not touched |
| reports | `reports/staging/20261121T221003-9a41b7d` |

## Red checks

### D07: The health page answers 200 and names the release just deployed.

`gonogo/postdeploy/test_health.py::test_release_answers`, asked in 0.0 s

**Found**

```text
"2f1c9e0"   expected  "9a41b7d"
```

**Remedy**

```text
docker compose images api; if the tag is not 9a41b7d, deploy again with --no-cache
```

<details><summary>Evidence: health.json</summary>

```text
{
  "release": "2f1c9e0"
}
```

</details>

## Steps

| step | what it said | result | seconds |
|---|---|---|---:|
| [baseline](baseline.html) | 19 passed | GO | 3.0 |
| [predeploy](predeploy.html) | 30 passed, 1 with warnings | GO | 2.1 |
| build | docker compose build api | done | 41.8 |
| [build gate](build%20gate.html) | 14 passed | GO | 1.9 |
| *first touch* | | | |
| start | docker compose up --detach --wait | done | 12.4 |
| [postdeploy](postdeploy.html) | 18 passed, 1 failed | **NO-GO** | 6.0 |
| restore | 2f1c9e0 healthy | done | 0.8 |
| [verify](verify.html) | 19 passed | GO | 3.0 |

<details><summary>Commands</summary>

```text
build        $ docker compose build api
```

</details>

## The rollback

To release `20261120T090000-2f1c9e0` (`2f1c9e0`): healthy again after 0.8 s.

Its own gate, in 3.0 s: 19 passed.

## Warnings

- **P16** port 8001 is published on every address

## Notes

- The tag release/9a41b7d was not pushed.

gonogo run `20261121T221003-9a41b7d`; every fact of this page and more is in `results.json` and `journal.jsonl`.
"""
