"""The words of a Dockerfile's instruction, as BuildKit takes them apart and fills them in (``shell/lex.go``). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["assigned", "expand", "split"]

_NAME = re.compile(r"[A-Za-z_]\w*|\d+|[@*#?\-$!]", re.ASCII)
_OPERATOR = re.compile(r"(?P<colon>:?)(?P<how>[-+])")


def expand(word: str, values: Mapping[str, str], *, escape: str = "\\") -> str | None:
    """A word with its variables filled in and its quotes taken off; None where a variable is not known.

    ``${name:-word}`` and ``${name:+word}`` are as the shell has them.
    """
    reader = _Reader(word, values, escape)
    try:
        said = reader.until("")
    except _UnreadableError:
        return None
    return None if reader.lacks else said


def split(text: str, *, escape: str = "\\") -> Iterator[str]:
    """The words of a text as they stand; quotes and what is escaped hold a word together."""
    at, word, quote = 0, "", ""
    while at < len(text):
        char = text[at]
        taken = text[at : at + 2] if char == escape and quote != "'" else char
        if not quote and char.isspace():
            if word:
                yield word
            word = ""
        else:
            word += taken
            quote = ("" if char == quote else quote) if quote else char if char in "'\"" else ""
        at += len(taken)
    if word:
        yield word


def assigned(text: str, *, escape: str = "\\") -> list[tuple[str, str]]:
    """What an ENV or a LABEL assigns, names and values as they stand; its older form has one name and the rest."""
    words = list(split(text.strip(), escape=escape))
    if words and "=" not in words[0]:
        name, *rest = text.strip().split(None, 1)
        return [(name, "".join(rest))]
    return [(name, value) for name, equals, value in (word.partition("=") for word in words) if equals]


class _UnreadableError(ValueError):
    """A text is none that BuildKit takes, or one that is not followed here."""


class _Reader:
    """One reading of a word."""

    def __init__(self, text: str, values: Mapping[str, str], escape: str) -> None:
        self.text, self.values, self.escape, self.at = text, values, escape, 0
        self.lacks = False
        """Whether a variable was asked for that is not known."""

    def until(self, stop: str) -> str:
        """What stands up to a character, or to the end of the text."""
        out = ""
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if stop and char == stop:
                return out
            if char == "'":
                out += self._literal()
            elif char == '"':
                out += self._quoted()
            elif char == "$":
                out += self._variable()
            elif char == self.escape:
                out += self.text[self.at : self.at + 1]
                self.at += 1
            else:
                out += char
        if stop:
            raise _UnreadableError
        return out

    def _literal(self) -> str:
        end = self.text.find("'", self.at)
        if end < 0:
            raise _UnreadableError
        begin, self.at = self.at, end + 1
        return self.text[begin:end]

    def _quoted(self) -> str:
        out = ""
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char == '"':
                return out
            if char == "$":
                out += self._variable()
            elif char == self.escape and self.text[self.at : self.at + 1] in {'"', "$", self.escape}:
                out += self.text[self.at]
                self.at += 1
            else:
                out += char
        raise _UnreadableError

    def _variable(self) -> str:
        braced = self.text.startswith("{", self.at)
        name = _NAME.match(self.text, self.at + braced)
        if name is None:
            if braced:
                raise _UnreadableError
            return "$"
        self.at = name.end()
        if not braced:
            return self._value(name[0])
        if self.text.startswith("}", self.at):
            self.at += 1
            return self._value(name[0])
        operator = _OPERATOR.match(self.text, self.at)
        if operator is None:
            raise _UnreadableError
        self.at = operator.end()
        before, word = self.lacks, self.until("}")
        value = self.values.get(name[0])
        is_set = value is not None and not (operator["colon"] and not value)
        if is_set == (operator["how"] == "+"):
            return word
        self.lacks = before
        return value or "" if is_set else ""

    def _value(self, name: str) -> str:
        self.lacks = self.lacks or name not in self.values
        return self.values.get(name, "")
