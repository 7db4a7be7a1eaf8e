"""One child of a command: how it is started, what is asked of it, and how it is waited for."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import IO, TYPE_CHECKING, Any, Protocol

import psutil

from gonogo.errors import CommandError
from gonogo.host.busy import busy
from gonogo.host.tree import MARK, kill_group

if TYPE_CHECKING:
    from gonogo.host.runner import Command

__all__ = ["Child", "created", "environment_of", "start", "wait"]


class Child(Protocol):
    """What the runner asks of a process that it has started."""

    pid: int
    returncode: int | Any

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code."""

    def communicate(self, given: bytes | None, /, timeout: float | None) -> object:
        """Gives it what it reads, and waits for its end."""


class _Process(subprocess.Popen[bytes]):
    """A child whose end the kernel tells of: Python alone looks for it every now and then, up to 50 ms late."""

    def wait(self, timeout: float | None = None) -> int:
        """As Python's own."""
        ended = _handle(self.pid) if timeout is not None and self.returncode is None else None
        if timeout is None or ended is None:
            return super().wait(timeout)
        latest = time.monotonic() + timeout
        try:
            watched = select.poll()
            watched.register(ended, select.POLLIN)
            watched.poll(1000 * timeout)
        finally:
            os.close(ended)
        return super().wait(max(latest - time.monotonic(), 0))


def _handle(pid: int) -> int | None:
    """What can be waited for until a process ends; None on an old kernel, on one that is no Linux or forbids it."""
    with contextlib.suppress(OSError, AttributeError):
        return os.pidfd_open(pid)
    return None


def start(
    command: Command, out: IO[bytes], err: IO[bytes], before_exec: Callable[[], None] | None
) -> subprocess.Popen[bytes]:
    """Starts a command as the leader of a session of its own; ``before_exec`` runs in it before its program.

    Raises:
        CommandError: the program was not found or may not be executed.
    """
    try:
        with _given(command) as given:
            return _Process(
                command.argv,
                cwd=command.cwd,
                env=environment_of(command),
                stdin=given,
                stdout=out,
                stderr=err,
                start_new_session=True,
                preexec_fn=before_exec,  # what waits there takes no lock
            )
    except (OSError, ValueError) as error:
        where = command.cwd if isinstance(error, FileNotFoundError) and error.filename == command.cwd else None
        said = getattr(error, "strerror", None) or error
        found = f"no folder {where}" if where else f"{said} ({command.argv[0]})"
        raise CommandError(
            f"`{command}`: found {found}, expected a program that can be run. Install it, or mend PATH."
        ) from error


def _given(command: Command) -> AbstractContextManager[int | IO[bytes]]:
    """What its standard input is."""
    if command.stdin_from is not None:
        return command.stdin_from.open("rb")
    return nullcontext(subprocess.PIPE if command.stdin is not None else subprocess.DEVNULL)


def wait(process: Child, stdin: bytes | None, deadline: float, latest: float) -> bool:
    """Waits for the end; kills the whole session at the deadline, and says so. A busy machine has until ``latest``."""
    try:
        process.communicate(stdin, timeout=max(deadline - time.monotonic(), 0.001))
    except subprocess.TimeoutExpired:
        if latest > deadline and busy():
            return wait(process, None, latest, latest)
        kill_group(process.pid)
        process.wait()
        return True
    return False


def environment_of(command: Command) -> dict[str, str]:
    """All the variables that a command is started with."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER")
    base = {name: os.environ[name] for name in kept if name in os.environ} if command.clean_env else dict(os.environ)
    if command.detach is not None:  # it outlives us, and whatever we are a part of
        base.pop(MARK, None)
    return {**base, **command.env, **({MARK: command.mark} if command.mark else {})}


def created(pid: int) -> float:
    """When a process began, by the kernel's account (UTC seconds); 0 where it is gone."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0
