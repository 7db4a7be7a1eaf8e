"""What a gate's process itself says and writes: nothing leaves it with a secret, whatever pytest was told to show.

A bare gate's standard output and error take the way through a pipe to a thread that redacts them: pytest's own lines,
what checks print under ``-s``, what a conftest or a child prints while nothing is captured. Under the wrapper there is
no need: it redacts what it reads.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import itertools
import os
import select
import shutil
import sys
import threading
from pathlib import Path

import pytest

from gonogo.config import find_project, load_project
from gonogo.errors import GonogoError
from gonogo.runtimes.place import host_path, read_variables
from gonogo.runtimes.secret_values import redactor_for
from gonogo.secrets.known import RedactingStream, Redactor

__all__ = ["OUTPUT", "RedactedOutput", "redact_cases", "redact_files"]

_IDLE = 0.2
"""Seconds after which an unfinished line is shown: a prompt, a row of dots."""
_CHUNK = 64 * 1024
_JOIN = 5.0


class RedactedOutput:
    """The process's standard output and error; they say nothing until it is known what must not be said."""

    def __init__(self, folder: Path) -> None:
        """Takes the streams; ``folder`` is where the project is found if no gate comes to be."""
        self.colours = sys.stdout.isatty()
        if self.colours:
            os.environ.setdefault("COLUMNS", str(shutil.get_terminal_size().columns))
        self._folder = folder
        self._pipes = [_Pipe(number) for number in (1, 2)]
        atexit.register(self.close)

    def open(self, redactor: Redactor) -> None:
        """Begins to speak."""
        for pipe in self._pipes:
            pipe.stream = pipe.stream or redactor.stream()

    def close(self) -> None:
        """What is left, and give the streams back."""
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        self.open(self._fallback())
        for pipe in self._pipes:
            pipe.close()

    def _fallback(self) -> Redactor:
        """The secrets of all environments: pytest refused the call, or a conftest could not be imported."""
        redactor = Redactor(())
        with contextlib.suppress(GonogoError, OSError):
            project = load_project(find_project(self._folder))
            for environment in project.environments.values():
                variables = read_variables(host_path(project, environment), environment)
                redactor.learn(redactor_for(environment, variables).values)
        return redactor


OUTPUT = pytest.StashKey[RedactedOutput]()


class _Pipe:
    """One of the process's streams, led through a thread."""

    def __init__(self, number: int) -> None:
        self.stream: RedactingStream | None = None
        self._number = number
        self._real = os.dup(number)
        self._source, sink = os.pipe()
        os.dup2(sink, number)
        os.close(sink)
        self._thread = threading.Thread(target=self._pass_on, name=f"redacted output {number}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Leads the stream to where it went before; a child that goes on has nobody to speak to any more."""
        os.dup2(self._real, self._number)
        self._thread.join(_JOIN)

    def _pass_on(self) -> None:
        waiting = b""
        while True:
            ready, _, _ = select.select([self._source], [], [], _IDLE)
            chunk = os.read(self._source, _CHUNK) if ready else b""
            ended, stream = ready and not chunk, self.stream
            waiting += chunk
            if stream is None:
                continue
            said = stream.feed(waiting)
            self._show(said + stream.flush() if ended or not ready else said)
            waiting = b""
            if ended:
                return

    def _show(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more: the gate goes on to its end all the same
            while data:
                data = data[os.write(self._real, data) :]


def redact_cases(metafunc: pytest.Metafunc, redactor: Redactor) -> None:
    """Redacts the names of a check's cases: node ids stand in every output there is, and must stay different."""
    calls = metafunc._calls  # noqa: SLF001 (a hook is asked for values without a name of their own only)
    taken = {spec.id for spec in calls}
    for index, spec in enumerate(calls):
        shown = redactor.text(spec.id)
        if shown == spec.id:
            continue
        free = (
            name
            for name in itertools.chain([shown], map(f"{shown}-{{}}".format, itertools.count(2)))
            if name not in taken
        )
        taken.add(name := next(free))
        calls[index] = dataclasses.replace(spec, _idlist=(name,))


def redact_files(config: pytest.Config, redactor: Redactor) -> None:
    """When all is written, redact what checks put into the JUnit file and the log file directly."""

    def rewrite() -> None:
        for name in (config.option.xmlpath, config.option.log_file):
            path = Path(name) if name else None
            if path is not None and path.is_file():
                written = path.read_bytes()
                redacted = redactor.bytes(written)
                if redacted != written:
                    path.write_bytes(redacted)

    if not hasattr(config, "workerinput"):
        config.add_cleanup(rewrite)
