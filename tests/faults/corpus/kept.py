"""Results as lines of a file: the newest of each case and tool, whenever and in whichever parts they were deployed."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from .bench import Result

__all__ = ["Row", "keep", "kept", "row"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One result, as it is kept."""

    tool: str
    app: str
    case: str
    fault: bool
    day: str
    commit: str
    """Of gonogo."""
    stage: str
    named: str
    exit: int
    seconds: int
    serves: str
    over: str = "good"
    caught: bool
    well: bool

    @property
    def of(self) -> tuple[str, str, str]:
        """What it is a result of."""
        return self.tool, self.app, self.case


def row(result: Result, *, tool: str, app: str, commit: str) -> Row:
    """A result of today."""
    return Row(
        tool=tool,
        app=app,
        case=result.case.name,
        fault=result.case.is_fault,
        day=date.today().isoformat(),  # noqa: DTZ011
        commit=commit,
        stage=result.stage,
        named=" ".join(dict.fromkeys(result.named)),
        exit=result.code,
        seconds=round(result.seconds),
        serves=result.serves,
        over=result.over,
        caught=result.case.is_fault and result.caught,
        well=result.well,
    )


def kept(path: Path) -> list[Row]:
    """The newest of each; nothing where there is no such file."""
    return _read(path.read_text(encoding="utf-8")) if path.exists() else []


def keep(path: Path, rows: Sequence[Row]) -> list[Row]:
    """Add them to what the file has, whoever else does so, and return all of it."""
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        found = _newest([*_read(file.read()), *rows])
        file.truncate(0)
        file.write("".join(f"{json.dumps(asdict(one))}\n" for one in found))
    return found


def _read(text: str) -> list[Row]:
    return [Row(**json.loads(line)) for line in text.splitlines()]


def _newest(rows: Iterable[Row]) -> list[Row]:
    return sorted({one.of: one for one in rows}.values(), key=lambda one: one.of)
