"""Looks for a secret in what was written and printed: in every encoding, over line ends, and in pieces."""

from __future__ import annotations

import base64
import html
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, unquote_plus

__all__ = ["found_in", "holders", "open_to_others", "spellings"]

_PIECE = 8
_HIDDEN = {".venv", ".git", "node_modules"}


def spellings(value: str) -> list[str]:
    """What a program might print of a value."""
    data = value.encode()
    wrapped = base64.encodebytes(b"some more before it, so that it is wrapped in its midst " + data).decode()
    return [
        value,
        repr(value),
        repr(data),
        html.escape(value),
        base64.b64encode(data).decode(),
        base64.urlsafe_b64encode(b"u:" + data).decode(),
        wrapped,
        data.hex(),
        data.hex(":"),
        "".join(f"%{byte:02x}" for byte in data),
        value.replace("/", "\\/"),
    ]


def found_in(text: str | bytes, value: str) -> list[str]:
    """The pieces of a value that stand in a text, each with what stands around it."""
    data = text if isinstance(text, bytes) else text.encode(errors="replace")
    plain, encoded = _pieces(value), _encodings(value.encode())
    seen = [_around(view, piece) for view in _views(data) for piece in plain if piece in view]
    folded = re.sub(rb"\\[rn]|[\s:]|\n[\w.-]+ *\|", b"", data)
    return seen[:1] + [_around(view, form) for form in encoded for view in (data, folded) if form in view]


def holders(folders: Iterable[Path], value: str) -> list[str]:
    """Every file below some folders that holds a piece of a value in its text or its name."""
    return [str(path) for path in _files(folders) if found_in(path.read_bytes() + path.name.encode(), value)]


def open_to_others(paths: Iterable[str]) -> list[str]:
    """Those that somebody else may read."""
    return [path for path in paths if stat.S_IMODE(Path(path).stat().st_mode) & 0o077]


def _around(view: bytes, piece: bytes) -> str:
    at = view.index(piece)
    return view[max(0, at - 80) : at + 80].decode("utf-8", "replace")


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and not _HIDDEN & set(path.relative_to(folder).parts):
                yield path


def _pieces(value: str) -> list[bytes]:
    return [value[at : at + _PIECE].encode() for at in range(max(1, len(value) - _PIECE + 1))]


def _encodings(data: bytes) -> set[bytes]:
    forms = {data.hex().encode(), data.hex().upper().encode()}
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            forms.add(encode(b"\0" * shift + data)[2 + shift : -4])
    return forms


def _views(data: bytes) -> Iterator[bytes]:
    text = data.decode("utf-8", "replace")
    for view in (text, unquote(text), unquote(unquote_plus(text)), html.unescape(text), text.replace("\\", "")):
        yield view.encode(errors="replace")
    yield html.unescape(unquote(text)).replace("\\", "").replace("$$", "$").encode(errors="replace")
