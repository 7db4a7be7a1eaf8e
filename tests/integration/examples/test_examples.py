"""The example applications as processes: two good releases, the second with a migration, and a broken one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.examples import DJANGO, FLASK, Example

from .conftest import Deploys

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


def not_green(run: dict[str, Any]) -> list[tuple[str, str]]:
    """Every check that warned, failed or found nothing out: its code, what it found."""
    checks = [check for step in run["steps"] for check in (step["gate"] or {}).get("checks", ())]
    return [(check["code"], check["found"]) for check in checks if check["outcome"] not in {"passed", "skipped"}]


@pytest.mark.thorough
@pytest.mark.parametrize("example", [pytest.param(FLASK, id="flask"), pytest.param(DJANGO, id="django")])
def test_an_example_goes_twice_and_a_broken_release_is_turned_back(deploys: Deploys, example: Example) -> None:
    """GO without a warning, GO with an additive migration, and back to that after a page raised."""
    app = deploys(example)
    app.release()
    first = app.deploy()
    assert (first["exit_code"], not_green(first)) == (0, []), first["ending"]
    good = app.release(example.migrated)
    second = app.deploy()
    assert (second["exit_code"], not_green(second)) == (0, []), second["ending"]
    assert second["ladder"].startswith("pending "), second["ladder"]

    app.release(example.broken)
    broken = app.deploy()

    with app.client() as client:
        page, alive = client.get(example.page), client.get("/healthz").json()
    expected = f"GET http://127.0.0.1:{app.port}{example.page}: found 500, twice; expected 200, as before this release"
    assert (broken["exit_code"], not_green(broken)) == (1, [("D30", expected)]), broken["ending"]
    assert (page.status_code, alive["release"][-8:]) == (httpx.codes.OK, f"-{good}")
