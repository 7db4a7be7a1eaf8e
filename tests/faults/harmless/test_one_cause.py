"""What a good release is not warned of, and a dead instance that is told once."""

from __future__ import annotations

import pytest

from gonogo.records.findings import findings
from gonogo.records.run_results import RunResult
from tests.integration.deploy.conftest import App

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

ASKED = "        status, text = PAGES.get("
DIES = (
    f'        if self.path == "/page":\n            __import__("threading").Timer(0.2, os._exit, [3]).start()\n{ASKED}'
)


@pytest.mark.thorough
def test_logs_of_its_own_and_a_crash_after_the_start(app: App) -> None:
    """GO without a warning beside untracked logs; the twin that dies soon after a page was asked for is one finding."""
    (app.root / "app.log").write_text("served\n")
    (app.root / "logs").mkdir()
    (app.root / "logs" / "access.txt").write_text("GET /page\n")
    app.git("add", "gonogo.toml", "app.py")
    first, good = app.deploy()
    text = (app.root / "app.py").read_text()
    (app.root / "app.py").write_text(text.replace(ASKED, DIES, 1))
    app.git("commit", "--quiet", "--all", "--message", "dies")
    second, bad = app.deploy()
    run = RunResult.model_validate(bad)
    found = findings(run.causes)

    assert first.code == 0, first
    assert good["ending"].startswith("GO  "), good["ending"]
    assert second.code == 1, second
    assert [one.check.code for one in found] in (["D01"], ["D03"]), found
    assert not any(one.check.code == "D05[web]" and one.check.blocks for one in found)
