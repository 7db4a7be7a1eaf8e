"""A build that took something stale from its cache is made once more without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import App

CHECK = '''\
from pathlib import Path

import pytest

ASKED = Path({file!r})


@pytest.mark.build("T01", remedy="build anew")
def test_layer(evidence):
    """Nothing stale is in it."""
    asked = int(ASKED.read_text()) + 1 if ASKED.exists() else 1
    ASKED.write_text(str(asked))
    evidence.stale()
    assert asked >= {mended}, f"stale {{asked}} times"
'''


GREEN, RED, BUILT = ("build gate", True), ("build gate", False), ("build", True)
NOTE = "What was built held something stale, so it was built once more, without the cache."


@pytest.mark.parametrize(
    ("mended", "options", "code", "steps"),
    [
        pytest.param(2, (), 0, [BUILT, RED, BUILT, GREEN], id="mended"),
        pytest.param(3, (), 1, [BUILT, RED, BUILT, RED], id="not mended", marks=pytest.mark.thorough),
        pytest.param(2, ("--no-cache",), 1, [BUILT, RED], id="built without the cache", marks=pytest.mark.thorough),
    ],
)
def test_a_stale_layer_is_built_once_more(
    app: App, mended: int, options: tuple[str, ...], code: int, steps: list[tuple[str, bool]]
) -> None:
    """Without the cache; if it is stale then as well, that is NO-GO, and so it is at once where none was used."""
    (app.root / "checks").mkdir()
    check = CHECK.format(file=str(app.state.parent / "asked"), mended=mended)
    (app.root / "checks" / "test_layer.py").write_text(check)
    app.commit("a layer")
    ended, record = app.deploy(*options)

    assert ended.code == code, ended
    assert [(step["name"], step["ok"]) for step in record["steps"] if step["name"].startswith("build")] == steps
    assert (NOTE in record["notes"]) is (steps.count(BUILT) > 1)
