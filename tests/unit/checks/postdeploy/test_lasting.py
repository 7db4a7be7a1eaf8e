"""How long an instance is watched that was started again, and when that is nobody's fault."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.checks.postdeploy.instances import RESTARTS
from gonogo.checks.postdeploy.lasting import Observation, Rounds, until_outlived
from gonogo.config import Environment
from gonogo.gates.subject import Subject
from gonogo.host.runner import Command
from gonogo.records.results import CheckResult, Evidence, GateResult
from gonogo.runtimes.base import InstanceState
from gonogo.words import Outcome, Role, Stage

ENVIRONMENT = Environment(name="test", project="t", compose=("docker-compose.yml",))


def worker(*, made: float, started: float, restarts: int = 0, status: str = "running", **more: Any) -> InstanceState:
    """A worker that was made and started so many seconds ago."""
    now = datetime.now(UTC)
    return InstanceState(
        service="worker",
        name="shop-worker-1",
        status=status,
        health=more.get("health"),
        restarts=restarts,
        created_at=(now - timedelta(seconds=made)).isoformat(),
        started_at=(now - timedelta(seconds=started)).isoformat(),
        image=None,
        release=None,
    )


class Story:
    """An inspector: how the worker is, from so many seconds on."""

    def __init__(self, *later: tuple[float, InstanceState]) -> None:
        """What it becomes."""
        self._begin, self._later = time.monotonic(), later

    def instances(self, *, health: bool = True) -> list[InstanceState]:  # noqa: ARG002 (it knows)
        """As it is now."""
        return [[one for at, one in self._later if time.monotonic() - self._begin >= at][-1]]

    def fronts(self) -> list[InstanceState]:
        """Nothing stands in front."""
        return []

    def published(self) -> list[tuple[str, str, int]]:
        """No port."""
        return []


class Engine:
    """Remembers how a container ended that was started every so many seconds."""

    def __init__(self, *codes: str, lives: float = 20.0) -> None:
        """With these codes."""
        self._codes, self._lives = codes, lives

    def run(self, command: Command) -> Any:
        """``docker events``."""
        assert {"event=start", "event=die", "container=shop-worker-1"} <= {*command.argv}
        lines = []
        for number, code in enumerate(self._codes):
            lines += [f"start {int(number * 1e11)} ", f"die {int(number * 1e11 + self._lives * 1e9)} {code}"]
        return SimpleNamespace(output="\n".join(lines))


def watched(
    *later: tuple[float, InstanceState],
    codes: Sequence[str] = ("1",),
    lives: float = 20.0,
    usual: frozenset[str] | None = frozenset(),
) -> tuple[Observation, float]:
    """Observed for half a second from the first of these on, and how long that took."""
    story = Story(*later)
    engine: Any = Engine(*codes, lives=lives)
    rounds = Rounds(inspector=story, environment=ENVIRONMENT, runner=engine, usual=usual)  # type: ignore[arg-type]
    seen = Observation(before={"shop-worker-1": later[0][1]}, rounds=rounds, starting=120.0, most=4.0)
    begin = time.monotonic()
    seen.watch(until=begin + 0.5, window=0.5)
    return seen, time.monotonic() - begin


@pytest.mark.parametrize(
    ("waited", "lived", "seconds"),
    [(0, 4, [6.0]), (90, 10, [30.0]), (500, 10, [])],
    ids=["lived 4 s", "waited for others before", "restarted a long time after its start"],
)
def test_what_restarted_is_watched_as_long_as_the_check_may_take(waited: int, lived: int, seconds: list[float]) -> None:
    """One that waited long for others before its first start seems to have lived long; it is watched as well."""
    one = worker(made=waited + lived, started=0, restarts=1)

    assert list(until_outlived([one], most=30.0, starting=120.0)) == [pytest.approx(s, abs=1.0) for s in seconds]


def test_one_that_was_early_is_watched_until_it_lasts() -> None:
    """It ends once while the release starts, is started again, and goes on."""
    seen, took = watched((0, worker(made=1, started=1)), (0.2, worker(made=2, started=0, restarts=1)))

    assert (seen.moved, seen.early) == ({}, {"shop-worker-1"})
    assert took > 2.5, "half as long again as it lived"


def test_one_that_ends_again_and_again_is_red() -> None:
    """The third restart is one too many."""
    seen, _ = watched(
        (0, worker(made=1, started=1)),
        (0.2, worker(made=2, started=0, restarts=1)),
        (0.8, worker(made=3, started=0, restarts=3)),
    )

    assert seen.moved == {"shop-worker-1": "shop-worker-1 restarted 2 times"}


def test_one_that_is_not_started_again_in_time_is_red() -> None:
    """It still waits for its next start when the time is over."""
    seen, took = watched(
        (0, worker(made=1, started=1)), (0.2, worker(made=2, started=1, restarts=1, status="restarting"))
    )

    assert seen.moved == {"shop-worker-1": "shop-worker-1 restarting"}
    assert took == pytest.approx(4.0, abs=1.0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (worker(made=9, started=9, health="healthy"), worker(made=10, started=0, restarts=1, health="starting")),
        (worker(made=500, started=500), worker(made=501, started=0, restarts=1)),
        (worker(made=9, started=9), replace(worker(made=9, started=0), restarts=0)),
        (worker(made=9, started=9), worker(made=9, started=9, status="exited")),
    ],
    ids=["was healthy", "long after its start", "somebody restarted it", "ended for good"],
)
def test_what_nothing_excuses_is_red_at_once(before: InstanceState, after: InstanceState) -> None:
    """Nobody waits whether it ends once more."""
    seen, took = watched((0, before), (0.2, after))

    assert list(seen.moved) == ["shop-worker-1"]
    assert took < 1.5


@pytest.mark.parametrize(
    ("codes", "lives", "usual", "is_red"),
    [
        (["0", "0"], 2, None, False),
        (["0", "0"], 2, frozenset({"worker"}), False),
        (["0", "0"], 20, frozenset(), False),
        (["0", "0"], 2, frozenset(), True),
        (["0", "1"], 20, None, True),
        ([], 20, None, True),
    ],
    ids=["of what serves", "as before this release", "new", "new, and at once", "it failed once", "nobody remembers"],
)
def test_a_job_that_comes_round_is_known_by_how_it_ends(
    codes: list[str],
    lives: float,
    usual: frozenset[str] | None,
    is_red: bool,  # noqa: FBT001
) -> None:
    """A worker that ends at once, and well, looks the same: a new one must have run for a while."""
    seen, took = watched(
        (0, worker(made=900, started=20, restarts=40)),
        (0.2, worker(made=900, started=0, restarts=41)),
        codes=codes,
        lives=lives,
        usual=usual,
    )

    assert bool(seen.moved) is is_red
    assert (seen.came_round == {"shop-worker-1"}) is not is_red
    assert took < 1.5, "a job is not waited for"


@pytest.mark.parametrize(
    ("role", "known"), [(Role.CANDIDATE, frozenset({"worker"})), (Role.BASELINE, None), (Role.BARE, None)]
)
def test_only_a_release_that_is_deployed_is_held_against_the_one_before(
    tmp_path: Any, role: Role, known: frozenset[str] | None
) -> None:
    """What D03 noted in the baseline is what came round before."""
    noted = Evidence(title=RESTARTS, kind="json", value={"worker": 20.0})
    check = CheckResult(id="x", code="D03", stage=Stage.POSTDEPLOY, outcome=Outcome.PASSED, evidence=(noted,))
    gate = GateResult(stage=Stage.POSTDEPLOY, env="test", started=datetime.now(UTC), checks=(check,))
    about = Subject(role=role, env="test", root=tmp_path, path=tmp_path, state=tmp_path, checkout=tmp_path)
    made = Rounds.known(Story(), ENVIRONMENT, Engine(), subject=about, baseline=gate)  # type: ignore[arg-type]

    assert made.usual == known
