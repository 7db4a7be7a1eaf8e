"""Take secrets out of text and of byte streams, in the forms in which programs print them.

Three passes. The first removes the registered values: as they are, percent-encoded (in any mixture), base64 (in each of
the three alignments), and escaped for JSON, HTML, shells and ``repr``, also twice. The second removes base64 and
hex that are wrapped over lines, and what an ellipsis left of a value. The third needs no values: Authorization headers,
passwords and tokens inside URLs, private keys. Each is one compiled alternation: linear in the text.
"""

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from gonogo.secrets.wrapped import Cuts, Wrapped

__all__ = ["MARK", "SHORTEST", "RedactingStream", "Redactor"]

MARK = "[redacted]"
SHORTEST = 6
"""Shorter values are left readable: they would blank out ordinary words."""

_MARK = MARK.encode()
_Spellings = tuple[tuple[bytes, bytes], ...]
"""The ways to write one character, each split after its first byte."""
_Form = tuple[int, _Spellings, bytes]
_UTF8 = ("utf-8", "surrogatepass")
_LONGEST_PATTERN = 16_384
_KEY_LINE = 256

_GAP = rb"(?:\\r|\\n|\s){1,6}+(?:[\w.-]{1,60}[ \t]{0,20}\|[ \t]?)?"
_KEY_BEGIN = rb"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY-----"
_KEY = (
    _KEY_BEGIN + rb"(?:%(gap)b(?:Proc-Type|DEK-Info):[^\n\\]{0,100}){0,4}+(?:(?:%(gap)b)?[A-Za-z0-9+/=]{20,}+){1,400}+"
    rb"(?:%(gap)b[A-Za-z0-9+/=]{1,76}+(?![\w:]))?(?:(?:%(gap)b)?-----END [A-Z0-9 ]{0,60}PRIVATE KEY-----)?"
    % {b"gap": _GAP}
)
_SCHEME = rb"(?i:basic|bearer|token|digest|negotiate)"
_HEADER = rb"(?i:thorization)[^\w\n]{1,8}(?:b['\"])?" + _SCHEME + rb"[ \t]{1,4}([^\s\"',;\\<>]{1,8192})"
_URL = rb"://(?:[^\s/:@\"'<>\[\]]{0,256}:([^\s/?#\"'<>]{1,512})|([\w.~%-]{20,512}))@"
_QUERY = (
    rb"(?:amp;)?(?:[\w.-]{0,40}[_.-])?(?i:\w{0,20}token|secret|\w{0,20}password|passwd|pwd|api_?key|access_?key|signature)"
    rb"=([^\s&\"'<>#;\\]{1,1024})"
)
# Each alternative begins with a literal: only then does `re` skip ahead to the few places where a match can begin.
_GENERIC = re.compile(
    rb"%b|%b|u%b|U%b|\?%b|&%b|\\u0026%b" % (_KEY, _URL, _HEADER, _HEADER, _QUERY, _QUERY, _QUERY),
)
_KEY_PATTERN = re.compile(_KEY)
_KEY_BEGINNING = re.compile(_KEY_BEGIN)

_GO = {ord(char): f"\\u{ord(char):04x}" for char in "<>&"}
_ESCAPES: tuple[Callable[[str], str], ...] = (
    lambda value: value,
    lambda value: json.dumps(value)[1:-1],
    lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    lambda value: json.dumps(value)[1:-1].replace("/", "\\/"),
    lambda value: json.dumps(value, ensure_ascii=False)[1:-1].translate(_GO),
    html.escape,
    lambda value: html.escape(value, quote=False),
    lambda value: html.escape(value).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),  # as Jinja does
    lambda value: repr(value)[1:-1],
    lambda value: repr(value.encode(*_UTF8))[2:-1],
    lambda value: value.replace("'", "'\"'\"'"),
    lambda value: value.replace("'", "'\\''"),
    lambda value: value.replace("$", "$$"),  # as Compose writes it
)


