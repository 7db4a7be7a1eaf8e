"""When an instance counts as running."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from gonogo.checks.postdeploy.lasting import Rounds
from gonogo.checks.postdeploy.test_instances import test_every_instance_runs as every_instance_runs
from gonogo.checks.postdeploy.test_logs import test_no_new_errors_are_logged as no_new_errors
from gonogo.config import Environment
from gonogo.gates.subject import Subject
from gonogo.plugins.evidence import Collected
from gonogo.records.findings import findings
from gonogo.records.results import CheckResult
from gonogo.runtimes.base import InstanceState, LogLine
from gonogo.words import Outcome, Severity, Stage

LAST = ("migrating", "no such table", "")
DIED = (
    "Traceback (most recent call last):",
    '  File "/app/jobs.py", line 3, in run',
    "celery.exceptions.ImproperlyConfigured: no broker",
    "bye",
)


class Inspector:
    """Knows one instance."""

    def __init__(
        self, *, status: str, one_shot: bool, exit_code: int | None = None, wrote: Sequence[str] = LAST
    ) -> None:
        """An instance of that status."""
        self._wrote = list(wrote)
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

    def url(self) -> None:
        """No address."""

    def published(self) -> tuple[tuple[str, str, int], ...]:
        """No port."""
        return ()

    def logs(self, since: datetime | None, *, around: bool = False) -> dict[str, list[str]]:
        """What it wrote last."""
        assert (since, around) == (None, True)
        return {"migrate": self._wrote}

    def unread(self) -> tuple[()]:
        """All that it wrote can be read."""
        return ()

    def log_lines(self, since: datetime | None) -> dict[str, list[LogLine]]:
        """All that it wrote."""
        assert since is None
        return {"migrate": [LogLine(line, None) for line in self._wrote]}


def rounds(inspector: Inspector) -> Rounds:
    """None: nobody knows when the instance was made."""
    plain = Environment(name="test", project="t")
    return Rounds(inspector=inspector, environment=plain, runner=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "one_shot", "code"),
    [("running", False, None), ("exited", True, 0), ("created", True, None), ("missing", True, None)],
    ids=["runs", "ended well", "not run in the rollback", "ended and was pruned"],
)
def test_what_should_not_run_any_more_is_no_failure(status: str, one_shot: bool, code: int | None) -> None:  # noqa: FBT001
    """A one-shot ends, or its container was only made: in the rollback its migration is not run."""
    inspector = Inspector(status=status, one_shot=one_shot, exit_code=code)

    every_instance_runs(inspector, rounds(inspector), Collected())  # type: ignore[arg-type]


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
        every_instance_runs(inspector, rounds(inspector), Collected())  # type: ignore[arg-type]
    assert str(caught.value).split("\n")[0] == (
        f"found {said} (it wrote last: no such table); expected 1 running instances"
    )


def _checked(code: str, red: AssertionError, evidence: Collected) -> CheckResult:
    return CheckResult(
        id=code,
        code=code,
        stage=Stage.POSTDEPLOY,
        severity=Severity.BLOCKER,
        outcome=Outcome.FAILED,
        found=str(red),
        breaks=tuple(evidence.broken),
        needs=tuple(evidence.needed),
    )


@pytest.mark.parametrize(("status", "heads"), [("restarting", ["D01"]), ("running", ["D15"])])
def test_what_ends_a_service_and_the_error_that_it_logs_are_one_finding(
    tmp_path: Path, status: str, heads: list[str]
) -> None:
    """A worker that dies of an exception at its start is told once, with that exception; one that runs on is D15's."""
    inspector = Inspector(status=status, one_shot=False, wrote=DIED)
    about = Subject(env="test", root=tmp_path, path=tmp_path, state=tmp_path, checkout=tmp_path)
    ended, logged, found = Collected(), Collected(), []
    try:
        every_instance_runs(inspector, rounds(inspector), ended)  # type: ignore[arg-type]
    except AssertionError as red:
        found.append(_checked("D01", red, ended))
    with pytest.raises(AssertionError) as caught:
        no_new_errors(
            inspector,  # type: ignore[arg-type]
            Environment(name="test", project="t"),
            SimpleNamespace(variables={}),  # type: ignore[arg-type]
            about,
            None,
            logged,
        )
    found.append(_checked("D15", caught.value, logged))

    grouped = findings(found)
    assert [one.check.code for one in grouped] == heads
    assert all("celery.exceptions.ImproperlyConfigured: no broker" in check.found for check in found)
    assert not any("bye" in check.found for check in found)
