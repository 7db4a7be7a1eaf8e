"""Running ``gonogo`` as a person would, and stopping what it left running."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from gonogo.demo.interrupts import Interrupts
from gonogo.demo.repository import surroundings
from gonogo.errors import GonogoError
from gonogo.host.tree import kill_group
from gonogo.runtimes.process.instances import Instances, end
from gonogo.words import Exit

__all__ = ["deploy", "instances_stopped"]

_GRACE = 60.0
"""A deploy that is told to stop after its first touch goes back before it ends."""
_INSTANCE_GRACE = 5.0
_POLL = 0.05


def deploy(folder: Path, *arguments: str, expected: Exit, interrupts: Interrupts) -> None:
    """Runs ``gonogo deploy`` in a folder, its output straight through.

    Raises:
        GonogoError: it ended otherwise than expected.
        InterruptedRunError: a signal arrived; the deploy was stopped in order.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "gonogo", "deploy", *arguments],
        cwd=folder,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        code = _wait(process, interrupts)
    finally:
        _stop(process)
    if code != expected:
        raise GonogoError(
            f"`gonogo deploy {shlex.join(arguments)}`: found exit code {code}, expected {int(expected)}. "
            "`gonogo demo --keep` leaves its folder for a look."
        )


@contextlib.contextmanager
def instances_stopped(state: Path) -> Iterator[None]:
    """In the end, stop the instances that deployments left running."""
    try:
        yield
    finally:
        for instance in Instances(state).all():
            end(instance, grace=_INSTANCE_GRACE)


def _wait(process: subprocess.Popen[bytes], interrupts: Interrupts) -> int:
    while True:
        interrupts.check()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(_POLL)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        kill_group(process.pid)
        process.wait()
