"""gonogo.runtimes.compose.waiting: an ``up --wait`` that gave up too early is run again, one that failed is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gonogo.errors import CommandError
from gonogo.host.runner import Command, LocalHost
from gonogo.runtimes.compose.waiting import Look, looks, run_until_healthy, wait_until_healthy

UP = "echo $0 $@ >> {log}; test -e {healthy}"


def command(folder: Path, *, seconds: int = 20) -> Command:
    """What fails until a file is there, as ``up --wait`` does until a container is healthy."""
    script = UP.format(log=folder / "log", healthy=folder / "healthy")
    return Command(argv=("sh", "-c", script, "up", "--force-recreate", "--wait", "--wait-timeout", str(seconds), "web"))


def web(status: str, health: str = "", restarts: int = 0) -> dict[str, Look]:
    """One container."""
    return {"web": Look(name="web", status=status, health=health, restarts=restarts)}


def run(folder: Path, seen: list[dict[str, Look]], *, seconds: int = 20) -> tuple[bool, list[str]]:
    """Whether it ended well, and how it was run; the last look is the one that makes it healthy."""
    (folder / "log").touch()

    def look() -> dict[str, Look]:
        now = next(answers)
        if now.get("web") and now["web"].health == "healthy":
            (folder / "healthy").touch()
        return now

    answers: Iterator[dict[str, Look]] = iter([*seen, *[seen[-1]] * 100])
    done = run_until_healthy(LocalHost(), command(folder, seconds=seconds), look)
    return done.ok, (folder / "log").read_text().splitlines()


def test_late_health_is_waited_for(tmp_path: Path) -> None:
    """It is run again once everything is healthy, within what is left of its time; nothing is made anew a second time."""
    seen = [{}, web("running", "unhealthy"), web("restarting", "unhealthy", 1), web("running", "healthy", 1)]
    ok, runs = run(tmp_path, seen)

    assert ok
    assert len(runs) == 2
    assert runs[0] == "up --force-recreate --wait --wait-timeout 20 web"
    assert runs[1].split()[:3] == ["up", "--wait", "--wait-timeout"]
    assert int(runs[1].split()[3]) < 20


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param([{}, {}], id="nothing was made"),
        pytest.param([{}, web("exited")], id="it ended"),
        pytest.param([{}, web("running", "unhealthy"), web("exited")], id="it ended later"),
        pytest.param([{}, web("restarting", "", 3)], id="a loop of restarts"),
        pytest.param([web("running", "healthy", 7), web("running", "unhealthy", 10)], id="a loop of what ran before"),
        pytest.param([{}, web("running", "healthy")], id="another failure"),
        pytest.param([{}, web("running")], id="another failure without a health check"),
    ],
)
def test_failure_is_no_reason_to_wait(tmp_path: Path, seen: list[dict[str, Look]]) -> None:
    """What is not only late is told at once."""
    script = command(tmp_path).argv
    answers = iter([*seen, *[seen[-1]] * 100])
    failing = Command(argv=(*script[:2], f"echo run >> {tmp_path}/log; false", *script[3:]))
    done = run_until_healthy(LocalHost(), failing, lambda: next(answers))

    assert not done.ok
    assert (tmp_path / "log").read_text() == "run\n"


def test_time_is_over(tmp_path: Path) -> None:
    """``health.timeout`` is all that it gets."""
    ok, runs = run(tmp_path, [{}, web("running", "unhealthy")], seconds=1)

    assert not ok
    assert len(runs) == 1


def test_old_restarts_do_not_count(tmp_path: Path) -> None:
    """A proxy that was restarted often in its life is no loop."""
    seen = [web("running", "starting", 40), web("running", "unhealthy", 41), web("running", "healthy", 41)]

    assert run(tmp_path, seen)[0]


def test_answer_of_the_engine_is_read() -> None:
    """Four fields a line; health is empty without a check."""
    assert looks("/web\trunning\tunhealthy\t41\n/jobs\texited\t\t0\nbroken line\n") == {
        "/web": Look(name="/web", status="running", health="unhealthy", restarts=41),
        "/jobs": Look(name="/jobs", status="exited", health="", restarts=0),
    }


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        pytest.param([web("running", "starting"), web("running", "healthy")], "", id="healthy after a while"),
        pytest.param(
            [web("running", "unhealthy"), web("restarting", "", 1), web("running", "healthy", 1)], "", id="early"
        ),
        pytest.param([web("running")], "", id="no health check"),
        pytest.param([web("running", "starting"), web("exited")], "web exited", id="it ended"),
        pytest.param([web("running", "", 4), web("running", "", 4)], "", id="restarted long ago"),
        pytest.param([web("restarting", "", 0), web("restarting", "", 3)], "web restarting", id="a loop"),
        pytest.param(
            [web("running", "unhealthy")], "web unhealthy, expected running and healthy within 1 s", id="never"
        ),
    ],
)
def test_health_is_waited_for(seen: list[dict[str, Look]], wrong: str) -> None:
    """One that comes later is waited for; one that ended, loops or is late is told."""
    answers = iter([*seen, *[seen[-1]] * 10])
    said = ""
    try:
        wait_until_healthy(lambda: next(answers), 1)
    except CommandError as error:
        said = str(error)

    assert (wrong in said, bool(said)) == (True, bool(wrong))
