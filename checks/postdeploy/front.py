"""What the checks of pages share: how one is read, within ten seconds."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx

from gonogo.inspection.answers.htmlfiles import is_same_server
from gonogo.plugins.limits import Limits

__all__ = ["CIRCLE", "SECONDS", "FrontPage", "front_page", "goes_round", "is_for_all", "read"]

SECONDS = 10.0
"""For the page with its redirects, and as much again for its files: well below ``check_timeout``."""
CIRCLE = (
    "Look who redirects (to https, to www., to a slash in the end: one place alone may do each); behind a proxy that "
    "ends TLS the application must heed X-Forwarded-Proto (SECURE_PROXY_SSL_HEADER, ProxyFix, --proxy-headers)"
)
"""What mends redirects without an end."""
_NO_PAGE = "/gonogo-asks-for-a-page-that-is-none"
_OF_THE_QUESTION = frozenset({404, 405, 410, 429})
"""Statuses that are the question's own, or a limit's."""
_MOST_BYTES = 1 << 20
_MOST_HOPS = 5
_PATIENT_HOPS = 20
"""After so many a browser says that the page redirects without an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPage:
    """The front page: where redirects on the same server ended, and the status and the text there."""

    address: str
    status: int
    text: str
    html: str
    """The text of a page; empty for any other."""
    kind: str
    """What the answer says that it is; empty where it does not."""


def front_page(address: str, limits: Limits) -> FrontPage:
    """Reads a page; where a limit on requests refuses it, again once that lets it.

    Raises:
        httpx.HTTPError: there was no answer.
    """
    while True:
        found = _followed(address, limits)
        if found.status != httpx.codes.TOO_MANY_REQUESTS or not limits.wait(found.address):
            return found


def _followed(address: str, limits: Limits) -> FrontPage:
    until = time.monotonic() + SECONDS
    for _ in range(_MOST_HOPS):
        status, headers, text = read(address, until, limits)
        leads = urljoin(address, headers.get("location", ""))
        elsewhere = leads == address or not is_same_server(leads, address)
        if elsewhere or not 300 <= status < 400 or time.monotonic() > until:  # noqa: PLR2004 (HTTP's redirects)
            break
        address = leads
    kind = headers.get("content-type", "").partition(";")[0].strip()
    html = text if "html" in kind else ""
    return FrontPage(address=address, status=status, text=text, html=html, kind=kind)


def goes_round(address: str, limits: Limits) -> bool:
    """Whether a page leads a visitor who keeps cookies round in a circle on its own server; who gets there, never ends.

    One that sends away once, with a cookie that it wants to see, does not; nor does what leads to another server.
    """
    until, seen = time.monotonic() + SECONDS, set()
    with limits.client(address) as session:
        for _ in range(_PATIENT_HOPS):
            try:
                status, headers, _ = read(address, until, limits, session)
            except httpx.HTTPError:
                return False
            leads = urljoin(address, headers.get("location", "")).partition("#")[0]
            if not httpx.codes.is_redirect(status) or not headers.get("location") or not is_same_server(leads, address):
                return False
            state = (address, frozenset((one.name, one.value) for one in session.cookies.jar))
            if state in seen:
                return True
            seen.add(state)
            address = leads
    return True


def is_for_all(address: str, answer: httpx.Response, limits: Limits) -> bool:
    """Whether an error is answered to everybody, as a page that surely is none gets it too; one 404 is like another."""
    if not answer.is_error or answer.status_code in _OF_THE_QUESTION or limits.is_tight(address):
        return False
    try:
        other = limits.send("GET", urljoin(address, _NO_PAGE), expected=(answer.status_code,))
    except httpx.HTTPError:
        return False
    return (other.status_code, other.text) == (answer.status_code, answer.text)


def read(
    address: str, until: float, limits: Limits, session: httpx.Client | None = None
) -> tuple[int, httpx.Headers, str]:
    """One answer; of one without an end its beginning. A ``session`` asks as whoever is logged in with it.

    Raises:
        httpx.HTTPError: there was no answer.
    """
    body = b""
    limits.wait(address)
    patience = max(until - time.monotonic(), 0.1)
    client = limits.client(address) if session is None else nullcontext(session)
    with client as asking, asking.stream("GET", address, timeout=patience) as answer:
        endless = "event-stream" in answer.headers.get("content-type", "")
        for piece in () if endless else answer.iter_bytes():
            body += piece
            if len(body) > _MOST_BYTES or time.monotonic() > until:
                limits.hung_up(address)
                break
        return answer.status_code, answer.headers, body.decode(answer.encoding or "utf-8", "replace")
