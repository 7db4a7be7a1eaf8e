"""When an instance counts as running."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gonogo.checks.postdeploy.test_instances import _until_outlived as until_outlived
from gonogo.checks.postdeploy.test_instances import test_every_instance_runs as every_instance_runs
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.base import InstanceState


class Inspector:
    """Knows one instance."""

    def __init__(self, *, status: str, one_shot: bool, exit_code: int | None = None) -> None:
        """An instance of that status."""
        self._one = InstanceState(
            service="migrate",
            name="shop-migrate-1",
            status=status,
            health=None,
            restarts=0,
            started_at="",
            image=None,
            release=None,
            exit_code=exit_code,
            one_shot=one_shot,
        )

    def instances(self, *, health: bool = True) -> list[InstanceState]:  # noqa: ARG002 (it knows)
        """That one."""
        return [self._one]

    def fronts(self) -> list[InstanceState]:
        """Nothing stands in front."""
        return []

    def published(self) -> tuple[tuple[str, str, int], ...]:
        """No port."""
        return ()

    def logs(self, since: datetime | None, *, around: bool = False) -> dict[str, list[str]]:
        """What it wrote last."""
        assert (since, around) == (None, True)
        return {"migrate": ["migrating", "no such table", ""]}


@pytest.mark.parametrize(
    ("status", "one_shot", "code"),
    [("running", False, None), ("exited", True, 0), ("created", True, None), ("missing", True, None)],
    ids=["runs", "ended well", "not run on the way back", "ended and was pruned"],
)
def test_what_should_not_run_any_more_is_no_failure(status: str, one_shot: bool, code: int | None) -> None:  # noqa: FBT001
    """A one-shot ends, or its container was only made: on the way back its migration is not run."""
    every_instance_runs(Inspector(status=status, one_shot=one_shot, exit_code=code), Collected())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "one_shot", "code", "said"),
    [
        ("created", False, None, "shop-migrate-1 created"),
        ("missing", False, None, "shop-migrate-1 missing"),
        ("exited", True, 3, "shop-migrate-1 exited (exit code 3)"),
        ("exited", False, 0, "shop-migrate-1 exited (exit code 0)"),
    ],
    ids=["never started", "gone", "one-shot that failed", "service that ended"],
)
def test_what_should_run_and_does_not_is_red(status: str, one_shot: bool, code: int | None, said: str) -> None:  # noqa: FBT001
    """A container that was made and never started is only well where its service is a one-shot."""
    inspector = Inspector(status=status, one_shot=one_shot, exit_code=code)

    with pytest.raises(AssertionError) as caught:
        every_instance_runs(inspector, Collected())  # type: ignore[arg-type]
    assert str(caught.value).split("\n")[0] == (
        f"found {said} (it wrote last: no such table); expected 1 running instances"
    )


@pytest.mark.parametrize(
    ("waited", "lived", "watched"), [(0, 4, 6.0), (90, 10, 30.0)], ids=["lived 4 s", "waited for others before"]
)
def test_what_restarted_is_watched_as_long_as_the_check_may_take(waited: int, lived: int, watched: float) -> None:
    """A container that waited long for others before its first start seems to have lived long; it is watched as well."""
    now = datetime.now(UTC)
    one = InstanceState(
        service="worker",
        name="shop-worker-1",
        status="running",
        health=None,
        restarts=1,
        created_at=(now - timedelta(seconds=waited + lived)).isoformat(),
        started_at=now.isoformat(),
        image=None,
        release=None,
    )

    assert list(until_outlived([one], most=30.0)) == [pytest.approx(watched, abs=1.0)]
