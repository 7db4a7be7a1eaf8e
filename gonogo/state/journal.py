"""The append-only record of a run: one JSON line before and after everything that happens."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gonogo.host.identity import ticks_of
from gonogo.host.runner import Command, Completed

__all__ = ["Journal", "read_journal", "read_probe"]

_KEPT = frozenset(
    {
        "at",
        "host",
        "step",
        "event",
        "release",
        "commit",
        "serving",
        "outgoing",
        "run",
        "kind",
        "mends",
        "to",
        "restores",
        "stamp",
    }
    | {"stage", "role", "results"}
)
"""What recovery reads; a password that is a word, ``release`` or ``deploy``, must not make a run unreadable."""


class Journal:
    """Writes lines that survive a crash: each is flushed to the disk before the next step."""

    def __init__(self, path: Path, *, host: str = "local", redact: Callable[[str], str] | None = None) -> None:
        """Appends to ``path``, creating it; ``host`` is named in each line."""
        self.path = path
        self._host = host
        self._redact = redact or str
        self._step = ""
        self.lenient = False
        """In the rollback a full disk must not keep the previous release from being started."""
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, event: str, **facts: Any) -> None:
        """Adds one line and waits until it is on the disk."""
        line = {"at": datetime.now(UTC).isoformat(), "host": self._host, "step": self._step, "event": event, **facts}
        shown = {name: value if name in _KEPT else self._redacted(value) for name, value in line.items()}
        text = json.dumps(shown, default=str, ensure_ascii=False)
        try:
            self._append(text.encode(errors="replace") + b"\n")
        except OSError as error:
            error.filename = error.filename or str(self.path)
            if not self.lenient:
                raise

    def _redacted(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._redact(value)
        if isinstance(value, list | tuple):
            return [self._redacted(inner) for inner in value]
        if isinstance(value, dict):
            return {self._redact(str(name)): self._redacted(inner) for name, inner in value.items()}
        return value if value is None or isinstance(value, int | float) else self._redact(str(value))

    def _append(self, line: bytes) -> None:
        """The whole line, or nothing of it: a part would swallow the line that comes after it."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        size = os.fstat(descriptor).st_size
        try:
            while line:
                line = line[os.write(descriptor, line) :]  # a disk that becomes full takes a part, and refuses the rest
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
        finally:
            os.close(descriptor)

    def enter(self, step: str, **facts: Any) -> None:
        """A step begins."""
        self._step = step
        self.write("step-began", **facts)

    def leave(self, **facts: Any) -> None:
        """The step ended."""
        self.write("step-ended", **facts)
        self._step = ""

    def began(self, command: Command, pid: int, started: float) -> None:
        """A command runs (the runner's observer)."""
        born = {"pid": pid, "started": started, "ticks": ticks_of(pid)}
        self.write(
            "command-began",
            argv=str(command),
            cwd=command.cwd,
            **born,
            mark=command.mark,
            detached=command.detach is not None,
        )

    def ended(self, completed: Completed) -> None:
        """A command ended (the runner's observer)."""
        self.write(
            "command-ended",
            argv=str(completed.command),
            pid=completed.pid,
            code=completed.code,
            timed_out=completed.timed_out,
            seconds=round(completed.seconds, 3),
            output=completed.output[-4000:],
            errors=completed.errors[-4000:],
        )


def read_journal(path: Path) -> list[dict[str, Any]]:
    """All whole lines of a journal; a torn last line (a crash while it was written) is left out."""
    lines: list[dict[str, Any]] = []
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return lines
    for line in raw.split(b"\n"):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            lines.append(value)
    return lines


def read_probe(path: Path) -> list[str]:
    """The lines of what the downtime probe noted; none when there is no such file."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
