"""The assignments of an env file as Compose reads them; after the reader of compose-go (``dotenv/parser.go``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

__all__ = ["Assignment", "assignments"]

_SPACES = " \t\v\f\r\x85\xa0"
_EXPORT = re.compile(r"export\s+")
_KEY = re.compile(rf"(?P<key>[\w.\-\[\]{_SPACES}]*)(?P<end>[=:\n]|\Z)")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_ESCAPED = re.compile(r"\\(?:([abfnrtv\\\"$])|0([0-3][0-7]{2}))")
_MEANT = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "$": "$$"}


@dataclass(frozen=True, slots=True)
class Assignment:
    """One ``NAME=value`` or ``NAME: value``; its ``repr`` shows no value."""

    line: int
    key: str
    """Empty for what cannot be read."""
    text: str | None
    """The value before anything is filled in; None for a name alone, which is taken from who runs Compose."""
    is_literal: bool = False
    """Nothing is filled in: it stood in single quotes."""
    has_nul: bool = False

    def __repr__(self) -> str:
        """The place and the name."""
        return f"Assignment({self.line}, {self.key!r})"


def assignments(text: str) -> Iterator[Assignment]:
    """Each assignment; a line that cannot be read is one without a name, and the next line is read again."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    at = _begin(text, 0)
    while at < len(text):
        found, end = _one(text, at)
        yield replace(found, has_nul=True) if "\0" in text[at:end] else found
        at = _begin(text, end)


def _begin(text: str, at: int) -> int:
    """Where the next statement begins, behind spaces, empty lines and comments."""
    while at < len(text) and text[at] in f"{_SPACES}\n#":
        at = _line_end(text, at) if text[at] == "#" else at + 1
    return at


def _one(text: str, at: int) -> tuple[Assignment, int]:
    line = text.count("\n", 0, at) + 1
    if export := _EXPORT.match(text, at):
        at = export.end()
    match = _KEY.match(text, at)
    key = match["key"].rstrip() if match is not None else ""
    if match is None or not key or re.search(r"\s", key):
        return Assignment(line, "", None), _line_end(text, at)
    if match["end"] in {"", "\n"}:
        return Assignment(line, key, None), match.end()
    at = match.end()
    while at < len(text) and text[at] in _SPACES:
        at += 1
    if text[at : at + 1] not in {"'", '"'}:
        end = _line_end(text, at)
        return Assignment(line, key, text[at:end].partition(" #")[0].rstrip()), end
    quoted = _QUOTED.match(text, at)
    if quoted is None:
        return Assignment(line, "", None), _line_end(text, at)
    quote, inner = text[at], quoted[0][1:-1]
    inner = re.sub(r"\\(.)", lambda one: one[1] if one[1] == quote else one[0], inner, flags=re.DOTALL)
    literal = quote == "'"
    return Assignment(line, key, inner if literal else _unescaped(inner), is_literal=literal), quoted.end()


def _unescaped(text: str) -> str:
    """What stands in double quotes with the shell's escapes; an escaped dollar sign stays one for what fills in."""
    return _ESCAPED.sub(lambda one: chr(int(one[2], 8)) if one[2] else _MEANT.get(one[1], one[1]), text)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
