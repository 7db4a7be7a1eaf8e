"""Waivers and attestations through whole deployments: what is waived stops nothing, is named everywhere, and ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gonogo.state.journal import read_journal
from gonogo.state.lock import operator

from .conftest import GREEN, App, Ended

pytestmark = [pytest.mark.integration, pytest.mark.thorough]

ATTEST = 'attempts = 1\nattest = { team-notified = "The team knows that we deploy" }'
TABLES = """\
[[env.test.endpoint]]
request = "GET /legacy"

[[env.test.waive]]
check = "D09[GET /legacy]"
until = {until}
owner = "payments"
reason = "tracked in OPS-12"

[[env.test.waive]]
check = "S05"
until = {until}
owner = "ops"
reason = "a slow partner"

[[env.test.waive]]
check = "S77"
until = {until}
owner = "ops"
reason = "a check that is gone"
"""
CHECKS = '''\
import pytest


@pytest.mark.postdeploy("S05", remedy="Call the partner.")
def test_the_partner_answers(http):
    """The partner answers."""
    if http.get("/page").json()["text"] != "hello":
        raise OSError("Name or service not known")
'''
FOUND = "GET /legacy: status: found 404, expected 200"
LEGACY = "D09[GET /legacy]"


@dataclass(frozen=True, kw_only=True)
class Story:
    """Three deployments: one that nobody spoke for, a good one, and one of the next day that is turned back."""

    app: App
    today: date
    refused: tuple[Ended, dict[str, Any]]
    good: tuple[Ended, dict[str, Any]]
    back: tuple[Ended, dict[str, Any]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The next day the new release's waivers hold one day longer; those of the release that serves have ended."""
    app, today = App(tmp_path_factory.mktemp("waived")), datetime.now(UTC).date()
    app.configure(options=ATTEST, tables=TABLES.format(until=today))
    (app.root / "checks").mkdir()
    (app.root / "checks/test_partner.py").write_text(CHECKS)
    app.commit("Waive")
    refused = app.deploy(day=today)
    good = app.deploy("--attest", "team-notified", day=today)
    tomorrow = today + timedelta(days=1)
    app.configure(options=ATTEST, tables=TABLES.format(until=tomorrow))
    app.pages({**GREEN, "/page": (200, "good bye")})
    back = app.deploy("--attest", "team-notified", day=tomorrow)
    yield Story(app=app, today=today, refused=refused, good=good, back=back)
    app.close()


def waivers(record: dict[str, Any]) -> dict[str, str]:
    """What each waiver did, by its check; one that ended first."""
    return {one["check"]: one["did"] for one in reversed(record["waivers"])}


def verdict(record: dict[str, Any], step: str, code: str) -> tuple[str, str]:
    """Outcome and words of a check in a step."""
    (gate,) = [one["gate"] for one in record["steps"] if one["name"] == step]
    (check,) = [one for one in gate["checks"] if one["code"] == code]
    return check["outcome"], check["found"]


def test_nothing_is_touched_before_somebody_spoke(story: Story) -> None:
    """Exit 1, and the missing word is named with the option that gives it; an id that nobody asks for is exit 4."""
    ended, record = story.refused
    wrong = story.app.gonogo("deploy", "--env", "test", "--attest", "team-notifed")
    plan = story.app.gonogo("plan", "--env", "test")

    assert ended.code == 1, ended
    assert record["ending"].startswith("NO-GO before the first touch")
    assert [(cause["code"], cause["found"]) for cause in record["causes"]] == [
        (
            "P39[team-notified]",
            '"The team knows that we deploy": found nobody who says so, expected --attest team-notified',
        )
    ]
    assert waivers(record) == {LEGACY: "not asked", "S05": "not asked", "S77": "not asked"}
    assert (wrong.code, wrong.err.strip()) == (
        4,
        '--attest: found "team-notifed", expected one of team-notified ("The team knows that we deploy").',
    )
    assert "\nasks for      --attest team-notified: The team knows that we deploy\n" in f"{plan.out}{plan.err}"


