"""``kill -9`` inside every command of a deploy, of its rollback, and of a rollback; signals at every step; runtime ``process``.

Each command is crashed in four ways: before it was journaled (it never runs), while it runs and has done nothing, while
it runs and has done everything, and so that it ends by itself before anybody looks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.crashing import BROKEN, SECOND, Crashing
from tests.integration.deploy.conftest import Ended

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

STEPS = """
[[env.test.step]]
name = "prepare"
before = "start"
run = "sh -c 'echo prepare >> {log}'"
undo = "sh -c 'echo undo-prepare >> {log}'"

[[env.test.step]]
name = "warm"
after = "start"
run = "sh -c 'echo warm >> {log}'"
undo = "sh -c 'echo undo-warm >> {log}'"
"""
WAYS = ("before", "begun", "done", "over")

ALL = bool(os.environ.get("GONOGO_ALL_CRASHES"))

Line = tuple[str, int]
"""A step, and which of its commands."""

UNTOUCHED: list[Line] = [
    *(("checkout", 0), ("checkout", 1), ("baseline", 0), ("predeploy", 0)),
    *(("logs", 0), ("build", 0), ("build", 1), ("build gate", 0)),
]
TOUCHED: list[Line] = [("prepare", 0), ("start", 0), ("warm", 0), ("postdeploy", 0)]
BACK: list[Line] = [("undo warm", 0), ("undo prepare", 0), ("restore", 0), ("verify", 0)]
ENDINGS = {
    "resume": {"prepare": "NO-GO before the start: ", "postdeploy": "GO  "},
    "rollback": dict.fromkeys(("prepare", "start", "warm", "postdeploy"), "GO  "),
}
STEPS_UNTOUCHED = ["checkout", "baseline", "predeploy", "logs", "build", "build gate"]
STEPS_TOUCHED = ["prepare", "migrate", "start", "warm", "postdeploy"]
SIGNALS = ("SIGTERM", "SIGHUP")


class Table(Crashing):
    """The journals' lines of a deploy, of one that is turned back, and of a rollback; each is learned once."""

    lines: dict[str, list[dict[str, Any]]]
    folders: dict[str, Path | None]

    def learn_all(self) -> None:
        """Deploy a red release, a green one, and go back; the green one stays the newest commit."""
        red = self.learn(BROKEN, code=1)
        self.folders = {"back": self.replay}
        green = self.learn(SECOND, code=0)
        self.folders |= {"deploy": self.replay, "rollback": None}
        self.broken, self.good = self.app.git("rev-parse", "HEAD~1"), self.app.git("rev-parse", "HEAD")
        self.lines = {"back": red, "deploy": green, "rollback": self.rollback_lines()}

    def number(self, run: str, line: Line) -> int:
        """The line of a journal at which a command of a step begins."""
        found = [
            n for n, one in enumerate(self.lines[run]) if (one["step"], one["event"]) == (line[0], "command-began")
        ]
        assert len(found) > line[1], f"{line} of {sorted({one['step'] for one in self.lines[run]})}"
        return found[line[1]]

    def serve_second(self) -> None:
        """Deploy the green release to its end, its gates answered from before."""
        self.replay = self.folders["deploy"]
        ended = self.drive("never", "SIGTERM", "deploy", "--force", "--reason", "a test")
        assert ended.code == 0, ended
        assert self.serving() != self.first

    def die_in(self, run: str, line: Line, way: str) -> dict[str, Any]:
        """Crash in a command; what the journal said of it in the whole run."""
        number = self.number(run, line)
        self.replay = self.folders[run]
        if run == "rollback":
            self.crash(number, way, "rollback", "--to", self.first)
        else:
            ref = self.broken if run == "back" else self.good
            self.crash(number, way, "deploy", "--force", "--reason", "a test", "--ref", ref, real=line[0])
        return self.lines[run][number]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    """One application for all crashes; the table is printed at the end."""
    folder = tmp_path_factory.mktemp("inside")
    made = Table(folder / "crashing", tables=STEPS.format(log=folder / "log"))
    try:
        made.learn_all()
        yield made
    finally:
        made.app.close()
        print("\n" + "\n".join(made.table))  # noqa: T201 (pytest -s shows it)


def chosen(lines: list[Line], *, every: int = 1, skip: int = 0) -> list[tuple[Line, str]]:
    """Every command in every way with ``GONOGO_ALL_CRASHES=1``; else some commands, the ways in turn."""
    if ALL:
        return [(line, way) for line in lines for way in WAYS]
    return [(line, WAYS[(number + skip) % len(WAYS)]) for number, line in enumerate(lines[::every])]