class Redactor:
    """Replaces every registered value, in any of its forms, by ``[redacted]``."""

    def __init__(self, values: Iterable[str]) -> None:
        """Registers ``values``; those of fewer than six characters and parts of the mark are passed over."""
        self._values: frozenset[str] = frozenset()
        self._register(values)

    @property
    def values(self) -> frozenset[str]:
        """What was registered; for another redactor only."""
        return self._values

    def learn(self, values: Iterable[str]) -> None:
        """Registers more values."""
        if new := frozenset(values) - self._values:
            self._register(self._values | new)

    def _register(self, values: Iterable[str]) -> None:
        self._values = frozenset(values)
        kept = {value for value in self._values if len(value) >= SHORTEST and value.strip() and value not in MARK}
        forms = {form for value in kept for form in _forms(value)}
        self._known = re.compile(_alternation(forms)) if forms else None
        self._longest = 5 * max((length for length, _, _ in forms), default=1)
        self._one_line = not any("\n" in value or "\r" in value for value in kept)
        self._wrapped = Wrapped(value.encode(*_UTF8) for value in kept)
        self._cuts = Cuts(text.encode(*_UTF8) for value in kept for text in (value, repr(value)[1:-1]))

    def __repr__(self) -> str:
        """Shows nothing of the values."""
        return f"{type(self).__name__}({MARK})"

    def bytes(self, data: bytes) -> bytes:
        """Redacts a whole byte string."""
        if self._known is not None:
            data = self._known.sub(_MARK, data)
            data = self._cuts.sub(self._wrapped.sub(data, _MARK), _MARK)
        return _GENERIC.sub(_blank, data)

    def text(self, text: str) -> str:
        """Redacts a whole string."""
        return self.bytes(text.encode(*_UTF8)).decode(*_UTF8)

    def stream(self) -> "RedactingStream":
        """Starts a stream of its own: what is fed to it in chunks comes out as ``bytes`` would make it of the whole."""
        generic = _Stage(_GENERIC, _LONGEST_PATTERN, one_line=True, keys=True)
        if self._known is None:
            return RedactingStream((generic,))
        known = _Stage(self._known, self._longest, one_line=self._one_line)
        return RedactingStream((known, _WrappedStage(self._wrapped, self._cuts), generic))


class RedactingStream:
    """Redacts one byte stream; a value split across chunks is found, because an unfinished line is held back."""

    def __init__(self, stages: "tuple[_Stage | _WrappedStage, ...]") -> None:
        """Chain the passes; ``Redactor.stream`` makes them."""
        self._stages = stages

    def feed(self, chunk: bytes) -> bytes:
        """Takes the next bytes and gives those that are safe to show by now."""
        for stage in self._stages:
            chunk = stage.feed(chunk)
        return chunk

    def peek(self) -> bytes:
        """Gives the whole lines that are held back and in which less than the shortest secret can have begun.

        The stream goes on as if nobody had looked.
        """
        rest = b""
        for stage in self._stages:
            rest = stage.peek(rest)
        return rest

    def flush(self) -> bytes:
        """Gives what was held back; the stream has ended."""
        rest = b""
        for stage in self._stages:
            rest = stage.feed(rest) + stage.flush()
        return rest


class _Stage:
    """One pass over a stream. It emits what no match can begin in any more, and keeps the rest for the next chunk."""

    def __init__(self, pattern: re.Pattern[bytes], longest: int, *, one_line: bool, keys: bool = False) -> None:
        self._pattern = pattern
        self._longest = longest
        self._one_line = one_line
        self._keys = keys
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        self._held += chunk
        broken = self._one_line and b"\n" in self._held
        waits = (
            not broken and len(self._held) < 2 * self._longest
        )  # or each small chunk would be searched with all before it
        return b"" if waits else self._emit(self._decided())

    def flush(self) -> bytes:
        return self._emit(len(self._held))

    def peek(self, rest: bytes) -> bytes:
        if not self._one_line or any(True for _ in self._open_keys()):
            return b""
        return self._pattern.sub(_blank, _whole_lines(self._held + rest))

    def _decided(self) -> int:
        """Finds the offset before which every match lies wholly in what is held."""
        held = self._held
        decided = max(0, len(held) - self._longest + 1)
        if self._one_line:
            decided = max(decided, held.rfind(b"\n") + 1)
        return min([decided, *self._open_keys()])

    def _open_keys(self) -> Iterator[int]:
        """Finds where a private key begins that the next chunk may continue."""
        if self._keys and b"-----BEGIN" in self._held:
            for begin in _KEY_BEGINNING.finditer(self._held, max(0, len(self._held) - _LONGEST_PATTERN)):
                whole = _KEY_PATTERN.match(self._held, begin.start())
                end = whole.end() if whole else begin.end()
                if len(self._held) - end < _KEY_LINE and not (whole and whole[0].endswith(b"KEY-----")):
                    yield begin.start()

    def _emit(self, decided: int) -> bytes:
        parts, position = [], 0
        for match in self._pattern.finditer(self._held):
            if match.start() >= decided:
                break
            parts += [self._held[position : match.start()], _blank(match)]
            position = match.end()
        end = max(position, decided)
        parts.append(self._held[position:end])
        self._held = self._held[end:]
        return b"".join(parts)


