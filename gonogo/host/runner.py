"""Where an environment's commands run, and the one runner that runs them.

Commands are data; nobody else starts processes. A command is bounded in time, killed with all its
children when the bound is reached or the run is interrupted, and its output is redacted before anybody
sees it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shlex
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Protocol

from gonogo.errors import CommandError, OutOfTimeError, telling
from gonogo.host.barrier import Barrier
from gonogo.host.busy import STRETCH
from gonogo.host.child import Child, created, environment_of, start, wait
from gonogo.host.forkserver import ForkServer
from gonogo.host.signals import deferred
from gonogo.host.tree import end_family, kill_group

__all__ = ["Command", "Completed", "Host", "LocalHost", "Observer", "Watcher", "leave", "this_machine"]


_TIMEOUT = 900.0
_TAIL = 64 * 1024
_MARGIN = 4096
"""Bytes that are read before an output's tail and dropped: a secret may begin in them."""
_MODULE = (sys.executable, "-P", "-m")
"""What a command begins with that can be forked."""
_SPAWNED: list[subprocess.Popen[bytes]] = []
"""Processes that outlive the run; kept so that Python neither warns of them nor waits for them."""


@atexit.register
def _let_go() -> None:
    """What was started to outlive us is no forgotten child."""
    for process in _SPAWNED:
        process.returncode = process.returncode or 0


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a person would type, with what it needs around it.

    ``env`` is added to the deployer's environment and never shown; ``{name}`` placeholders in ``argv`` stand
    in a plan for ids that are known only later.
    """

    argv: tuple[str, ...]
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    stdin: bytes | None = field(default=None, repr=False)
    stdin_from: Path | None = None
    """A file that is its standard input, instead."""
    into: Path | None = None
    """The file that its standard output becomes, as it is (a dump): shown to nobody, closed to others."""
    errors_into: Path | None = None
    """The file that keeps all that it says on standard error, unredacted, for whoever parses that."""
    timeout: float | None = None
    firm: bool = False
    """The bound is the team's: it stays as it is on a machine that is busy."""
    detach: Path | None = None
    """Log file of a process that goes on by itself; the command returns as soon as it is started."""
    clean_env: bool = False
    """Start from an empty environment (PATH, HOME, LANG aside), as a service manager would."""
    ends: tuple[Command, ...] = field(default=(), repr=False)
    """Run when it was cut off: what ends the work that goes on elsewhere, in a container, after its client is gone."""
    imports: tuple[str, ...] = field(default=(), repr=False)
    """Of a ``python -P -m …``: what it begins with anyway (see ``ForkServer``); it is forked from there."""
    mark: str = field(default="", repr=False, compare=False)
    """What its children are known by; given by the runner."""

    def __str__(self) -> str:
        """The command as it would be typed."""
        line = shlex.join(self.argv)
        if self.stdin_from is not None:
            line = f"{line} < {shlex.quote(str(self.stdin_from))}"
        if self.into is not None:
            line = f"{line} > {shlex.quote(str(self.into))}"
        return f"{line} > {shlex.quote(str(self.detach))} 2>&1 &" if self.detach else line


@dataclass(frozen=True, kw_only=True)
class Completed:
    """How a command ended."""

    command: Command
    code: int
    output: str
    """Standard output, redacted; its last 64 KiB when ``output_limit`` is not given."""
    errors: str
    seconds: float
    pid: int
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.code == 0 and not self.timed_out

    def require(self, what: str = "") -> Completed:
        """Itself when it succeeded.

        Raises:
            CommandError: with the command, what it said, and how it ended.
        """
        if self.ok:
            return self
        how = f"no end within {self.command.timeout:g} s" if self.timed_out else f"exit code {self.code}"
        tail = [line for said in (self.output, self.errors) for line in telling(said)]
        said = "".join(f"\n    {line}" for line in tail) or "\n    (it said nothing)"
        prefix = f"{what}: " if what else ""
        kind = OutOfTimeError if self.timed_out else CommandError
        raise kind(f"{prefix}`{self.command}`: found {how}, expected 0. Its last words:{said}")


