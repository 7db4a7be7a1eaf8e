"""Answers of which no more is read than can be: one may go on for ever, or be larger than the memory."""

from __future__ import annotations

import time
from datetime import timedelta

import httpx

__all__ = ["CUT", "MOST", "whole"]

MOST = 32 << 20
"""Bytes of an answer that are read at most."""
CUT = "gonogo.cut"
"""Beside an answer, why its text is only the beginning."""


def whole(answer: httpx.Response, *, seconds: float, most: int = MOST) -> httpx.Response:
    """The answer with its text, or as much of it as comes in so many seconds; its connection is closed then.

    What an answer that was cut took is the time until it began.

    Raises:
        httpx.HTTPError: it broke off.
    """
    begin, pieces, size, cut = time.monotonic(), [], 0, ""
    try:
        for piece in answer.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > most or time.monotonic() - begin > seconds:
                cut = f"its text did not end within {f'{most >> 20} MiB' if size > most else f'{seconds:g} s'}"
                break
    finally:
        answer.close()
    read = timedelta(seconds=time.monotonic() - begin)
    extensions = {**answer.extensions, **({CUT: cut} if cut else {})}
    content = b"".join(pieces)[:most]
    made = httpx.Response(answer.status_code, content=content, request=answer.request, extensions=extensions)
    made.headers, made.elapsed = answer.headers, answer.elapsed - read if cut else answer.elapsed
    return made
