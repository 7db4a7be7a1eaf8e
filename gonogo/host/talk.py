"""A program that is talked to while it runs: its standard streams are pipes of ours."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from typing import IO

from gonogo.errors import CommandError

__all__ = ["Talk"]


class Talk:
    """One such program, in a session of its own: Ctrl-C at our terminal is no business of its."""

    def __init__(self, argv: Sequence[str]) -> None:
        """Starts it.

        Raises:
            CommandError: there is no such program.
        """
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (read until the end)
        try:
            self._process = subprocess.Popen(
                list(argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            self._errors.close()
            raise CommandError(f"{argv[0]}: found {error.strerror}, expected a program. Install it.") from error

    def said(self) -> IO[bytes]:
        """Its standard output."""
        assert self._process.stdout is not None  # noqa: S101 (a pipe was asked for)
        return self._process.stdout

    def tell(self, data: bytes) -> None:
        """Writes to its standard input; an ``OSError`` where it is gone."""
        assert self._process.stdin is not None  # noqa: S101 (as above)
        view = memoryview(data)
        while view:
            view = view[self._process.stdin.write(view) or 0 :]

    def errors(self) -> str:
        """What it has said on standard error."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def end(self, *, patience: float = 5.0) -> int:
        """Hangs up; waits for its end, and makes it one after a while. Returns its exit code."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        return self._process.returncode
