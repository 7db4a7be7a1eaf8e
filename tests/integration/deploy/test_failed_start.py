"""What stands beside a start that failed: how its service is started, and the names of variables that came and went."""

from __future__ import annotations

import pytest

from .conftest import App

pytestmark = pytest.mark.integration

TOKEN = "marker-77c1-of-the-env-file"


def test_a_failed_start_shows_how_its_service_is_started(app: App) -> None:
    """In the record, on the page and in the Markdown; of variables the names, and no value of one."""
    app.configure(options='env_file = ".env"\nattempts = 1')
    app.commit("an env file")
    (app.root / ".env").write_text("GREETING=hello\nOLD_KEY=old\n")
    assert app.deploy()[0].code == 0
    (app.root / ".env").write_text(f"GREETING=hello\nNEW_KEY={TOKEN}\n")
    source = (app.root / "app.py").read_text()
    (app.root / "app.py").write_text(source.replace("\nif __name__", "\nraise SystemExit('cannot start')\nif __name__"))
    app.commit("it ends at once")
    ended, record = app.deploy()

    start = next(step for step in record["steps"] if step["name"] == "start")
    told = {piece["title"]: piece["value"] for piece in start["evidence"]}
    shown = told["web as it is started (names of variables only)"]
    compared = next(text for title, text in told.items() if title.startswith("Variables of web beside those in "))
    folder = app.root / record["reports"]
    page, markdown = (folder / "index.html").read_text(), (folder / "record.md").read_text()

    assert (ended.code, start["ok"]) == (1, False), ended
    assert '"app.py"' in shown
    assert '"NEW_KEY"' in shown
    assert compared.splitlines()[:2] == ["came: NEW_KEY", "gone: OLD_KEY"]
    assert all("web as it is started" in text and "came: NEW_KEY" in text for text in (page, markdown))
    assert TOKEN not in f"{ended.out}{page}{markdown}"
    assert not any(step["evidence"] for step in record["steps"] if step["name"] != "start")