def names(value: object) -> str:
    """``start-begun``."""
    return f"{value[0]}-{value[1]}".replace(" ", "-") if isinstance(value, tuple) else str(value)


def see(table: Table, run: str, line: Line, way: str, serving: list[str]) -> tuple[str, ...]:
    """Crash, and look: the command that was not journaled never ran; one that runs is named by ``status``."""
    command = table.die_in(run, line, way)
    if way == "over":
        wait_for_end(table, serving)
    found = table.status()
    said = tuple(one.rsplit(" (pid ", 1)[0] for one in found.surviving)
    ran = table.mark.exists()

    assert ran == (way != "before")
    if way == "before":
        wait_for_end(table, serving)
    runs = way in {"begun", "done"} and not command["detached"]
    assert len(said) == int(runs), said
    assert (found.unfinished is None) == (run == "deploy" and line in UNTOUCHED)
    return said


def wait_for_end(table: Table, serving: list[str]) -> None:
    """No process is left but those that were there, and an instance that a pid file names (bounded)."""
    deadline = time.monotonic() + 10
    while (left := [one for one in table.processes() if one not in serving and "app.py" not in one]) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.02)
    assert left == []


def require_ended(record: dict[str, Any], said: tuple[str, ...]) -> None:
    """Whoever mended it told what still ran."""
    notes = "\n".join(record["notes"])
    for argv in said:
        assert f"still ran and was ended: `{argv}`" in notes


@pytest.mark.thorough
@pytest.mark.parametrize(("line", "way"), chosen(UNTOUCHED, every=8, skip=1), ids=names)
def test_crash_inside_a_command_before_the_first_touch(table: Table, line: Line, way: str) -> None:
    """The old process goes on; the next deploy ends what survived and clears away what was half made."""
    serving = table.processes()
    said = see(table, "deploy", line, way, serving)
    table.replay = table.folders["deploy"]
    begins = next(n for n, one in enumerate(table.lines["deploy"]) if one["event"] == "step-began")
    next_one = table.drive(begins, "SIGTERM", "deploy", "--json", "--force", "--reason", "a test")
    table.note({"step": line[0], "event": f"command {line[1]}"}, way, said, "next deploy clears", next_one.code)

    assert next_one.code == 2, next_one
    require_ended(next_one.json(), said)
    assert table.serving() == table.first
    assert table.processes() == serving
    table.assert_clean()


BOTH = [(line, way, command) for line, way in chosen(TOUCHED) for command in ("rollback", "resume")]
SOME = [(("prepare", 0), "begun", "rollback"), (("postdeploy", 0), "done", "resume")]


@pytest.mark.thorough
@pytest.mark.parametrize(("line", "way", "command"), BOTH if ALL else SOME, ids=names)
def test_crash_inside_a_command_of_a_deploy(table: Table, line: Line, way: str, command: str) -> None:
    """What survived is named, then ended; ``rollback`` goes back, ``resume`` completes what had started."""
    said = see(table, "deploy", line, way, table.processes())
    code, record, words = table.run(command)
    table.note({"step": line[0], "event": f"command {line[1]}"}, way, said, command, code, record.get("ending"))
    completed = command == "resume" and line[0] == "postdeploy"

    assert code == (0 if command == "rollback" or completed else 1), words
    require_ended(record, said)
    assert record["ending"].startswith(ENDINGS[command].get(line[0], "REVERTED"))
    if completed:
        assert table.serving() == record["release"] != table.first
        table.go_back()
    else:
        assert record["verified"]["exitstatus"] == 0
    assert table.serving() == table.first
    table.assert_clean()


@pytest.mark.thorough
@pytest.mark.parametrize(("line", "way"), chosen(BACK, every=4, skip=2), ids=names)
def test_crash_inside_a_command_of_the_way_back(table: Table, line: Line, way: str) -> None:
    """``resume`` and ``rollback`` in turn take it back whole."""
    command = "resume" if line in BACK[::2] else "rollback"
    said = see(table, "back", line, way, table.processes())
    code, record, words = table.run(command)
    table.note({"step": line[0], "event": f"command {line[1]}"}, way, said, command, code, record.get("ending"))

    assert code == (1 if command == "resume" else 0), words
    require_ended(record, said)
    assert record["verified"]["exitstatus"] == 0
    assert table.serving() == table.first
    table.assert_clean()


