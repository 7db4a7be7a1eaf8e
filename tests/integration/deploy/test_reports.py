"""What a deployment tells people while it runs, and what stops a history from being written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.channel import Channel
from tests.support.chromium import need_chromium

from .conftest import GREEN, App

pytestmark = pytest.mark.integration


def test_history_that_cannot_be_written_is_told(app: App, tmp_path: Path) -> None:
    """A file stands where the folder should be: exit 4, no traceback."""
    (tmp_path / "file").write_text("")
    said = app.gonogo("report", "--to", str(tmp_path / "file" / "below"))

    assert said.code == 4
    assert "the history could not be written: " in said.err
    assert "Traceback" not in said.err


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_traces_of_a_red_page_stand_beside_the_record(app: App) -> None:
    """Each time that it was asked, none over another's; the release's worktree stays as git made it."""
    need_chromium()
    page = '[[env.test.page]]\npath = "/page"\ncontains = "nowhere"\nwithin = "500ms"\n'
    app.configure(options="attempts = 2", tables=page)
    app.commit("Load a page")
    red, record = app.deploy()

    said = re.findall(r"playwright show-trace ([^\"\\]+)", json.dumps(record))
    reports = Path(record["reports"])
    assert red.code == 1, red
    assert {cause["code"] for cause in record["causes"]} == {"D19[/page]"}
    assert said
    assert {Path(path).parent for path in said} == {reports}
    assert {Path(path) for path in said} <= set(reports.glob("trace-postdeploy*.zip"))
    assert len(set(reports.glob("trace-*.zip"))) == 2
    assert not [*app.state.glob("releases/*/source/reports")]
