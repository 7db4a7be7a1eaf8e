"""What a deployment leaves for people: its record, and the history of all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.support.channel import Channel

from .conftest import GREEN, App

pytestmark = pytest.mark.integration


def test_record_and_history_tell_what_happened(app: App) -> None:
    """The record names the commits, the steps, the downtime and both figures of an endpoint; the history links to it."""
    app.deploy()
    app.pages({**GREEN, "/page": (500, "boom")})
    red, record = app.deploy()
    back = Path(record["reports"])
    said = app.gonogo("report", "--json")
    written = json.loads(said.out)
    page = (back / "index.html").read_text(encoding="utf-8")
    history = Path(written["page"]).read_text(encoding="utf-8")
    read: Any = text_string_to_metric_families
    families = {family.name: family for family in read(Path(written["metrics"]).read_text("utf-8"))}

    assert red.code == 1, red
    assert said.code == 0, said
    assert [step["started"] is not None for step in record["steps"]] == [True] * len(record["steps"])
    assert sum(span["requests"] for span in record["probed"]) == record["downtime"]["requests"]
    assert [commit["id"] for commit in record["commits"]] == [record["commit"]]
    for words in (
        "REVERTED to",
        "D09[GET /page]",
        "Commits since the release that served",
        "Measured, before and after",
    ):
        assert words in page
    assert f'href="test/{record["run"]}/index.html"' in history
    assert Path(written["page"]) == app.root / "reports" / "index.html"
    assert sum(sample.value for sample in families["gonogo_runs"].samples) == 2
    assert written["figures"][0]["failed_share"] == 0.5
    assert "failed after the touch  1 of 2 (50 %)" in app.gonogo("history").err
    assert app.git("status", "--porcelain") == ""


def test_history_that_cannot_be_written_is_told(app: App, tmp_path: Path) -> None:
    """A file stands where the folder should be: exit 4, no traceback."""
    (tmp_path / "file").write_text("")
    said = app.gonogo("report", "--to", str(tmp_path / "file" / "below"))

    assert said.code == 4
    assert "the history could not be written: " in said.err
    assert "Traceback" not in said.err


def test_channels_are_told_and_a_dead_one_changes_nothing(app: App) -> None:
    """Started, then the ending with the first red check; the dead channel is a note of the record."""
    app.deploy()
    with Channel.listening() as channel:
        app.configure(options=f'notify = ["json://127.0.0.1:9", "{channel.url}"]')
        app.pages({**GREEN, "/page": (500, "boom")})
        red, record = app.deploy()

    assert red.code == 1, red
    assert [one["title"].split(":")[0] for one in channel.taken] == ["tiny test", "tiny test"]
    assert "started" in channel.taken[0]["title"]
    assert "REVERTED to" in channel.taken[1]["title"]
    assert channel.taken[1]["message"].startswith("D09[GET /page]: ")
    assert "notify[0]: the channel did not take the message; nobody was told there" in record["notes"]
