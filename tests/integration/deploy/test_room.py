"""What a release takes on disk, and what the next one makes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import App

PIB = 1 << 50


def claim(app: App) -> None:
    """Make every kept release one that took more than there is."""
    for path in app.state.glob("releases/*/release.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"took": {"folder": PIB}}))


@pytest.mark.thorough
def test_less_room_than_each_release_took_is_red(app: App) -> None:
    """What each build took is noted; where one took more than there is that warns, where each did nothing is built."""
    app.deploy()
    (first,) = (json.loads(path.read_text()) for path in app.state.glob("releases/*/release.json"))
    claim(app)
    warned, record = app.deploy()
    (told,) = (
        check
        for step in record["steps"]
        if step["name"] == "predeploy"
        for check in step["gate"]["checks"]
        if check["code"] == "P26"
    )
    claim(app)
    red, refused = app.deploy()

    assert list(first["took"]) == ["folder"]
    assert 1 << 12 < first["took"]["folder"] < 1 << 30
    assert (warned.code, red.code) == (0, 1)
    assert told["advice"][0].endswith(f" MiB free, expected at least {PIB >> 20}, as one of the last 1 releases took")
    assert refused["reason"].startswith("P26: the state folder (")
    assert refused["reason"].endswith("as each of the last 2 releases took")