def test_waived_failure_goes_on_with_a_warning_that_is_on_record(story: Story) -> None:
    """Exit 0: named with date, owner and reason on the terminal, in the record, on the pages; the needless one too."""
    ended, record = story.good
    said = f"waived until {story.today} by payments: tracked in OPS-12; {FOUND}"
    needless = f"S77 (until {story.today}, ops) names no check that was asked"
    reports = Path(record["reports"])
    pages = [(reports / name).read_text() for name in ("index.html", "postdeploy.html")]
    history = story.app.gonogo("history")

    assert ended.code == 0, ended
    assert record["ending"].startswith("GO with warnings")
    assert verdict(record, "postdeploy", LEGACY) == ("warned", said)
    assert waivers(record) == {LEGACY: "covered", "S05": "not needed", "S77": "names no check"}
    assert f"warning  {LEGACY}  waived until {story.today} by payments: tracked in OPS-12; GET" in ended.err
    assert f"  waiver    {needless}" in ended.err
    assert all(f"<b>{LEGACY}</b></td>" in page and "tracked in OPS-12" in page for page in pages)
    assert f"covered, until {story.today} by payments: tracked in OPS-12" in (reports / "record.md").read_text()
    assert "waived most often       D09[GET /legacy] (2)" in history.err


def test_record_says_who_spoke_and_when(story: Story) -> None:
    """User and machine as the lock names them, the sentence, the moment; in the journal before the first gate."""
    _, record = story.good
    (given,) = record["attested"]
    events = read_journal(story.app.state / "runs" / record["run"] / "journal.jsonl")
    names = [(line["event"], line["step"]) for line in events]
    reports = Path(record["reports"])

    assert (given["id"], given["sentence"], given["by"]) == (
        "team-notified",
        "The team knows that we deploy",
        operator(),
    )
    assert abs((datetime.fromisoformat(given["given"]) - datetime.now(UTC)).total_seconds()) < 600
    assert names.index(("attested", "")) < names.index(("step-began", "predeploy"))
    assert given["by"] in (reports / "index.html").read_text()
    assert "**team-notified** The team knows that we deploy: " in (reports / "record.md").read_text()
    assert f"attested  team-notified (The team knows that we deploy) by {operator()}" in story.good[0].err


def test_ended_waiver_of_the_old_release_does_not_spoil_the_way_back(story: Story) -> None:
    """Exit 1, not 6: what it was pinned with has ended; the check that it failed then fails as it did, and is named."""
    ended, record = story.back

    assert ended.code == 1, ended
    assert record["ending"].startswith("REVERTED to ")
    assert [cause["code"] for cause in record["causes"]] == ["D09[GET /page]"]
    assert verdict(record, "verify", LEGACY) == (
        "warned",
        f"was red before too: its waiver ended on {story.today} (payments): {FOUND}",
    )
    assert record["verified"]["exitstatus"] == 0
    assert story.app.serving_text() == "hello"
    assert [one["did"] for one in record["waivers"] if one["check"] == LEGACY] == ["covered", "ended"]


def test_what_is_waived_of_the_serving_release_is_told_before_the_first_touch(story: Story) -> None:
    """P36 lets it pass and names it: the baseline is asked with the waivers of the release that comes."""
    _, record = story.back
    term = f"waived until {story.today + timedelta(days=1)} by payments: tracked in OPS-12"
    said = f"{record['serving']} serves, and fails what is waived: {LEGACY} ({term}; {FOUND})"

    assert verdict(record, "predeploy", "P36") == ("warned", said)


def test_what_could_not_be_found_out_is_not_covered(story: Story) -> None:
    """The waived check that crashed is inconclusive, and blocks; it says why its waiver is of no use to it."""
    _, record = story.back
    outcome, found = verdict(record, "postdeploy", "S05")

    assert outcome == "inconclusive"
    assert found.endswith(f"(waived until {story.today + timedelta(days=1)} by ops, which covers a failure only)")
    assert json.dumps("did not cover") in json.dumps(record["waivers"])
