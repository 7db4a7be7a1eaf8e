"""A conversation with the agent on a host, over one connection."""

from __future__ import annotations

import json
import os
import select
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from gonogo.config.hosts import Address
from gonogo.errors import CommandError, RefusedError, explain
from gonogo.host.talk import Talk
from gonogo.inspection.probe_answers import script
from gonogo.remote import ssh

__all__ = ["Connection", "LostError", "Said"]

_NO_PYTHON = "--- gonogo finds no python ---"
_BOOT = "import os,sys;exec(bytes().join(os.read(0,1)for _ in range(int(sys.argv[1]))))"
"""Reads the agent from standard input and becomes it; without quotes, so that every shell hands it on as it is."""
_FIRST = 30.0
"""Seconds for the connection and the agent's first word."""
_CHUNK = 256 * 1024
_LONG = 40
"""Characters of a folder's name that leave no room for that of a socket, which ends after 103 bytes."""


class LostError(CommandError):
    """The connection ended before the answer."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """One message of the agent's."""

    kind: str
    facts: dict[str, Any]
    data: bytes = b""


class Connection:
    """Entered, it is open; it ends with the block."""

    def __init__(self, address: Address, *, env: str) -> None:
        """Nothing is reached yet; ``env`` stands in what is advised."""
        self.address = address
        self.env = env
        self.agent = script("agent.py").encode()
        self.hello: dict[str, Any] = {}
        self.apart = 0.0
        """Seconds between the clocks."""
        self._left = b""
        self._printed = ""
        """What the shell said last before it did what it was told."""
        self._talk: Talk | None = None
        self._folder: Path | None = None

    @property
    def socket(self) -> Path:
        """Where others join the connection; short, because a socket's path has at most 103 bytes on some systems."""
        if self._folder is None:
            short = "/tmp" if len(tempfile.gettempdir()) > _LONG else None  # noqa: S108 (a closed folder in it)
            self._folder = Path(tempfile.mkdtemp(prefix="gonogo-", dir=short))
        return self._folder / "s"

    def __enter__(self) -> Self:
        """Connects, and waits for the agent's first word.

        Raises:
            LostError: there is no connection.
            RefusedError: the host refuses this deployer, or has nothing that the agent can run with.
        """
        try:
            return self._open()
        except BaseException:
            self.__exit__()
            raise

    def _open(self) -> Self:
        pythons = "python3 python3.14 python3.13 python3.12 python3.11"
        look = f'command -v $p >/dev/null 2>&1 && exec $p -c "{_BOOT}" {len(self.agent)}'
        told = f"sh -c 'echo {ssh.BEGINS}; for p in {pythons}; do {look}; done; echo {_NO_PYTHON}'"
        self._talk = Talk((*ssh.argv(self.address, self.socket, master=True), told))
        try:
            self._talk.tell(self.agent)
            self._skip()
            self.hello = self.expect("hello", seconds=_FIRST).facts
            self.apart = abs(self.hello["time"] - time.time())
        except (OSError, LostError) as error:
            raise self._refusal() from error
        return self

    def __exit__(self, *_: object) -> None:
        """Hangs up."""
        if self._talk is not None:
            self._talk.end()
        self._talk = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _refusal(self) -> CommandError | RefusedError:
        talk = self._talk
        said = ""
        if talk is not None:
            talk.end()
            said = talk.errors() or self._printed
            self._talk = None
        problem = ssh.explained(self.address, said, env=self.env)
        refused = ("Permission denied", "Host key verification failed", "Too many authentication failures")
        return RefusedError(problem) if any(word in said for word in refused) else LostError(problem)

    def _skip(self) -> None:
        """Leaves out what the shell's start-up files print.

        Raises:
            RefusedError: there is no Python for the agent.
        """
        while (line := self._line(_FIRST)) != ssh.BEGINS.encode():
            self._printed = line.decode(errors="replace").strip() or self._printed

    def _line(self, seconds: float) -> bytes:
        latest = time.monotonic() + seconds
        while b"\n" not in self._left:
            self._more(max(latest - time.monotonic(), 0.0))
            if time.monotonic() >= latest and b"\n" not in self._left:
                raise LostError(f"{self.address}: found no word for {seconds:.0f} s, expected one.")
        line, _, self._left = self._left.partition(b"\n")
        return line

    def _more(self, seconds: float) -> None:
        stream = self._stream()
        if select.select([stream], [], [], seconds)[0]:
            found = os.read(stream.fileno(), _CHUNK)
            if not found:
                raise LostError(f"{self.address}: found the connection closed, expected it to last.")
            self._left += found

    def _stream(self) -> Any:
        if self._talk is None:
            raise LostError(f"{self.address}: found no connection, expected one.")
        return self._talk.said()

    def fileno(self) -> int:
        """For ``select``."""
        return int(self._stream().fileno())

    def waiting(self) -> bool:
        """Whether a part of a message was read already."""
        return b"\n" in self._left

    def tell(self, do: str, data: bytes = b"", **facts: Any) -> None:
        """One message to the agent.

        Raises:
            LostError: it is gone.
        """
        line = json.dumps({"do": do, "size": len(data), **facts}).encode()
        try:
            self._stream()
            if self._talk is not None:
                self._talk.tell(line + b"\n" + data)
        except OSError as error:
            raise LostError(f"{self.address}: found the connection closed, expected it to last.") from error

    def hear(self, seconds: float) -> Said:
        """The agent's next message.

        Raises:
            LostError: there is none in time.
            CommandError: what was asked for failed there.
        """
        line = self._line(seconds)
        if line == _NO_PYTHON.encode():
            raise RefusedError(
                f"{self.address}: found no Python, expected 3.11 or newer; none comes along. "
                "There: `apt-get install python3`, or `dnf install python3.11`."
            )
        facts = json.loads(line)
        size = facts.pop("size")
        latest = time.monotonic() + max(seconds, _FIRST)
        while len(self._left) < size:
            self._more(max(latest - time.monotonic(), 0.0))
            if time.monotonic() >= latest and len(self._left) < size:
                raise LostError(f"{self.address}: found half a message, expected all of it.")
        data, self._left = self._left[:size], self._left[size:]
        said = Said(kind=facts.pop("kind"), facts=facts, data=data)
        if said.kind == "failed":
            raise CommandError(f"{self.address}: {_told(said.facts)}")
        return said

    def expect(self, kind: str, *, seconds: float = 60.0) -> Said:
        """The next message, which must be of this kind."""
        said = self.hear(seconds)
        if said.kind != kind:
            raise CommandError(f"{self.address}: found the answer {said.kind}, expected {kind}.")
        return said

    def ask(self, do: str, kind: str, data: bytes = b"", *, seconds: float = 60.0, **facts: Any) -> Said:
        """A message, and its answer."""
        self.tell(do, data, **facts)
        return self.expect(kind, seconds=seconds)


def _told(failed: dict[str, Any]) -> str:
    """What went wrong there, in the words that it would have here."""
    number = failed.get("errno")
    return explain(OSError(number, os.strerror(number), failed.get("path"))) if number else str(failed["said"])
