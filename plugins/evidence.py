"""Facts that a check attaches before it asserts, and the word for "could not find out"."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from gonogo.host.runner import Completed
from gonogo.records.results import Evidence, Measure
from gonogo.secrets.records import redacted_json

__all__ = [
    "COLLECTED",
    "Collected",
    "InconclusiveError",
    "LackingError",
    "LateError",
    "LimitedError",
    "redacted_cut",
]

_MAX_ROWS = 200
_MAX_TEXT = 20_000
_MAX_CELL = 2_000
_MAX_JSON = 1_000_000
"""Characters of a JSON value; a longer one is text."""
_LONGEST_SECRET = 32_000
"""Characters on either side of a cut that are dropped once all is redacted: the cut may go through a secret."""
_CUT = re.compile("\0([0-9]+)\0")
"""Where a text was shortened before it was redacted."""


class InconclusiveError(Exception):
    """We could not find out; nothing is said about the subject."""


class LackingError(Exception):
    """What the check looks at is not there: it cannot be asked before somebody mends what it needs."""

    def __init__(self, message: str, *, needs: str) -> None:
        """``needs`` names what is not there, as the check that finds it broken does: ``service web``."""
        super().__init__(message)
        self.needs = needs


class LateError(InconclusiveError):
    """The answer did not come in time; it is asked for once more, alone."""


class LimitedError(InconclusiveError):
    """A limit on requests kept the answer back; whoever refuses so is alive."""


class Collected:
    """The ``evidence`` fixture: collects facts, in the order they were attached."""

    def __init__(self) -> None:
        """Begins with nothing."""
        self.items: list[Evidence] = []
        self.warnings: list[str] = []
        self.advice: list[str] = []
        self.own_remedy = ""
        self.broken: list[str] = []
        self.needed: list[str] = []
        self.is_stale = False

    def text(self, title: str, value: object) -> None:
        """Attaches text; the report keeps the beginning and end of a long one, and says how much was cut."""
        self.items.append(Evidence(title=title, kind="text", value=_shorten(str(value))))

    def table(self, title: str, rows: Iterable[object], *, header: Sequence[str] = ()) -> None:
        """Attaches rows: sequences, or dataclasses (then their fields are the header)."""
        listed = list(rows)
        if listed and not header and dataclasses.is_dataclass(listed[0]):
            header = [field.name for field in dataclasses.fields(listed[0])]
        body = [[_shorten(cell, most=_MAX_CELL) for cell in _row(row)] for row in listed[:_MAX_ROWS]]
        if len(listed) > _MAX_ROWS:
            body.append([f"… and {len(listed) - _MAX_ROWS} more"])
        self.items.append(Evidence(title=title, kind="table", value=[list(header), *body]))

    def json(self, title: str, value: Any) -> None:
        """Attaches a JSON value; one of more than a million characters is shown as a text that is cut."""
        piece = Evidence(title=title, kind="json", value=value)
        text = json.dumps(piece.value, indent=1, ensure_ascii=False, default=str)
        if len(text) > _MAX_JSON:
            self.text(title, text)
        else:
            self.items.append(piece)

    def measure(self, title: str, value: float, *, unit: str = "s", limit: float | None = None) -> None:
        """Attaches a figure; the record shows it beside the same one of the release before."""
        figure = Measure(value=value, unit=unit, limit=limit)
        self.items.append(Evidence(title=title, kind="measure", value=figure.model_dump()))

    def image(self, title: str, jpeg: bytes) -> None:
        """Attaches a picture (JPEG); nothing in it can be redacted."""
        data = base64.b64encode(jpeg).decode()
        self.items.append(Evidence(title=title, kind="image", value=f"data:image/jpeg;base64,{data}"))

    def command(self, completed: Completed) -> None:
        """Attaches a command with what it said."""
        said = completed.output + completed.errors
        self.text(f"$ {completed.command} (exit code {completed.code}, {completed.seconds:.1f} s)", said)

    def warn(self, message: str) -> None:
        """The check passes, but the operator should read this."""
        self.warnings.append(message)

    def advise(self, message: str) -> None:
        """The same of a matter of hygiene: where the serving release was told it in the same words, it is as before.

        Its words must be the same as long as the matter is: no id of a release, no time, no line number that moves.
        """
        self.advice.append(message)

    def remedy(self, text: str) -> None:
        """What to do about what was found here, where the check's own remedy would mend something else."""
        self.own_remedy = text

    def stale(self) -> None:
        """Where this check is red: a layer of the build's cache may be to blame, and a build without it may mend it."""
        self.is_stale = True

    def breaks(self, *things: str) -> None:
        """Where this check is red: what it found to be broken, so that other checks are red for it too."""
        self.broken += things

    def alike(self, thing: str) -> None:
        """Where this check is red: what it found to be broken is the same wherever it is asked about that thing."""
        self.breaks(thing)
        self.needs(thing)

    def needs(self, *things: str) -> None:
        """Where this check is red: what all of that comes from."""
        self.needed += things

    def shown(self, redact: Callable[[str], str]) -> list[dict[str, Any]]:
        """All pieces without secrets; cut only then, or half a secret would be left where the cut is."""
        return [_cut_piece(redacted_json(piece.model_dump(), redact, kept=frozenset({"kind"}))) for piece in self.items]


COLLECTED = pytest.StashKey[Collected]()


def redacted_cut(text: str, redact: Callable[[str], str], *, most: int = _MAX_TEXT) -> str:
    """The beginning and the end of a text without its secrets, and how much is missing between them.

    A text of any length costs no more than a short one: only what may be shown is redacted.
    """
    return _cut(redact(_shorten(text, most=most)), most=most)


def _shorten(text: str, *, most: int = _MAX_TEXT) -> str:
    """What is needed to redact the beginning and the end of a text."""
    kept = most // 2 + _LONGEST_SECRET
    cut = len(text) - 2 * kept
    return text if cut <= 0 else f"{text[:kept]}\0{cut}\0{text[-kept:]}"


def _cut(text: str, *, most: int = _MAX_TEXT) -> str:
    """Cuts what was redacted; beside an earlier cut nothing is shown that could be a piece of a secret."""
    half = most // 2
    if (earlier := _CUT.search(text)) is not None:
        head, tail = text[: earlier.start()], text[earlier.end() :]
        first, last = (min(half, max(len(part) - _LONGEST_SECRET, 0)) for part in (head, tail))
        cut = int(earlier[1]) + len(head) - first + len(tail) - last
    elif len(text) > most:
        head, tail, first, last, cut = text, text, half, half, len(text) - 2 * half
    else:
        return text
    return f"{head[:first]}\n[… {cut} characters cut …]\n{tail[len(tail) - last :]}"


def _cut_piece(piece: dict[str, Any]) -> dict[str, Any]:
    if piece["kind"] == "text":
        return piece | {"value": _cut(piece["value"])}
    if piece["kind"] == "table":
        return piece | {"value": [[_cut(cell, most=_MAX_CELL) for cell in row] for row in piece["value"]]}
    return piece


def _row(row: object) -> list[str]:
    if dataclasses.is_dataclass(row) and not isinstance(row, type):
        return [str(getattr(row, field.name)) for field in dataclasses.fields(row)]
    if isinstance(row, str) or not isinstance(row, Iterable):
        return [str(row)]
    return [str(cell) for cell in row]
