"""Prove who answers: requests through the public address, each over a connection of its own, several in a row."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from gonogo.errors import CommandError
from gonogo.inspection.answers.addresses import is_loopback

if TYPE_CHECKING:
    import httpx

__all__ = ["Pages", "Said", "ask", "prove", "sign_of"]

_TIMES = 5
_PAUSE = 0.02
_CALM = 1.0
"""Between two requests where there is a limit on them; one answer is enough then."""
_REQUEST = 5.0
_HURRIED = 1.0
"""The first request's patience: one that still goes to who is gone is not waited for; the next has twice as long."""
_RELEASE_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{7,40}", re.IGNORECASE)
_AGENT = "gonogo-switch"


@dataclass(frozen=True, kw_only=True)
class Pages:
    """What is asked."""

    urls: tuple[str, ...]
    reached: Callable[[str], str] = str
    """Where a request to a URL is sent."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What is told beside."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: its status, and all that it says; no status where there was none."""

    status: int | None
    text: str

    @property
    def is_answer(self) -> bool:
        """Whether an application answered."""
        return self.status is not None and self.status < HTTPStatus.INTERNAL_SERVER_ERROR

    def __str__(self) -> str:
        """For people."""
        found = " ".join(dict.fromkeys(_RELEASE_ID.findall(self.text)))
        names = f", which names {found}" if found else ""
        return f"HTTP {self.status}{names}" if self.status is not None else self.text


def ask(pages: Pages) -> Said:
    """The pages' answers as one, over new connections; that of the first that does not answer."""
    with _client(pages) as client:
        return _asked(client, pages)


def _client(pages: Pages) -> httpx.Client:
    """One that keeps no connection: an old one would lead to who answered before."""
    import httpx  # noqa: PLC0415 (slow, and a gate that asks nobody imports this module too)

    from gonogo.host.directed import directed  # noqa: PLC0415 (likewise)

    url, limits = _first(pages.urls), httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(
        transport=directed(url, pages.reached, verify=False, limits=limits),
        verify=False,  # noqa: S501 (a check judges certificates; this asks who answers)
        limits=limits,
        trust_env=not is_loopback(pages.reached(url)),
        timeout=_REQUEST,
        headers={"User-Agent": _AGENT, "Connection": "close", **pages.headers},
    )


def _asked(client: httpx.Client, pages: Pages, *, patience: float = _REQUEST) -> Said:
    import httpx  # noqa: PLC0415 (as above)

    texts: list[str] = []
    status = None
    for url in pages.urls:
        try:
            answer = client.get(url, timeout=patience)
        except httpx.HTTPError as error:
            return Said(None, f"{type(error).__name__}: {error}")
        status = answer.status_code
        texts += [answer.text, *answer.headers.values()]
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            break
    return Said(status, "\n".join(texts))


def sign_of(said: Said, *, release: str, commit: str) -> str:
    """By what of it a release is known in its own answers; empty where they do not name it."""
    return next((one for one in (release, commit, commit[:7]) if one in said.text), "")


def prove(
    pages: Pages, *, release: str, sign: str, seconds: float, times: int = _TIMES, left: Sequence[str] = ()
) -> Said:
    """Asks until a release answered so many times in a row.

    Args:
        pages: what is asked, through the public address.
        release: its id; an answer that names another one alone is never its.
        sign: what its answers must say; empty where they are not known to name it.
        seconds: how long it may take.
        times: how many in a row.
        left: what names the release that is left; an answer with one of them alone is not its.

    Returns:
        The last answer.

    Raises:
        CommandError: somebody else answers, or nobody does.
    """
    deadline, row, patience = time.monotonic() + seconds, 0, _HURRIED
    with _client(pages) as client:
        while True:
            said = _asked(client, pages, patience=patience)
            patience = min(2 * patience, _REQUEST) if said.status is None else patience
            if said.status == HTTPStatus.TOO_MANY_REQUESTS:  # says nothing of who answers
                times = min(times, max(row, 1))
                time.sleep(_CALM if row < times and time.monotonic() < deadline else 0)
            else:
                row = row + 1 if _is_of(said, release, sign) and not _is_of_left(said, release, left) else 0
            if row >= times:
                return said
            if time.monotonic() >= deadline:
                raise CommandError(
                    f"{_first(pages.urls)}: found {said}, expected {times} answers in a row by {release} within "
                    f"{seconds:g} s."
                )
            if not row:
                time.sleep(_PAUSE)


def _is_of(said: Said, release: str, sign: str) -> bool:
    named = _RELEASE_ID.findall(said.text)
    return said.is_answer and sign in said.text and (release in named or not named)


def _is_of_left(said: Said, release: str, left: Sequence[str]) -> bool:
    return release not in said.text and any(one in said.text for one in left)


def _first(urls: Sequence[str]) -> str:
    return urls[0] if urls else "the public address"
