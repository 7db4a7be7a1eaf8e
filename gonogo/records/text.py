"""Text from outside, made fit to be shown: no escape sequences, no hidden characters, no endless lines."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from gonogo.errors import names_exception
from gonogo.records.results import Evidence, Measure

__all__ = [
    "LAST_LINES",
    "clip",
    "first_line",
    "gist",
    "is_diff",
    "is_table",
    "plain",
    "pretty",
    "short",
    "when",
    "with_unit",
    "wrapped",
]

LAST_LINES = "Last lines"
"""How the title of evidence begins that is the end of a log."""
_ESCAPES = re.compile(
    r"\x1b(?:"
    r"\[[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)?"  # titles, links
    r"|[ -/]*[0-~])?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_DIFF = re.compile(r"^--- .*\n\+\+\+ .*\n@@ ", re.MULTILINE)
_HEAD = 4000
"""Characters in which a difference shows itself."""
_OPENS = ("{", "[", "(")
"""First lines that say nothing by themselves: a document written over several lines begins so."""
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_HIDDEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def plain(text: str) -> str:
    """The text without escape sequences, control characters and direction marks; every line break is a newline."""
    unbroken = _BREAKS.sub("\n", _ESCAPES.sub("", text))
    return _HIDDEN.sub("", unbroken).encode("utf-8", "replace").decode()


def first_line(text: str) -> str:
    """The first line that says something, in one piece."""
    return next((line.strip() for line in plain(text).split("\n") if line.strip()), "")


def clip(text: str, limit: int) -> str:
    """At most ``limit`` characters; an ellipsis shows that some are gone."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def wrapped(text: str, width: int, *, whole_words: bool = True) -> Iterator[str]:
    """The lines of a text, none longer than the width but for a word that must stay whole."""
    for line in plain(text).strip().split("\n"):
        yield from textwrap.wrap(
            line, width, break_long_words=not whole_words, break_on_hyphens=False, replace_whitespace=False
        )


def short(release: str | None) -> str:
    """A release's id or commit as people read it: seven characters of the commit."""
    return (release or "").rsplit("-", 1)[-1][:7]


def when(moment: datetime) -> str:
    """A moment as people read it, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def with_unit(measure: Measure | None) -> str:
    """A figure in the unit that people read: ``12 ms``, ``1.5 s``, ``3.2 MB``; nothing for none."""
    if measure is None:
        return ""
    if measure.unit == "s":
        return f"{measure.value:.2f} s" if measure.value >= 1 else f"{measure.value * 1000:.0f} ms"
    if measure.unit == "B":
        return f"{measure.value / 1e6:.1f} MB"
    return f"{measure.value:g} {measure.unit}".strip()


def pretty(evidence: Evidence) -> str:
    """The evidence as lines of text: a table with aligned columns, JSON indented."""
    if is_table(evidence):
        return _table(evidence.value)
    if (measure := evidence.measure) is not None:
        return _measured(measure)
    if evidence.image is not None:
        return _pictured(evidence.image)
    if evidence.kind == "text" and isinstance(evidence.value, str):
        return plain(evidence.value).strip("\n")
    return plain(json.dumps(evidence.value, indent=2, ensure_ascii=False, default=str))


def gist(evidence: Evidence) -> str:
    """The evidence in one line: what it is called, how much it is, how it begins; of a log what was raised last."""
    title = first_line(evidence.title)
    if (measure := evidence.measure) is not None:
        return f"{title}: {_measured(measure)}"
    if evidence.image is not None:
        return f"{title}: {_pictured(evidence.image)}"
    if is_table(evidence):
        rows = evidence.value[1:]
        begins = ", ".join(first_line(str(cell)) for cell in rows[0]) if rows else ""
        return f"{title}: {len(rows)} {'row' if len(rows) == 1 else 'rows'}{': ' if begins else ''}{begins}"
    lines = [line for line in _flat(evidence).split("\n") if line.strip()]
    if lines and lines[0].strip() in _OPENS:
        return f"{title}: {' '.join(line.strip() for line in lines)}"
    more = f" (and {len(lines) - 1} more {'line' if len(lines) == 2 else 'lines'})" if len(lines) > 1 else ""  # noqa: PLR2004
    raised = [line for line in lines if names_exception(line)] if evidence.title.startswith(LAST_LINES) else []
    told = [*raised[-1:], *lines][:1]
    return f"{title}: {told[0].strip() if told else 'empty'}{more}"


def is_table(evidence: Evidence) -> bool:
    """Whether the value really is a list of rows, as its kind says."""
    value = evidence.value
    return evidence.kind == "table" and isinstance(value, list) and all(isinstance(row, list) for row in value)


def is_diff(evidence: Evidence) -> bool:
    """Whether the text is a difference as ``diff -u`` and git write it."""
    return evidence.kind == "text" and _DIFF.search(str(evidence.value)[:_HEAD]) is not None


def _measured(measure: Measure) -> str:
    most = with_unit(measure.model_copy(update={"value": measure.limit})) if measure.limit is not None else ""
    return f"{with_unit(measure)}{most and f', at most {most}'}"


def _pictured(image: str) -> str:
    return f"(a picture of {len(image) * 3 // 4 // 1000} kB: in the pages)"


def _flat(evidence: Evidence) -> str:
    value: Any = evidence.value
    return plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def _table(rows: list[list[Any]]) -> str:
    shown = [[plain(str(cell)).replace("\n", " ") for cell in row] for row in rows if row]
    columns = max((len(row) for row in shown), default=0)
    widths = [max((len(row[at]) for row in shown if at < len(row)), default=0) for at in range(columns)]
    lines = ["  ".join(cell.ljust(min(widths[at], 60)) for at, cell in enumerate(row)).rstrip() for row in shown]
    if rows and rows[0] and len(lines) > 1:
        lines.insert(1, "  ".join("-" * min(width, 60) for width in widths))
    return "\n".join(lines)
