"""Whether the front page answers, of an application whose configuration does not name it."""

from __future__ import annotations

import time
from urllib.parse import urljoin

import httpx
import pytest

from gonogo.config import Environment
from gonogo.inspection import things
from gonogo.inspection.htmlfiles import files_of, is_same_server
from gonogo.plugins.evidence import Collected, LimitedError
from gonogo.plugins.limits import Limits
from gonogo.runtimes.base import Inspector

__all__: list[str] = []

_SECONDS = 10.0
"""For the page with its redirects, and as much again for its files: well below ``check_timeout``."""
_MOST_BYTES = 1 << 20
_MOST_HOPS = 5
_MOST_FILES = 20
_SHOWN = 2000


@pytest.mark.postdeploy(
    "D29",
    needs=("a URL", "no GET / under endpoint"),
    remedy="Open it and read the application's log of that moment; gonogo status --env {env} names the address",
)
def test_front_page_is_no_server_error(
    inspector: Inspector, environment: Environment, limits: Limits, evidence: Collected
) -> None:
    """The front page answers without a server error, although gonogo.toml does not name it.

    Catches a release whose health page is green and whose first page is a 500; files that the page loads and that are
    not there are warned of.
    """
    url = inspector.url()
    if url is None:
        pytest.skip("the environment has no url")
    if any(endpoint.request == "GET /" and endpoint.service is None for endpoint in environment.endpoint):
        pytest.skip("an endpoint says what GET / answers (D09)")
    try:
        address, status, html = _asked(f"{url}/", limits)
    except httpx.HTTPError as error:  # whether it is alive at all is D06's question
        evidence.warn(f"GET /: no answer that could be read: {type(error).__name__}: {error}")
        return
    evidence.text(f"GET {address}", f"{status}\n{html[:_SHOWN]}")
    evidence.needs(things.answer(address, status, html))
    assert status < httpx.codes.INTERNAL_SERVER_ERROR, f"GET {address}: found {status}, expected no server error"
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise LimitedError(f"GET {address}: found 429, a limit on requests; ask again later")
    missing = _missing(address, html, limits) if status < httpx.codes.BAD_REQUEST else []
    evidence.table("Files that are not there", missing)
    if missing:
        evidence.warn(
            f"GET {address} names files that are not there: {', '.join(f'{at} ({code})' for at, code in missing)}"
        )


def _asked(address: str, limits: Limits) -> tuple[str, int, str]:
    """The front page; where a limit refuses it, again once that lets it.

    Raises:
        httpx.HTTPError: there was no answer.
    """
    while True:
        found = _front_page(address, limits)
        if found[1] != httpx.codes.TOO_MANY_REQUESTS or not limits.wait(found[0]):
            return found


def _front_page(address: str, limits: Limits) -> tuple[str, int, str]:
    """Follow redirects on the same server; the last address, its status and what of it is HTML.

    Raises:
        httpx.HTTPError: there was no answer.
    """
    until = time.monotonic() + _SECONDS
    for _ in range(_MOST_HOPS):
        status, headers, text = _read(address, until, limits)
        leads = urljoin(address, headers.get("location", ""))
        elsewhere = leads == address or not is_same_server(leads, address)
        if elsewhere or not 300 <= status < 400 or time.monotonic() > until:  # noqa: PLR2004 (HTTP's redirects)
            break
        address = leads
    return address, status, text if "html" in headers.get("content-type", "") else ""


def _read(address: str, until: float, limits: Limits) -> tuple[int, httpx.Headers, str]:
    """One answer; of one without an end its beginning.

    Raises:
        httpx.HTTPError: there was no answer.
    """
    body = b""
    limits.wait(address)
    patience = max(until - time.monotonic(), 0.1)
    with limits.client(address, timeout=patience) as asking, asking.stream("GET", address) as answer:
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > _MOST_BYTES or time.monotonic() > until:
                break
        return answer.status_code, answer.headers, body.decode(answer.encoding or "utf-8", "replace")


def _missing(address: str, html: str, limits: Limits) -> list[tuple[str, int]]:
    """Address and status of each file that the page names and that does not answer with it.

    Where requests are limited, they are kept for checks that count.
    """
    found = []
    until = time.monotonic() + _SECONDS
    with limits.client(address) as asking:
        for file in files_of(html, address)[:_MOST_FILES]:
            if (left := until - time.monotonic()) <= 0 or limits.is_tight(file):
                break
            try:
                with asking.stream("GET", file, timeout=left) as answer:
                    if answer.is_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                        found.append((file, answer.status_code))
            except httpx.HTTPError:  # slow is not missing
                continue
    return found
