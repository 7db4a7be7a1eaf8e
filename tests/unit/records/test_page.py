"""The record as a page."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from gonogo.records.page import render_record
from gonogo.records.results import Attestation, Evidence
from gonogo.records.run_results import CommitLine, Downtime, Span
from gonogo.words import Exit, Outcome

from .samples import STARTED, a_check, a_gate, a_run, a_step, a_waiver, the_red_one, the_reverted_run

NOTHING_FOUND = Evidence(title="Not as expected", kind="table", value=[["what", "found"]])
EVIL = "</pre><script>alert(1)</script>\x1b[31m<img src=http://127.0.0.1/x onerror=alert(1)>\u202e\x00"


class Page(HTMLParser):
    """What a browser would make of it: tags with their attributes, and the text."""

    VOID = ("meta", "br", "img", "rect", "line", "input")

    def __init__(self, text: str) -> None:
        """Read a page; what is not closed, or closed twice, is a mistake of ours."""
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends: the one that began last."""
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a name."""
        return [attrs for name, attrs in self.tags if name == tag]


def test_ending_comes_first_and_the_red_check_next() -> None:
    """As an operator reads: verdict, facts, what is wrong with its remedy, the steps, the downtime."""
    run = the_reverted_run(
        probed=(Span(at=STARTED, seconds=20, ok=True, requests=200),),
        commits=(CommitLine(id="9a41b7d" + "0" * 33, subject="Show the price"),),
        more_commits=3,
    )
    text = Page(render_record(run)).text
    order = [
        "REVERTED to 2f1c9e0 after 0.8 s",
        "ada@laptop",
        "D07: The health page answers 200",
        "docker compose images api; if the tag",
        "first touch: from here on",
        "0.0 s down in 21.4 s",
        "9a41b7d Show the price",
        "and 3 more",
        "healthy again after 0.8 s",
        "The tag release/9a41b7d was not pushed.",
    ]

    found = [text.find(words) for words in order]
    assert -1 not in found
    assert found == sorted(found)


def test_a_first_deploy_has_no_downtime() -> None:
    """Nothing served that could be down: the page says after how long the first good answer came."""
    spans = (
        Span(at=STARTED, seconds=16.9, ok=False, requests=97),
        Span(at=STARTED + timedelta(seconds=16.9), seconds=1.1, ok=True, requests=3),
    )
    seen = Downtime(requests=100, failed=97, seconds_down=16.9, window=18.0)
    never = (spans[0].model_copy(update={"seconds": 18.0}),)
    pages = {
        probed: render_record(a_run(Exit.GO, serving=None, downtime=seen, probed=probed)) for probed in (spans, never)
    }
    said = {probed: Page(page).text for probed, page in pages.items()}

    assert "Until it answered\nnothing served before; the first good answer came after 16.9 s" in said[spans]
    assert "nothing served before; no request was answered well in 18.0 s" in said[never]
    assert [page.count('<rect class="wait"') for page in pages.values()] == [1, 1]
    assert not any('<rect class="down"' in page for page in pages.values())
    assert not any("Downtime" in text or "requests failed" in text for text in said.values())


def test_gates_lead_to_their_pages() -> None:
    """A gate that was asked left a page beside the record; a move did not."""
    links = [attrs["href"] for attrs in Page(render_record(the_reverted_run())).named("a")]

    assert links == [
        "baseline.html",
        "predeploy.html",
        "build%20gate.html",
        "postdeploy.html",
        "verify.html",
        "results.json",
        "journal.jsonl",
        "record.md",
    ]


def test_nothing_from_outside_becomes_markup() -> None:
    """Whatever a check, a command, a commit or a name says: no element, no attribute, no escape sequence."""
    red = the_red_one(
        id=EVIL,
        found=EVIL,
        proves=EVIL,
        remedy=EVIL,
        details=EVIL,
        code=EVIL,
        evidence=[
            Evidence(title=EVIL, value=EVIL),
            Evidence(title=EVIL, kind="table", value=[[EVIL], [EVIL]]),
            Evidence(title=EVIL, kind="json", value={EVIL: EVIL}),
        ],
    )
    warned = a_check(outcome=Outcome.WARNED, code=EVIL, found=EVIL)
    evil = a_run(
        Exit.NO_GO,
        app="shop",
        who=EVIL,
        summary=EVIL,
        reason=EVIL,
        ladder=EVIL,
        said=EVIL,
        notes=(EVIL,),
        causes=(red,),
        commits=(CommitLine(id=EVIL, subject=EVIL),),
        waivers=(a_waiver(check=EVIL, owner=EVIL, reason=EVIL),),
        attested=(Attestation(id=EVIL, sentence=EVIL, by=EVIL, given=STARTED),),
        steps=(a_step(EVIL, said=EVIL, commands=(EVIL,)), a_step("gate", kind="gate", gate=a_gate(warned))),
    )
    journal = [{"event": "command-ended", "argv": EVIL, "output": EVIL, "step": EVIL, "at": EVIL, EVIL: EVIL}]
    page = render_record(evil, journal)
    parsed = Page(page)

    assert {tag for tag, _ in parsed.tags} & {"script", "img", "iframe", "object", "link"} == set()
    assert not [name for _, attrs in parsed.tags for name in attrs if name.startswith("on")]
    assert re.findall(r"[\x00-\x08\x0e-\x1f\x7f\u202e]", page) == []
    assert "<script>alert(1)</script>" in parsed.text


def test_waivers_and_attestations_stand_where_there_are_any() -> None:
    """Each with what it did or who said it; a run without them has neither heading."""
    said = Attestation(id="on-call", sentence="Somebody is there.", by="ada@desk", given=STARTED)
    text = Page(render_record(a_run(Exit.GO, waivers=(a_waiver(),), attested=(said,)))).text

    assert "D09[GET /legacy]covered2026-12-31paymentsOPS-12" in text
    assert "Somebody is there.on-callada@desk2026-11-21 22:10:03 UTC" in text
    assert not re.search("Waivers|Attestations", Page(render_record(a_run(Exit.GO))).text)


def test_page_may_load_nothing() -> None:
    """Its policy forbids every request and every script; all that it needs is in it."""
    page = Page(render_record(the_reverted_run()))
    (policy,) = [attrs["content"] for attrs in page.named("meta") if attrs.get("http-equiv")]

    assert policy == "default-src 'none'; style-src 'unsafe-inline'; script-src 'none'; img-src data:"
    assert [attrs for _, attrs in page.tags if "src" in attrs] == []


def test_difference_is_marked_and_an_empty_table_says_so() -> None:
    """Line by line, whatever it holds; a fold with nothing in it is none."""
    diff = Evidence(title="Diff", value="--- a\n+++ b\n@@ -1 +1 @@\n-<b>old</b>\n+new\n same")
    page = render_record(a_run(Exit.NO_GO, causes=(the_red_one(evidence=[diff, NOTHING_FOUND]),)))

    assert "<del>-&lt;b&gt;old&lt;/b&gt;</del>\n<ins>+new</ins>\n same" in page
    assert "<p>Not as expected: none</p>" in page


def test_long_output_is_cut_and_the_journal_keeps_its_end() -> None:
    """A page stays one that a browser opens."""
    lines = [{"event": f"line {number}", "at": "", "step": ""} for number in range(5000)]
    ended = {"event": "command-ended", "argv": "make", "code": 0, "seconds": 1, "output": "x" * 1_000_000}
    page = render_record(the_reverted_run(), [ended, *lines])

    assert len(page) < 1_000_000
    assert "2000 lines, the last of them" in page
    assert "line 4999" in page
    assert "line 2999<" not in page


@pytest.mark.parametrize("exit_code", list(Exit))
def test_every_ending_has_a_page(exit_code: Exit) -> None:
    """Also that of a run that recorded next to nothing."""
    bare = a_run(exit_code, steps=(), serving=None, commit=None, first_touch=STARTED + timedelta(seconds=1))
    page = Page(render_record(bare))

    assert page.named("p")[0]["class"] in {
        "verdict is-go",
        "verdict is-no-go",
        "verdict is-stopped",
        "verdict is-needs-a-human",
        "verdict is-not-started",
    }
