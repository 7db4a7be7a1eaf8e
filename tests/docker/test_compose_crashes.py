"""``kill -9`` of the wrapper at the lines of its journal and inside its commands, under the runtime ``compose``.

A handful by default; ``GONOGO_ALL_CRASHES=1`` makes it every line, and half-way through every command.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import docker
import pytest

from gonogo.runtimes.compose.engine import scratch_label, scratch_name

from . import small
from .crashing import Crashing, Line
from .stack import stack

__all__: list[str] = []

ALL = bool(os.environ.get("GONOGO_ALL_CRASHES"))
pytestmark = [
    pytest.mark.xdist_group("compose-crashes"),
    pytest.mark.timeout(3600 if ALL else 300),
    pytest.mark.thorough,
]
every = pytest.mark.skipif(not ALL, reason="GONOGO_ALL_CRASHES=1 kills at every line")


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Crashing]:
    """An application with one good release, which each test leaves serving."""
    with stack(tmp_path_factory.mktemp("crash"), engine, "crash") as app:
        small.create(app)
        yield Crashing(app, engine)


def release(crashing: Crashing, pages: dict[str, int], *, name: str = "") -> str:
    """Commit another version; returns the commit."""
    crashing.app.git("checkout", "-q", "-B", "main", crashing.app.release(crashing.first)["commit"])
    small.pages(crashing.app, {**pages, f"/{name}": 200})
    return crashing.app.commit("another")


def serving_image(crashing: Crashing) -> str:
    """The image that runs."""
    return crashing.app.images()["web"]


def test_killed_before_the_first_touch(
    crashing: Crashing, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a build and in a gate: what serves goes on, the next deployment takes away tags and scratch containers."""
    release(crashing, small.GREEN, name="before")
    serving = crashing.app.lives()
    crashing.deploy_until("build/build", "client", pause=0.2)
    crashing.kill_when(crashing.scratch, "deploy", real="build gate")
    found = crashing.status()
    monkeypatch.setenv("GONOGO_GATE", found.untouched[0])  # killed a moment later, it would have left this one
    labels = dict([scratch_label(crashing.app.project)])
    engine.containers.create(serving_image(crashing), ["never"], name=scratch_name(), labels=labels)
    monkeypatch.delenv("GONOGO_GATE")
    left = crashing.scratch()
    crashing.app.write({"app/server.py": "def broken(:\n"})
    crashing.app.commit("cannot be compiled")
    ended = crashing.drive("never", "after", "deploy", real="predeploy")
    crashing.note("before the first touch", found.untouched, left, ended.returncode)

    assert (found.unfinished, len(found.untouched)) == (None, 1)
    assert left
    assert ended.returncode == 1, ended
    assert crashing.app.lives() == serving
    assert crashing.left(serving=crashing.first) == []


@pytest.mark.parametrize(
    ("at", "edge", "pause", "command", "code"),
    [
        pytest.param("start/up", "client", 0.5, "rollback", 0, id="the Engine goes on with the start"),
        pytest.param("start/up", "inside", 0.5, "resume", 1, id="the client goes on with the start", marks=every),
        pytest.param("restore/up", "inside", 0.5, "resume", 1, id="in the rollback"),
    ],
)
def test_killed_after_the_first_touch(
    crashing: Crashing, at: str, edge: str, pause: float, command: str, code: int
) -> None:
    """Status names the run; the old release is started again, proven by its gate, and nothing else is left."""
    release(crashing, small.BROKEN if at.startswith("restore") else small.GREEN, name=f"{at}{edge}")
    crashing.deploy_until(at, edge, pause=pause, real="postdeploy")
    found = crashing.status()
    ended, record = crashing.run(command)
    crashing.note(f"{at} {edge}", found.surviving, command, ended.code, record.get("ending"), record.get("notes"))

    assert found.unfinished is not None
    assert ended.code == code, ended
    assert record["verified"]["exitstatus"] == 0
    assert crashing.left(serving=crashing.first) == []


SLOW = """\
    while os.path.exists("/data/slow"):
        time.sleep(0.1)
"""


def test_migration_goes_on_after_its_client(crashing: Crashing) -> None:
    """The container of a migration whose wrapper and client were killed is ended before the old release is proven."""
    release(crashing, small.GREEN, name="slow")
    small.migration(crashing.app, "0002", before="0001", more=SLOW)
    crashing.app.commit("a slow migration")
    web = crashing.app.containers()["web"]
    web.exec_run(["touch", "/data/slow"])
    crashing.deploy_until("migrate/run", "client", pause=2.0)
    went_on = [one.name or "" for one in crashing.containers() if one.name != web.name]
    found = crashing.status()
    ended, record = crashing.run("rollback")
    web.exec_run(["rm", "/data/slow"])
    crashing.note("migrate/run client", went_on, ended.code, record.get("ending"), record.get("notes"))

    assert [name.startswith(f"{crashing.app.project}-web-once-") for name in went_on] == [True]
    assert found.unfinished is not None
    assert ended.code == 0, ended
    assert (
        f"The container {went_on[0]}, of a command of the run {found.unfinished}, still ran and was ended."
        in (record["notes"])
    )
    assert crashing.left(serving=crashing.first) == []