@pytest.mark.skipif(not ALL, reason="GONOGO_ALL_CRASHES=1 does it; every line of a rollback is in test_crashes.py")
@pytest.mark.parametrize(("line", "way"), chosen(BACK[2:]), ids=names)
def test_crash_inside_a_command_of_a_rollback(table: Table, line: Line, way: str) -> None:
    """An operator's rollback that was killed is brought to its end by the next one."""
    table.serve_second()
    said = see(table, "rollback", line, way, table.processes())
    code, record, words = table.run("resume")
    table.note({"step": line[0], "event": f"command {line[1]}"}, way, said, "resume", code, record.get("ending"))

    assert code == 0, words
    require_ended(record, said)
    assert record["verified"]["exitstatus"] == 0
    assert table.serving() == table.first
    table.assert_clean()


def signalled(steps: list[str], *, every: int) -> list[tuple[str, str]]:
    """Both signals at every step with ``GONOGO_ALL_CRASHES=1``; else one signal at some steps, in turn."""
    if ALL:
        return [(step, name) for step in steps for name in SIGNALS]
    return [(step, SIGNALS[number % 2]) for number, step in enumerate(steps[::every])]


def deploy_to(table: Table, at: str, edges: str, step: str) -> Ended:
    """Deploy the green release while signals arrive."""
    table.replay = table.folders["deploy"]
    return table.drive(at, edges, "deploy", "--json", "--force", "--reason", "a test", real=step)


@pytest.mark.thorough
@pytest.mark.parametrize(("step", "name"), signalled(STEPS_UNTOUCHED, every=6))
def test_signal_at_a_step_before_the_first_touch(table: Table, step: str, name: str) -> None:
    """Exit 2; the very process that served goes on, and no run is left open."""
    serving = table.processes()
    ended = deploy_to(table, f"{step}:step-began", name, step)
    record = ended.json()
    table.note({"step": step, "event": name}, ended.code, record.get("ending"))

    assert ended.code == 2, ended
    assert record["reason"] == f"interrupted by {name}"
    assert record["ending"].startswith("INTERRUPTED before the first touch: nothing that serves was changed; ")
    assert table.processes() == serving
    assert table.serving() == table.first
    table.assert_clean()


@pytest.mark.parametrize(("step", "name"), signalled(STEPS_TOUCHED[::-1], every=5))
@pytest.mark.thorough
def test_signal_at_a_step_after_the_first_touch(table: Table, step: str, name: str) -> None:
    """Exit 2; the previous release serves and passed its gate, although Ctrl-C follows while it comes back."""
    second = "restore" if step in {"warm", "postdeploy"} else "verify"
    ended = deploy_to(table, f"{step}:step-began,{second}:step-began", f"{name},SIGINT", step)
    record = ended.json()
    table.note({"step": step, "event": f"{name}, then SIGINT"}, ended.code, record.get("ending"))

    assert ended.code == 2, ended
    assert record["reason"] == f"interrupted by {name}"
    assert record["ending"].startswith("NO-GO before the start" if second == "verify" else "REVERTED to ")
    assert "SIGINT: the rollback goes on; it is bounded in time." in ended.err
    assert record["verified"]["exitstatus"] == 0
    assert table.serving() == table.first
    table.assert_clean()


@pytest.mark.skipif(not ALL, reason="GONOGO_ALL_CRASHES=1 does it")
def test_signals_do_not_stop_gonogo_rollback(table: Table) -> None:
    """Neither the first one nor a second: an operator's rollback ends in the release that was asked for, proven."""
    table.serve_second()
    table.replay = None
    at, edges = "restore:step-began,verify:step-began", "SIGTERM,SIGINT"
    ended = table.drive(at, edges, "rollback", "--json", "--to", table.first)

    assert ended.code == 0, ended
    assert [f"{name}: the rollback goes on" in ended.err for name in edges.split(",")] == [True, True]
    assert ended.json()["verified"]["exitstatus"] == 0
    assert table.serving() == table.first
    table.assert_clean()


@pytest.mark.parametrize(
    ("command", "steps", "code"),
    [("resume", "postdeploy,restore", 2), *([("rollback", "undo warm,restore", 0)] if ALL else [])],
)
@pytest.mark.thorough
def test_signals_while_a_crash_is_mended(table: Table, command: str, steps: str, code: int) -> None:
    """``resume`` is interrupted like a deploy, then not again; ``rollback`` is in its rollback from its first step on."""
    table.die_in("deploy", ("postdeploy", 0), "before")
    table.replay = None
    at = ",".join(f"{step}:step-began" for step in steps.split(","))
    ended = table.drive(at, "SIGHUP,SIGINT", command, "--json")
    record = ended.json()
    table.note({"step": steps, "event": "SIGHUP, SIGINT"}, command, ended.code, record.get("ending"))

    assert ended.code == code, ended
    assert record["verified"]["exitstatus"] == 0
    assert "SIGINT: the rollback goes on" in ended.err
    assert table.serving() == table.first
    table.assert_clean()