class Observer(Protocol):
    """Is told what the runner does, before and after."""

    def began(self, command: Command, pid: int, started: float) -> None:
        """A child is about to run, and does when this returns.

        ``started`` is its creation time by the kernel's account (UTC seconds).
        """

    def ended(self, completed: Completed) -> None:
        """The child is gone."""


class Watcher(Protocol):
    """Looks on while a command runs."""

    def runs(self, command: Command, out: IO[bytes], err: IO[bytes]) -> AbstractContextManager[None]:
        """Inside, the command runs; its output goes to these two files, which are closed afterwards."""


class Host(Protocol):
    """Runs commands where an environment lives."""

    name: str

    def run(self, command: Command, *, output_limit: int | None = _TAIL, exact: bool = False) -> Completed:
        """Runs to the end, within the bound."""

    def spawn(self, command: Command) -> int:
        """Starts a process that outlives the run; returns its pid."""


def _same(text: str) -> str:
    return text


class LocalHost:
    """This machine."""

    name = "local"

    def __init__(
        self,
        *,
        redact: Callable[[str], str] = _same,
        observer: Observer | None = None,
        watcher: Watcher | None = None,
        timeout: float = _TIMEOUT,
    ) -> None:
        """``timeout`` (seconds) bounds commands that bring no bound of their own.

        One of gonogo's own that is shorter is stretched up to it while the machine is busy.
        """
        self._redact = redact
        self._observer = observer
        self._watcher = watcher
        self._timeout = timeout
        self._forks: ForkServer | None = None

    def run(self, command: Command, *, output_limit: int | None = _TAIL, exact: bool = False) -> Completed:
        """Runs a command to its end; ``exact`` keeps bytes that are no UTF-8 (file names), as surrogates.

        Raises:
            CommandError: the program was not found or may not be executed.
        """
        timeout = command.timeout or self._timeout
        longest = timeout if command.firm else max(timeout, min(self._timeout, STRETCH * timeout))
        command = self._marked(command)
        begin = time.monotonic()
        with _stream(command.into) as out, _stream(command.errors_into) as err:
            with self._watched(command, out, err):
                process, timed_out = self._to_the_end(command, out, err, (begin + timeout, begin + longest))
            completed = Completed(
                command=command if command.timeout else _bounded(command, timeout),
                code=process.returncode,
                output="" if command.into else self._read(out, output_limit, "surrogateescape" if exact else "replace"),
                errors=self._read(err, _TAIL),
                seconds=time.monotonic() - begin,
                pid=process.pid,
                timed_out=timed_out,
            )
        if self._observer is not None:
            self._observer.ended(completed)
        return completed

    def _marked(self, command: Command) -> Command:
        """The command with what its children are known by; those of a server, and the server itself, by one mark."""
        if command.imports:
            self._forks = self._forks or ForkServer(command.imports)
            return replace(command, mark=self._forks.mark)
        return command if self._observer is None else replace(command, mark=uuid.uuid4().hex)

    def _watched(self, command: Command, out: IO[bytes], err: IO[bytes]) -> AbstractContextManager[None]:
        shown = err if command.into else out  # a dump is no text
        return nullcontext() if self._watcher is None else self._watcher.runs(command, shown, err)

    def _read(self, stream: IO[bytes], limit: int | None, errors: str = "replace") -> str:
        """The end of what was said, redacted before it is cut: half a value cannot be known again."""
        size = stream.seek(0, os.SEEK_END)
        start = max(size - limit - _MARGIN, 0) if limit is not None else 0
        stream.seek(start)
        text = self._redact(stream.read().decode("utf-8", errors=errors))
        return f"[{start + _MARGIN} bytes before this were cut]\n{text[_MARGIN:]}" if start else text

    def _to_the_end(
        self, command: Command, out: IO[bytes], err: IO[bytes], deadlines: tuple[float, float]
    ) -> tuple[Child, bool]:
        """Starts and waits; whatever interrupts, from the very start on, ends the whole session."""
        process: Child | None = None
        try:
            with deferred():
                process = self._forked(command, out, err) or self._start(command, out, err)
            timed_out = wait(process, command.stdin, *deadlines)
        except BaseException:
            if process is not None:
                kill_group(process.pid)
                process.wait()
                end_family(process.pid, command.mark)
                self._end_elsewhere(command)
            raise
        if timed_out or process.returncode < 0:  # killed: what it had started goes on, and would meet what comes next
            end_family(process.pid, command.mark)
            self._end_elsewhere(command)
        return process, timed_out

    def _end_elsewhere(self, command: Command) -> None:
        """What a killed client leaves behind is ended too; that it may be gone already is no failure."""
        for one in command.ends:
            with contextlib.suppress(CommandError):
                self.run(one)

    def spawn(self, command: Command) -> int:
        """Starts a process of its own session, its output in ``command.detach``.

        Raises:
            CommandError: the program was not found or may not be executed.
        """
        if command.detach is None:
            raise ValueError("a spawned command needs a log file")
        with open(command.detach, "ab", opener=_closed_to_others) as log, deferred():
            process = self._start(command, log, log)
            _SPAWNED.append(process)
        return process.pid

    def _forked(self, command: Command, out: IO[bytes], err: IO[bytes]) -> Child | None:
        """The command, forked from a server once an observer knows of it; None where it has to be started."""
        if self._forks is None or not command.imports or command.argv[: len(_MODULE)] != _MODULE:
            return None
        words = command.argv[len(_MODULE) :]
        child = self._forks.fork(words, cwd=command.cwd, env=environment_of(command), out=out, err=err)
        if child is None:
            return None
        try:
            if self._observer is not None:
                self._observer.began(command, child.pid, created(child.pid))
        except BaseException:
            child.leave()
            raise
        child.go()
        return child

    def _start(self, command: Command, out: IO[bytes], err: IO[bytes]) -> subprocess.Popen[bytes]:
        """Starts a child; an observer is told of it before its program runs."""
        observer = self._observer
        if observer is None:
            return start(command, out, err, None)
        with Barrier(lambda pid: observer.began(command, pid, created(pid))) as barrier:
            try:
                return start(command, out, err, barrier.wait)
            except subprocess.SubprocessError as error:
                raise barrier.error or error from None
            except CommandError as error:
                if barrier.pid is not None:
                    observer.ended(_never_ran(command, barrier.pid, error))
                raise


def this_machine(
    *,
    redact: Callable[[str], str] = _same,
    observer: Observer | None = None,
    watcher: Watcher | None = None,
    timeout: float = _TIMEOUT,
) -> Host:
    """The machine that gonogo runs on, which is where each environment lives: nobody else names its class."""
    return LocalHost(redact=redact, observer=observer, watcher=watcher, timeout=timeout)


def _never_ran(command: Command, pid: int, error: CommandError) -> Completed:
    """What a shell says of a program that it cannot run."""
    return Completed(command=command, code=127, output="", errors=str(error), seconds=0.0, pid=pid)


def _stream(path: Path | None) -> IO[bytes]:
    return tempfile.TemporaryFile() if path is None else open(path, "w+b", opener=_closed_to_others)


def _closed_to_others(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _bounded(command: Command, timeout: float) -> Command:
    return replace(command, timeout=timeout, env={}, stdin=None, ends=())


def leave(argv: Sequence[str], *, folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Starts a process that goes on when this one and its terminal are gone; what it says is written to ``log``."""
    with log.open("wb") as stream:
        return subprocess.Popen(
            list(argv), cwd=folder, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True
        )
