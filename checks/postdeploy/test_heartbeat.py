"""Whether workers work."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from gonogo.checks.postdeploy.beating import Beat, is_fresh, look
from gonogo.checks.postdeploy.instances import running
from gonogo.config import Environment, Heartbeat, Service
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.base import Inspector

__all__: list[str] = []

_PAUSE = 1.0


@pytest.mark.late
@pytest.mark.postdeploy(
    "D16",
    needs=("heartbeat",),
    reads=("heartbeat",),
    seen_once=True,
    remedy="Read the log of the service of heartbeat {param} (D15 quotes its errors), and look what it waits for",
)
def test_worker_beats(
    heartbeat: Heartbeat, environment: Environment, inspector: Inspector, evidence: Collected
) -> None:
    """The worker leaves its heartbeat, a file or a key, and did so since it was started.

    Catches the worker that runs and does nothing: its container is up, no page is broken, and no job is done. It is
    waited for one beat of what runs now, at most `within`; what the release before left does not count.

    Before (app/jobs.py):

        while True:
            work(jobs.get())

    After (app/jobs.py; /tmp/beat is the `file` of the heartbeat):

        while True:
            Path("/tmp/beat").touch()
            with contextlib.suppress(queue.Empty):
                work(jobs.get(timeout=30))
    """
    configured = environment.service.get(heartbeat.service, Service())
    inside = running(inspector, heartbeat.service)
    ran, until = _ran(inspector, heartbeat.service), time.monotonic() + heartbeat.within
    began = time.monotonic()
    first = found = look(heartbeat, inside, configured)
    while not _is_fresh(found, first, heartbeat, ran + time.monotonic() - began) and time.monotonic() < until:
        time.sleep(min(_PAUSE, heartbeat.within / 10))
        found = look(heartbeat, inside, configured)
    evidence.text(f"{heartbeat.file or heartbeat.key} in {heartbeat.service}", found)
    where = f"{heartbeat.service}: {heartbeat.file or heartbeat.key}"
    assert _is_fresh(found, first, heartbeat, ran + time.monotonic() - began), (
        f"{where}: found {found}, expected one since it was started, and every {heartbeat.within:g} s"
    )


def _is_fresh(beat: Beat, first: Beat, heartbeat: Heartbeat, ran: float) -> bool:
    return is_fresh(beat, first, within=heartbeat.within, ran=ran)


def _ran(inspector: Inspector, service: str) -> float:
    """For how many seconds the oldest instance of a service runs; none where nobody says."""
    told = [one.started_at for one in inspector.instances(health=False) if one.service == service]
    try:
        return max((datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds() for moment in told)
    except ValueError:
        return 0.0
