"""Facts that a check attaches before it asserts, and the word for "could not find out"."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from gonogo.host import Completed
from gonogo.records.hushed import hushed_json
from gonogo.records.results import Evidence, Measure

__all__ = ["COLLECTED", "Collected", "InconclusiveError"]

_MAX_ROWS = 200
_MAX_TEXT = 20_000


class InconclusiveError(Exception):
    """We could not find out; nothing is said about the subject."""


class Collected:
    """The ``evidence`` fixture: collects facts, in the order they were attached."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.items: list[Evidence] = []
        self.warnings: list[str] = []

    def text(self, title: str, value: object) -> None:
        """Attach text; the report keeps the beginning and end of a long one, and says how much was cut."""
        self.items.append(Evidence(title=title, kind="text", value=str(value)))

    def table(self, title: str, rows: Iterable[object], *, header: Sequence[str] = ()) -> None:
        """Attach rows: sequences, or dataclasses (then their fields are the header)."""
        listed = list(rows)
        if listed and not header and dataclasses.is_dataclass(listed[0]):
            header = [field.name for field in dataclasses.fields(listed[0])]
        body = [_row(row) for row in listed[:_MAX_ROWS]]
        if len(listed) > _MAX_ROWS:
            body.append([f"… and {len(listed) - _MAX_ROWS} more"])
        self.items.append(Evidence(title=title, kind="table", value=[list(header), *body]))

    def json(self, title: str, value: Any) -> None:
        """Attach a JSON value."""
        self.items.append(Evidence(title=title, kind="json", value=value))

    def measure(self, title: str, value: float, *, unit: str = "s", limit: float | None = None) -> None:
        """Attach a figure; the record shows it beside the same one of the release before."""
        figure = Measure(value=value, unit=unit, limit=limit)
        self.items.append(Evidence(title=title, kind="measure", value=figure.model_dump()))

    def image(self, title: str, jpeg: bytes) -> None:
        """Attach a picture (JPEG); nothing in it can be redacted."""
        data = base64.b64encode(jpeg).decode()
        self.items.append(Evidence(title=title, kind="image", value=f"data:image/jpeg;base64,{data}"))

    def command(self, completed: Completed) -> None:
        """Attach a command with what it said."""
        said = completed.output + completed.errors
        self.text(f"$ {completed.command} (exit code {completed.code}, {completed.seconds:.1f} s)", said)

    def warn(self, message: str) -> None:
        """The check passes, but the operator should read this."""
        self.warnings.append(message)

    def shown(self, redact: Callable[[str], str]) -> list[dict[str, Any]]:
        """All pieces without secrets; cut only then, or half a secret would be left where the cut is."""
        pieces = [hushed_json(piece.model_dump(), redact, kept=frozenset({"kind"})) for piece in self.items]
        return [piece | {"value": _cut(piece["value"])} if piece["kind"] == "text" else piece for piece in pieces]


COLLECTED = pytest.StashKey[Collected]()


def _cut(text: str) -> str:
    if len(text) <= _MAX_TEXT:
        return text
    half = _MAX_TEXT // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters cut …]\n{text[-half:]}"


def _row(row: object) -> list[str]:
    if dataclasses.is_dataclass(row) and not isinstance(row, type):
        return [str(getattr(row, field.name)) for field in dataclasses.fields(row)]
    if isinstance(row, str) or not isinstance(row, Iterable):
        return [str(row)]
    return [str(cell) for cell in row]
