"""Whether what runs ends as it should when the next release takes its place."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from gonogo.checks.postdeploy.instances import those_running
from gonogo.config import Environment
from gonogo.host.runner import Command, Host
from gonogo.inspection.machine.stopping import (
    ASKED,
    PROCESSES,
    Container,
    Process,
    ignores_its_end,
    is_awake,
    options_beyond,
    processes,
    read,
)
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.base import Inspector

__all__: list[str] = []

_SECONDS = 30.0
_LOOKS = 8
_ENOUGH = 2
_PAUSE = 0.25


@pytest.mark.late
@pytest.mark.postdeploy(
    "D37",
    severity="advisory",
    impact="SEV3",
    needs=("a Docker Engine",),
    remedy='Start the program itself: CMD ["gunicorn", …], or exec in the last line of a script; a program without a '
    "handler of its own ends with init: true in the compose file; stop_grace_period gives a service more time",
)
def test_what_runs_ends_when_it_is_told_to(
    inspector: Inspector, environment: Environment, runner: Host, evidence: Collected
) -> None:
    """The first process of every container heeds the signal that stops it, and has the time that its options name.

    Catches the shell script without `exec` and the program without a handler for SIGTERM: each deployment then waits
    for the whole grace, and what is under way is cut off by force. So is what `gunicorn --graceful-timeout 60` lets
    end, in a container that is killed after ten seconds.

    Before (start.sh):

        #!/bin/sh
        alembic upgrade head
        gunicorn app:app

    After (start.sh):

        #!/bin/sh
        alembic upgrade head
        exec gunicorn app:app
    """
    if not environment.has("a Docker Engine"):
        pytest.skip(f"runtime {environment.runtime} starts no first process of a container")
    running = those_running(inspector)
    found = list(dict.fromkeys(_found(running, runner)))
    evidence.table("Ends late", [(line,) for line in found])
    for line in found:
        evidence.advise(line)


def _found(running: dict[str, str], runner: Host) -> Iterator[str]:
    """What keeps containers from ending well, one text each; of what the Engine does not tell, nothing."""
    asked = Command(argv=("docker", "inspect", "--format", ASKED, *running), timeout=_SECONDS)
    for one in read(runner.run(asked).output):
        service, (first, there) = running[one.name], _looked(one, runner)
        if first is not None:
            yield (
                f"{service}: found a first process ({first.argv:.80}) that does nothing when it is told to stop, "
                f"expected one that ends; each stop takes {one.grace:g} s and cuts off what is under way"
            )
        for option in options_beyond(one, there):
            yield f"{service}: found {option} in a container that is killed after {one.grace:g} s, expected time enough"


def _looked(one: Container, runner: Host) -> tuple[Process | None, list[Process]]:
    """The first process of a container where it heeds no end, and all of them.

    One that is at work is looked at again, since only where it sleeps tells; one that heeds nothing as well, since it
    may not have come to its handler yet.
    """
    seen = 0
    for left in reversed(range(_LOOKS)):
        top = runner.run(Command(argv=("docker", "top", one.name, *PROCESSES), timeout=_SECONDS))
        there = list(processes(top.output)) if top.ok else []
        first = ignores_its_end(one, there)
        seen += first is not None
        if seen == _ENOUGH or (first is None and not is_awake(one, there)):
            return first, there
        time.sleep(_PAUSE if left else 0)
    return None, there
