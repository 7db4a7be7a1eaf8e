"""``kill -9`` of the wrapper at every line of its journal, under the runtime ``process``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.crashing import BROKEN, SECOND, Crashing

pytestmark = [pytest.mark.integration, pytest.mark.timeout(3600 if os.environ.get("GONOGO_ALL_CRASHES") else 300)]


@pytest.fixture
def crashing(tmp_path: Path) -> Iterator[Crashing]:
    """An application with one good release; the table is printed at the end."""
    made = Crashing(tmp_path / "crashing")
    yield made
    made.app.close()
    print("\n".join(made.table))  # noqa: T201 (pytest -s shows it)


def chosen(numbers: range) -> list[int]:
    """All lines with ``GONOGO_ALL_CRASHES=1``; else the first, the last, and every twentieth between."""
    if os.environ.get("GONOGO_ALL_CRASHES"):
        return list(numbers)
    return sorted({*numbers[::20], numbers[-1]})


def touched(lines: list[dict[str, Any]]) -> int:
    """Number of the line of the first touch."""
    return next(number for number, line in enumerate(lines) if line["event"] == "first-touch")


@pytest.mark.thorough
def test_crash_before_the_first_touch_needs_nothing(crashing: Crashing) -> None:
    """At every line before it: the old process goes on, status says what was left, the next deploy works."""
    lines = crashing.learn(SECOND, code=0)
    serving = crashing.processes()
    for number in chosen(range(touched(lines))):
        crashing.deploy_until(number, "after", lines)
        found = crashing.status()
        crashing.note(lines[number], found.untouched)

        assert (found.unfinished, len(found.untouched)) == (None, 1)
        assert crashing.serving() == crashing.first
    code, record, said = crashing.run("deploy")

    assert code == 0, said
    assert [note for note in record["notes"] if "could not be removed" in note] == []
    assert crashing.serving() == record["release"]
    assert set(serving).isdisjoint(crashing.processes())
    crashing.assert_clean()


def test_crash_after_the_first_touch_is_taken_back(crashing: Crashing) -> None:
    """At every line of a deployment that goes GO: rollback ends in the old release, proven by its gate."""
    lines = crashing.learn(SECOND, code=0)
    for number in chosen(range(touched(lines), len(lines) - 1)):
        crashing.deploy_until(number, "after", lines)
        found = crashing.status()
        assert found.unfinished is not None
        refused = crashing.app.gonogo("deploy", "--env", "test") if number == touched(lines) else None
        code, record, said = crashing.run("rollback")
        crashing.note(lines[number], found.unfinished, found.surviving, code, record.get("ending"))

        assert code == 0, said
        assert record["verified"]["exitstatus"] == 0
        assert crashing.serving() == crashing.first
        assert (crashing.app.state / "current").read_text().strip() == crashing.first
        crashing.assert_clean()
        if refused is not None:
            assert refused.code == 1
            assert (
                "found a run that was cut off after its first touch, expected none. Complete it where that is safe: "
                "`gonogo resume --env test`, or go back: `gonogo rollback --env test`." in refused.err
            )


@pytest.mark.thorough
def test_crash_on_the_way_back_is_taken_back_whole(crashing: Crashing) -> None:
    """At every line of a deployment that is turned back, from the red gate on."""
    lines = crashing.learn(BROKEN, code=1)
    red = next(n for n, line in enumerate(lines) if (line["step"], line["event"]) == ("postdeploy", "step-ended"))
    for number in chosen(range(red, len(lines) - 1)):
        crashing.deploy_until(number, "after", lines)
        command = "resume" if number % 2 else "rollback"
        code, record, said = crashing.run(command)
        crashing.note(lines[number], command, code, record.get("ending"))

        assert code == (1 if command == "resume" else 0), said
        assert record["verified"]["exitstatus"] == 0
        assert crashing.serving() == crashing.first
        crashing.assert_clean()


@pytest.mark.thorough
def test_resume_completes_what_was_started_and_takes_back_the_rest(crashing: Crashing) -> None:
    """Just before each line from the start on: exit 0 and the new release, proven; else exit 1 and the old one."""
    lines = crashing.learn(SECOND, code=0)
    begin = next(n for n, line in enumerate(lines) if (line["step"], line["event"]) == ("start", "step-began"))
    whole = next(n for n, line in enumerate(lines) if (line["step"], line["event"]) == ("start", "step-ended"))
    for number in chosen(range(begin, len(lines))):
        crashing.deploy_until(number, "before", lines)
        code, record, said = crashing.run("resume")
        crashing.note(lines[number], "resume", code, record.get("ending"))

        if number <= whole:
            assert code == 1, said
            assert crashing.serving() == crashing.first
        else:
            assert code == 0, said
            assert crashing.serving() == record["release"] != crashing.first
            assert (crashing.app.state / "current").read_text().strip() == record["release"]
            assert crashing.app.ask("/second") is not None
            crashing.go_back()
        crashing.assert_clean()


@pytest.mark.thorough
def test_rollback_that_was_killed_is_resumed(crashing: Crashing) -> None:
    """At every line of a rollback; ``current`` names the release that was proven until the other one is."""
    crashing.learn(SECOND, code=0)
    code, record, said = crashing.run("deploy")
    assert code == 0, said
    second = str(record["release"])
    lines = crashing.rollback_lines()
    for number in chosen(range(len(lines) - 1)):
        crashing.crash(number, "after", "rollback", "--to", crashing.first)
        current = (crashing.app.state / "current").read_text().strip()
        found = crashing.status()
        code, record, said = crashing.run("rollback", *(("--to", crashing.first) if found.unfinished is None else ()))
        crashing.note(lines[number], current, found.unfinished, code, record.get("ending"))

        assert current == second
        assert code == 0, said
        assert crashing.serving() == crashing.first
        crashing.assert_clean()
        code, record, said = crashing.run("rollback", "--to", second)
        assert code == 0, said


@pytest.mark.thorough
def test_first_deploy_that_was_killed_is_stopped_or_completed(tmp_path: Path) -> None:
    """There is nothing to go back to: rollback stops what was started (exit 1), resume completes it (exit 0)."""
    crashing = Crashing(tmp_path / "crashing", first_deploy=False)
    try:
        for command, code, ending in (
            ("rollback", 1, "STOPPED: the first deploy failed; nothing serves, what it had started is stopped"),
            ("resume", 0, "GO"),
        ):
            crashing.kill_at("postdeploy")
            found, record, said = crashing.run(command)
            crashing.note({"step": "postdeploy", "event": "step-began"}, command, found, record.get("ending"))

            assert found == code, said
            assert record["ending"].startswith(ending)
            assert crashing.serving() == (record["release"] if code == 0 else None)
        crashing.assert_clean()
    finally:
        crashing.app.close()
