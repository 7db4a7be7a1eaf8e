"""Find values whose encoding is spread over lines, and pieces of values that were cut off with an ellipsis.

``base64 -w 76``, ``xxd -p``, PEM and MIME wrap what they encode, a hex dump separates it by colons or spaces, and a
log puts the container's name before each line. So the text is searched without all of these; only where something is
found, which is rare, is it looked for in the text as it stands.

Programs that shorten what they show (pytest's assertions and locals, ``reprlib``) keep the beginning and the end of it.
"""

import base64
import re
from collections.abc import Iterable, Iterator

__all__ = ["Cuts", "Wrapped"]

_DROPPED = b" \t\r\n:%"
_LABEL = rb"[\w.-]{1,60}+[ \t]{0,20}+\|"
_LABELS = re.compile(rb"\n" + _LABEL)
_BREAK = rb"(?:[\s:%]++|\\[rnx]|(?<=\n)" + _LABEL + rb")*+"
_REACH = 8
"""Times a value's length: how far back a line may begin that ends in the middle of it."""
_PIECE = 6
_DOTS = re.compile(rb"\.{3,}+|\xe2\x80\xa6")


class Wrapped:
    """Base64 in each of its three alignments and hex of some values, with any breaks inside."""

    def __init__(self, values: Iterable[bytes]) -> None:
        """Encodes ``values``."""
        self._forms = sorted({form for value in values for form in _encoded(value)}, key=len, reverse=True)
        self._search = re.compile(_tree(self._forms)) if self._forms else None
        self._longest = max(map(len, self._forms), default=0)

    def sub(self, data: bytes, mark: bytes) -> bytes:
        """Puts ``mark`` in the place of each."""
        if self._search is None:
            return data
        found = {match[0] for match in self._search.finditer(_folded(data))}
        for form in sorted(found, key=len, reverse=True):
            data = re.sub(_BREAK.join(re.escape(bytes([byte])) for byte in form), mark, data)
        return data

    def decided(self, data: bytes) -> int:
        """The offset before which no form can be that the next bytes would complete."""
        reach = max(0, len(data) - _REACH * self._longest)
        tail = _folded(data[reach:])
        held = max(
            (size for form in self._forms for size in range(1, len(form)) if tail.endswith(form[:size])), default=0
        )
        if not held:
            return len(data)
        begun = re.search(
            _BREAK.join(re.escape(bytes([byte])) for byte in tail[-held:]) + _BREAK + rb"\Z", data[reach:]
        )
        return reach + begun.start() if begun else reach


class Cuts:
    """The beginnings of some texts before an ellipsis, and their ends after one."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        """Knows ``texts``; a piece of fewer than six bytes is left."""
        kept = [text for text in set(texts) if len(text) > _PIECE]
        self._pieces = {text[at : at + _PIECE] for text in kept for at in range(len(text) - _PIECE + 1)}
        self._before = sorted(
            {text[:size] for text in kept for size in range(_PIECE, len(text))}, key=len, reverse=True
        )
        self._after = sorted(
            {text[-size:] for text in kept for size in range(_PIECE, len(text))}, key=len, reverse=True
        )

    def sub(self, data: bytes, mark: bytes) -> bytes:
        """Puts ``mark`` in the place of each piece; the ellipsis stays."""
        return b"".join(self._parts(data, mark)) if self._pieces else data

    def _parts(self, data: bytes, mark: bytes) -> Iterator[bytes]:
        done = 0
        for match in _DOTS.finditer(data):
            begin, end = match.span()
            left = self._left(data, done, begin) if data[begin - _PIECE : begin] in self._pieces else 0
            right = self._right(data, end) if data[end : end + _PIECE] in self._pieces else 0
            if left or right:
                yield data[done : begin - left] + mark * bool(left) + match[0] + mark * bool(right)
                done = end + right
        yield data[done:]

    def _left(self, data: bytes, done: int, begin: int) -> int:
        return next((len(piece) for piece in self._before if data.endswith(piece, done, begin)), 0)

    def _right(self, data: bytes, end: int) -> int:
        return next((len(piece) for piece in self._after if data.startswith(piece, end)), 0)


def _folded(data: bytes) -> bytes:
    """The text without what may stand between the characters of an encoding."""
    if b"|" in data:
        data = _LABELS.sub(b"\n", data)
    for escape in (b"\\n", b"\\r", b"\\x"):
        data = data.replace(escape, b"")
    return data.translate(None, _DROPPED)


def _tree(words: Iterable[bytes]) -> bytes:
    """An alternation in which each beginning that words share stands once, the longest word first."""
    groups: dict[bytes, list[bytes]] = {}
    for word in sorted(words, key=len, reverse=True):
        groups.setdefault(word[:1], []).append(word)
    return b"|".join(_branch(group) for group in groups.values())


def _branch(words: list[bytes]) -> bytes:
    low, high = min(words), max(words)
    shared = low[: next((at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low))]
    if len(words) == 1 or b"" in (rests := [word[len(shared) :] for word in words]):
        return b"|".join(map(re.escape, words))
    return re.escape(shared) + b"(?:" + _tree(rests) + b")"


def _encoded(value: bytes) -> Iterator[bytes]:
    for shift in range(3):
        whole = slice(-(-shift * 8 // 6), (shift + len(value)) * 8 // 6)
        yield base64.b64encode(b"\0" * shift + value)[whole]
        yield base64.urlsafe_b64encode(b"\0" * shift + value)[whole]
    yield value.hex().encode()
    yield value.hex().upper().encode()