def test_killed_in_the_rollback_recipe(crashing: Crashing) -> None:
    """``current`` names the release that was proven until the other one is; the next rollback completes it."""
    release(crashing, small.GREEN, name="again")
    second = crashing.app.deploy()
    crashing.crash("restore/up", "client", "rollback", "--to", crashing.first, pause=0.5)
    current = (crashing.app.state / "current").read_text().strip()
    found = crashing.status()
    ended, record = crashing.run("rollback")
    crashing.note("rollback: restore/up client", found.unfinished, ended.code, record.get("ending"), reds(record))

    assert second.code == 0, second
    assert current == second.document["release"]
    assert found.unfinished is not None
    assert ended.code == 0, ended
    assert record["verified"]["exitstatus"] == 0
    assert crashing.left(serving=crashing.first) == []


def reds(record: dict[str, Any]) -> list[str]:
    """What the gate of the release that is back does not pass."""
    checks = (record.get("verified") or {}).get("checks", ())
    return [f"{check['code']}: {check['found']}" for check in checks if check["outcome"] in {"failed", "inconclusive"}]


def edges(lines: list[Line], first: str, last: str) -> Iterator[tuple[int, Line, str, float]]:
    """From one step or event to another: each line, and half-way through each command with its client or without."""
    names = [line["step"] or line["event"] for line in lines]
    for number in range(names.index(first), len(names) - names[::-1].index(last)):
        line = lines[number]
        yield number, line, "after", 0.0
        if line["event"] == "command-began":
            half = next(after["seconds"] for after in lines[number:] if after["event"] == "command-ended") / 2
            yield number, line, "inside", half
            yield number, line, "client", half


def at_each(
    crashing: Crashing, places: Iterable[tuple[int, Line, str, float]], die: Callable[[int, Line, str, float], None]
) -> list[str]:
    """Die in each place; what went wrong, in words. The first release serves before each."""
    wrong = []
    for number, line, edge, pause in places:
        try:
            die(number, line, edge, pause)
        except AssertionError as error:
            wrong.append(f"line {number} {edge}: {error}")
            crashing.row(line, edge, "WRONG", str(error).splitlines()[0])
            crashing.run("rollback", "--to", crashing.first)
    return wrong


@every
def test_every_line_of_a_deployment_that_goes_go(crashing: Crashing) -> None:
    """Before the first touch the next one clears it away; after it, resume and rollback end it, proven."""
    release(crashing, small.GREEN, name="go")
    ended = crashing.app.deploy()
    lines = crashing.lines(str(ended.document["run"]))
    assert crashing.run("rollback", "--to", crashing.first)[0].code == 0
    touched = next(number for number, line in enumerate(lines) if line["event"] == "first-touch")
    started = next(n for n, line in enumerate(lines) if (line["step"], line["event"]) == ("start", "step-ended"))

    def die(number: int, line: Line, edge: str, pause: float) -> None:
        crashing.deploy_until(str(number), edge, pause=pause, real=line["step"])
        found = crashing.status()
        if number < touched:
            assert (found.unfinished, len(found.untouched)) == (None, 1)
            crashing.row(line, edge, "untouched")
            return
        assert found.unfinished is not None
        command = "rollback" if (number + len(edge)) % 2 or number >= started else "resume"
        end(crashing, line, edge, command, code=1 if command == "resume" else 0)

    assert at_each(crashing, edges(lines, "run-began", "postdeploy"), die) == []


@every
def test_every_line_of_a_way_back(crashing: Crashing) -> None:
    """From the red verdict on: resume ends with exit code 1, rollback with 0, and the old release is proven."""
    release(crashing, small.BROKEN, name="red")
    ended = crashing.app.deploy()
    lines = crashing.lines(str(ended.document["run"]))

    def die(number: int, line: Line, edge: str, pause: float) -> None:
        crashing.deploy_until(str(number), edge, pause=pause, real="postdeploy")
        command = "rollback" if number % 2 else "resume"
        end(crashing, line, edge, command, code=1 if command == "resume" else 0)

    assert at_each(crashing, edges(lines, "rollback", "verify"), die) == []


@every
def test_every_line_of_a_rollback(crashing: Crashing) -> None:
    """The next rollback, or resume, goes where the one that was killed was going."""
    release(crashing, small.GREEN, name="there and back")
    ended = crashing.app.deploy()
    second = str(ended.document["release"])
    said, record = crashing.run("rollback", "--to", crashing.first)
    assert said.code == 0, said
    lines = crashing.lines(str(record["run"]))

    def die(number: int, line: Line, edge: str, pause: float) -> None:
        said, _ = crashing.run("rollback", "--to", second)
        assert said.code == 0, said
        crashing.crash(str(number), edge, "rollback", "--to", crashing.first, pause=pause, real="verify")
        found = crashing.status()
        assert found.unfinished is not None
        assert found.serving == second
        end(crashing, line, edge, "rollback" if number % 2 else "resume", code=0)

    assert at_each(crashing, edges(lines, "first-touch", "verify"), die) == []


def end(crashing: Crashing, line: Line, edge: str, command: str, *, code: int) -> None:
    """Bring the run that was killed to its end; the first release serves, proven, and nothing else is left."""
    said, record = crashing.run(command)
    wrong = crashing.left(serving=crashing.first)
    crashing.row(line, edge, command, said.code, record.get("ending"), *wrong)
    assert (said.code, wrong) == (code, []), said
    assert record["verified"]["exitstatus"] == 0
