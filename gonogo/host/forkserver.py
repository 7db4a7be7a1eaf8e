"""A process that has imported what some commands need, and forks each of them from there.

Python's imports are most of what a short command takes. Here they are done once; what is forked leads a session of its
own and carries the server's mark, as a command that was started by itself would.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import uuid
import weakref
from collections.abc import Mapping, Sequence
from typing import IO, Any

from gonogo.host.tree import MARK

__all__ = ["ForkServer", "Forked"]

_READY = 60.0
"""Seconds within which a server has forked; then it is given up."""
_WORD = 64


class ForkServer:
    """The run's end: the server is started when it is needed first, and ends when this object or the process does."""

    def __init__(self, imports: Sequence[str]) -> None:
        """``imports`` are what the server has at hand: ``module``, or ``module:function`` where it calls that function.

        What cannot be imported is left to the command.
        """
        self.mark = uuid.uuid4().hex
        """What the server, what it forks, and all that this starts are known by."""
        self._imports = tuple(imports)
        self._asked: socket.socket | None = None
        self._end: weakref.finalize[..., ForkServer] | None = None

    def fork(
        self, words: Sequence[str], *, cwd: str | None, env: Mapping[str, str], out: IO[bytes], err: IO[bytes]
    ) -> Forked | None:
        """A ``python -m …`` (the module and its arguments) that waits for ``go``; None where it has to be started anew.

        ``env`` is its whole environment.
        """
        for _ in range(2):  # a server that was ended with what it had forked is started again
            try:
                self._asked = self._asked or self._start(env)
                return _ask(self._asked, {"words": list(words), "cwd": cwd, "env": dict(env)}, out, err)
            except (OSError, ValueError, AttributeError):  # the last: a system that is no Linux
                self.close()
        return None

    def close(self) -> None:
        """Ends the server; what it has forked goes on."""
        if self._end is not None:
            self._end()
        self._asked = self._end = None

    def _start(self, env: Mapping[str, str]) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            server = subprocess.Popen(
                (sys.executable, "-P", "-m", __name__, *self._imports),
                env={**env, MARK: self.mark},
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._end = weakref.finalize(self, _end, ours, server)
        return ours


class Forked:
    """A command that a server has forked; the run asks of it what it asks of a ``subprocess.Popen``."""

    def __init__(self, args: Sequence[str], told: socket.socket, pid: int) -> None:
        """``told`` is what it and the server say."""
        self.args = tuple(args)
        self.pid = pid
        self.returncode: int | None = None
        self._told = told

    def go(self) -> None:
        """Lets it begin."""
        with contextlib.suppress(OSError):  # it has ended already: its code says how
            self._told.send(b".")

    def leave(self) -> None:
        """Lets it end before it has begun."""
        self._told.close()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, negative for a signal.

        Raises:
            subprocess.TimeoutExpired: it runs still after ``timeout`` seconds.
        """
        if self.returncode is None:
            if not _says(self._told, timeout):
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            said = _heard(self._told)
            self.returncode = int(said) if said else -signal.SIGKILL  # the server is gone, and what it forked is ended
            self._told.close()
        return self.returncode

    def communicate(self, given: bytes | None = None, timeout: float | None = None) -> tuple[None, None]:
        """As ``wait``; it reads nothing, and what it says is in files."""
        del given
        self.wait(timeout)
        return None, None


def _ask(asked: socket.socket, request: Mapping[str, Any], out: IO[bytes], err: IO[bytes]) -> Forked:
    """Asks a server for a command.

    Raises:
        OSError: nobody is there.
        ValueError: it said nothing, or not in time.
    """
    told, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with theirs, os.fdopen(os.memfd_create("command"), "w+b") as said:
            said.write(json.dumps(request).encode("utf-8", "surrogateescape"))
            said.flush()
            socket.send_fds(asked, [b"."], [theirs.fileno(), said.fileno(), out.fileno(), err.fileno()])
        pid = _heard(told) if _says(told, _READY) else b""
        return Forked(request["words"], told, int(pid))
    except BaseException:
        told.close()
        raise


def _says(told: socket.socket, timeout: float | None) -> bool:
    watched = select.poll()
    watched.register(told, select.POLLIN)
    return bool(watched.poll(None if timeout is None else max(1000 * timeout, 0)))


def _heard(told: socket.socket) -> bytes:
    """What is said next; nothing where the other end is gone."""
    with contextlib.suppress(OSError):
        return told.recv(_WORD)
    return b""


def _end(asked: socket.socket, server: subprocess.Popen[bytes]) -> None:
    """The server ends by itself when nobody can ask it any more; one that waits for what it forked is ended."""
    asked.close()
    try:
        server.wait(0.5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def serve(asked: socket.socket) -> None:
    """The server: forks a command for each question, until nobody can ask any more."""
    while True:
        said, files, *_ = socket.recv_fds(asked, 1, 4)
        if not said:
            return
        told, request, out, err = files
        if (pid := os.fork()) == 0:
            asked.close()
            _become(socket.socket(fileno=told), request, out, err)
        for file in (request, out, err):
            os.close(file)
        _, status = os.waitpid(pid, 0)
        with socket.socket(fileno=told) as channel, contextlib.suppress(OSError):
            channel.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(told: socket.socket, request: int, out: int, err: int) -> None:
    """What is forked: it says who it is, waits until that is on record, and is the command from then on."""
    os.setsid()
    with told:
        told.send(str(os.getpid()).encode())
        if not _heard(told):  # whoever asked is gone
            os._exit(1)
    for file, number in ((out, 1), (err, 2)):
        os.dup2(file, number)
        os.close(file)
    with os.fdopen(request, "rb") as stream:
        stream.seek(0)
        asked = json.loads(stream.read().decode("utf-8", "surrogateescape"))
    os.environ.clear()
    os.environ.update(asked["env"])
    if asked["cwd"] is not None:
        os.chdir(asked["cwd"])
    module, *sys.argv[1:] = asked["words"]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit()


def main() -> None:
    """Imports what its arguments name and serves on its standard input, which what it forks does not have."""
    asked = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    gc.disable()
    for entry in sys.argv[1:]:
        name, _, function = entry.partition(":")
        with contextlib.suppress(Exception):
            module = importlib.import_module(name)
            if function:
                getattr(module, function)()
    gc.freeze()
    gc.enable()
    serve(asked)
    os._exit(0)  # it has nothing to clean up, and somebody waits for its end


if __name__ == "__main__":
    main()