class _WrappedStage:
    """The pass over encodings that are wrapped: a line waits while the next one may go on with its last characters."""

    def __init__(self, wrapped: Wrapped, cuts: Cuts) -> None:
        self._wrapped = wrapped
        self._cuts = cuts
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        self._held += chunk
        if b"\n" not in chunk:
            return b""
        self._held = self._wrapped.sub(self._held, _MARK)
        return self._emit(self._wrapped.decided(self._held[: self._held.rfind(b"\n") + 1]))

    def flush(self) -> bytes:
        return self._emit(len(self._held))

    def peek(self, rest: bytes) -> bytes:
        lines = self._wrapped.sub(_whole_lines(self._held + rest), _MARK)
        decided = self._wrapped.decided(lines)
        if len(lines[decided:].strip()) >= SHORTEST:
            lines = _whole_lines(lines[:decided])
        return self._cuts.sub(lines, _MARK)

    def _emit(self, decided: int) -> bytes:
        ready, self._held = self._held[:decided], self._held[decided:]
        return self._cuts.sub(self._wrapped.sub(ready, _MARK), _MARK)


def _whole_lines(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]


def _blank(match: re.Match[bytes]) -> bytes:
    """Replaces the group of a match that took part, or all of it, and keeps what stands around it."""
    start, end = (offset - match.start() for offset in match.span(match.lastindex or 0))
    return match[0][:start] + _MARK + match[0][end:]


def _alternation(forms: Iterable[_Form]) -> bytes:
    """Joins the forms so that the longest wins and each alternative begins with a literal of its own."""
    tails: dict[bytes, list[bytes]] = {}
    for _, first, rest in sorted(forms, key=lambda form: -form[0]):
        for literal, more in first:
            tails.setdefault(literal, []).append(more + rest)
    return b"|".join(literal + b"(?:" + b"|".join(more) + b")" for literal, more in tails.items())


def _forms(value: str) -> Iterator[_Form]:
    """Gives the patterns of one value: how long what it stands for is, the first character's spellings, the rest."""
    data = value.encode(*_UTF8)
    yield _form([_first(data[0]), *map(_percent, data[1:])])
    once = {escape(value) for escape in _ESCAPES}
    for text in {escape(inner) for escape in _ESCAPES for inner in once} - {value}:
        yield _form([_literal(byte) for byte in text.encode(*_UTF8)])
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + data)
        yield _form([_base64(byte) for byte in encoded[-(-shift * 8 // 6) : (shift + len(data)) * 8 // 6]])


def _form(characters: Sequence[_Spellings]) -> _Form:
    rest = (_any(spellings) for spellings in characters[1:])
    return len(characters), characters[0], b"".join(rest)


def _any(spellings: _Spellings) -> bytes:
    written = b"|".join(first + more for first, more in spellings)
    return b"(?:" + written + b")" if len(spellings) > 1 else written


def _literal(byte: int) -> _Spellings:
    return ((re.escape(bytes([byte])), b""),)


def _percent(byte: int) -> _Spellings:
    """Spells one byte as it is or percent-encoded, once or twice."""
    char = bytes([byte])
    if char.isalnum():
        return _literal(byte)
    digits = "".join(digit if digit.isdigit() else f"[{digit}{digit.lower()}]" for digit in list(f"{byte:02X}"))
    plus = ((rb"\+", b""),) if char == b" " else ()
    return ((b"%", b"(?:25)?" + digits.encode()), *_literal(byte), *plus)


def _first(byte: int) -> _Spellings:
    """The same of a value's first byte: an encoded digit (``%30``) ends like itself."""
    spellings = _percent(byte)
    return (*spellings, (b"%", b"(?:25)?3" + bytes([byte]))) if bytes([byte]).isdigit() else spellings


def _base64(byte: int) -> _Spellings:
    """Spells one base64 character in the standard and the URL-safe alphabet, percent-encoded and JSON-escaped."""
    spellings: dict[bytes, _Spellings] = {
        b"+": ((rb"\+", b""), (b"-", b""), (b"%", b"2[Bb]")),
        b"/": ((b"/", b""), (b"_", b""), (rb"\\", b"/"), (b"%", b"2[Ff]")),
    }
    return spellings.get(bytes([byte])) or _literal(byte)
