"""An application whose second release is turned back, with evidence of every kind: what our own pages are made from."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .conftest import GREEN, App

__all__ = ["CHECKS", "Rich", "deploy_and_turn_back"]

CHECKS = '''\
import difflib
from pathlib import Path

import pytest

LONG = "a/folder/with/" + "a-very-long-name-without-any-place-to-break-" * 4 + "/module.py"


@pytest.fixture
def text(http):
    return http.get("/page").json()["text"]


@pytest.mark.predeploy("S00", remedy="Write it.")
def test_the_notes_are_there(evidence):
    """The release has <b>notes</b>."""
    evidence.text("Notes", "all well")
    evidence.json("Counted", {"files": 12, "of": [LONG]})


@pytest.mark.postdeploy("S01", remedy="Look at the table of rates, then: gonogo deploy --env {env} --no-cache")
def test_the_page_is_the_agreed_one(text, evidence, http):
    """The page says what was agreed.

    Catches a template that somebody edited by hand.
    """
    rows = [[f"{LONG}{number}", "tracked", "0644", f"{number} bytes", "sha256:" + "0f" * 32] for number in range(30)]
    evidence.table("Files that differ", rows, header=["path", "state", "mode", "size", "digest"])
    lines = [f"line {number}: expected" for number in range(40)]
    found = [*lines[:10], "line 10: \\x1b[31msomething else\\x1b[0m </pre><script>document.title = 1</script>", *lines[12:]]
    evidence.text("Difference", "\\n".join(difflib.unified_diff(lines, found, "agreed", "found", lineterm="")))
    evidence.text("Log", "\\n".join(f"INFO {number} " + "GET /page " * 20 for number in range(400)))
    evidence.image("Screenshot", Path(__file__).with_name("screen.jpg").read_bytes())
    evidence.measure("GET /page", 0.12, limit=0.5)
    assert text == "hello", f'{LONG}: found "{text}", expected "hello"'


@pytest.mark.postdeploy("S02", remedy="Make room.")
def test_there_is_room(evidence):
    """There is room on the disk."""
    evidence.text("df", "12 GB")
    evidence.warn("only 12 GB are free")


@pytest.mark.postdeploy("S03", remedy="Look at the resolver.")
def test_the_payments_answer(text):
    """The payment service answers."""
    if text != "hello":
        raise OSError("Name or service not known")


@pytest.mark.postdeploy("S04")
def test_the_cache_is_warm():
    """The cache is warm."""
    pytest.skip("no cache is configured")


@pytest.mark.postdeploy("S06", remedy="Ask the partner.")
def test_the_partner_has_moved():
    """The partner has moved."""
    assert False, "it has not"
'''
SAID = 'attempts = 1\nattest = { team-notified = "The team knows that we deploy" }'
WAIVED = """\
[[env.test.waive]]
check = "S06"
until = 2099-12-31
owner = "partners"
reason = "it moves when it moves, which nobody here can hasten, whatever <b>they</b> say; OPS-12"

[[env.test.waive]]
check = "S04"
until = 2099-12-31
owner = "partners"
reason = "no cache"
"""
BROKEN = {**GREEN, "/page": (200, "good bye")}


@dataclass(frozen=True, kw_only=True)
class Rich:
    """The pages that two deployments and a report left."""

    gate: Path
    """The red gate's."""
    record: Path
    history: Path
    metrics: Path
    red: dict[str, Any] = field(repr=False)
    """The record of the run that was turned back."""
    said: dict[str, Any] = field(repr=False)
    """The document of ``gonogo report --json``."""


def deploy_and_turn_back(app: App) -> Rich:
    """Deploy a good release and one that goes red; write the history."""
    app.configure(options=SAID, tables=WAIVED)
    folder = app.root / "checks"
    folder.mkdir()
    (folder / "test_rich.py").write_text(CHECKS)
    shutil.copy(Path(__file__).with_name("screen.jpg"), folder)
    app.commit("Agree on a page")
    ended, _ = app.deploy("--attest", "team-notified")
    assert ended.code == 0, ended
    (app.root / "notes.txt").write_text("notes\n")
    app.commit("Say good bye in <b>bold</b>, whatever the visitor's browser, language, time zone and mood may be")
    app.pages(BROKEN)
    red, record = app.deploy("--attest", "team-notified")
    assert (red.code, record["ending"].split()[0]) == (1, "REVERTED"), red
    said = json.loads(app.gonogo("report", "--json").out)
    reports = Path(record["reports"])
    return Rich(
        gate=reports / "postdeploy.html",
        record=reports / "index.html",
        history=Path(said["page"]),
        metrics=Path(said["metrics"]),
        red=record,
        said=said,
    )
