"""The team's own steps in a deployment: a gate that is asked after one still decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import App

STEP = """
[[env.test.step]]
name = "note"
before = "build"
run = "touch {file}"
undo = "rm {file}"
"""
LASTING = """
[[env.test.step]]
name = "lasting"
after = "start"
run = "true"
"""


@pytest.mark.thorough
def test_red_build_gate_after_a_step_starts_nothing(app: App) -> None:
    """A step is a touch: the build gate after it goes back at once, undoes the step, and the new release never starts."""
    app.deploy()
    noted = app.state / "noted"
    app.configure(tables=STEP.format(file=noted))
    check = "import pytest\n\n\n@pytest.mark.build\ndef test_never():\n    assert False, 'not this one'\n"
    (app.root / "checks").mkdir()
    (app.root / "checks" / "test_never.py").write_text(check)
    app.commit("red at the build gate")
    red, record = app.deploy()

    assert red.code == 1, red
    assert "start" not in [step["name"] for step in record["steps"]]
    assert [cause["found"] for cause in record["causes"]] == ["not this one"]
    assert not noted.exists()
    assert app.serving_text() == "hello"


@pytest.mark.thorough
def test_rollback_by_hand_takes_back_what_the_steps_did(app: App) -> None:
    """Seen: after a rollback of a release that went GO, what its steps had done stayed, without a word."""
    first, before = app.deploy()
    assert first.code == 0, first
    noted = app.state / "noted"
    app.configure(tables=STEP.format(file=noted) + LASTING)
    app.commit("with steps")
    second, _ = app.deploy()
    assert (second.code, noted.exists()) == (0, True), second
    back = app.gonogo("rollback", "--env", "test", "--json", "--to", before["release"])

    assert back.code == 0, back
    assert not noted.exists()
    assert [step["name"] for step in back.json()["steps"]] == [
        "baseline",
        "undo lasting",
        "undo note",
        "restore",
        "verify",
    ]
    assert "baseline" not in back.err.partition('The step "lasting" has no undo: what it did stays.')[0]
    assert 'The step "lasting" has no undo' in " ".join(back.json()["notes"])
