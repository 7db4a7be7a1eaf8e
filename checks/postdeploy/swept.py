"""What the checks of pages that nobody named share: which addresses are asked, and what they answer."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from gonogo.checks.build.registering import routes_of
from gonogo.checks.postdeploy.front import front_page, read
from gonogo.config import Environment
from gonogo.gates.budget import retry_after
from gonogo.gates.subject import Subject
from gonogo.inspection.answers.harmless import is_harmless, plain_paths
from gonogo.inspection.answers.htmlfiles import is_same_server, links_of
from gonogo.plugins.limits import Limits
from gonogo.runtimes.base import Inspector

__all__ = [
    "NOTHING",
    "USUAL",
    "Swept",
    "again",
    "asked",
    "candidates",
    "closed",
    "closed_said",
    "free",
    "led_to",
    "origin",
    "origins",
]

NOTHING = "no answer"
_SECONDS = 15.0
"""For all of them; the share of one is at most two thirds."""
USUAL = ("/robots.txt", "/sitemap.xml")
"""What nobody links to, and others ask for."""
_AWAY = 600.0
"""Seconds: a limit, a queue that is full or a database that is away are asked again sooner."""
_UNKNOWN = httpx.codes.NOT_IMPLEMENTED
"""No fault: it says that there is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What an address answered, and after how many seconds."""

    address: str
    status: int | None
    text: str
    seconds: float
    leads_to: str = ""
    """Where a redirect leads."""
    kind: str = ""
    """What the answer says that it is."""
    back_after: float = 0.0
    """Seconds after which it says to come back."""

    @property
    def is_broken(self) -> bool:
        """Whether it is a server error, or none came."""
        return self.status is None or (self.status >= httpx.codes.INTERNAL_SERVER_ERROR and self.status != _UNKNOWN)

    @property
    def is_away(self) -> bool:
        """Whether it says that it is closed for some time, as for maintenance; what only fails names no such pause."""
        return self.status == httpx.codes.SERVICE_UNAVAILABLE and self.back_after >= _AWAY

    def __str__(self) -> str:
        """Its status."""
        return NOTHING if self.status is None else str(self.status)


def candidates(
    inspector: Inspector, environment: Environment, subject: Subject, limits: Limits, *, usual: Sequence[str] = USUAL
) -> tuple[str, ...]:
    """The addresses that may be asked, but for what others judge: endpoints, health, and the front page (D29).

    ``usual``: paths that are asked for although nothing leads to them.
    """
    url = inspector.url()
    more = [f"{url}{path}" for path in usual] if url is not None else []
    return free((*_of_routes(inspector, subject), *_of_links(inspector, limits), *more), inspector, environment)


def led_to(found: Sequence[Swept], inspector: Inspector, environment: Environment, limits: Limits) -> tuple[str, ...]:
    """Where redirects lead on the same server, of these and of endpoints that state one: a login page, mostly."""
    url = inspector.url()
    stated = [one for one in environment.endpoint if one.request.startswith("GET ") and not (one.auth or one.service)]
    asking = [f"{url}{one.request.removeprefix('GET ')}" for one in stated if url is not None and _leads(one.status)]
    ways = [one for one in (*found, *asked(asking, limits)) if is_same_server(one.leads_to, one.address)]
    known = {one.address for one in found}
    leads = (one.leads_to.partition("#")[0].partition("?")[0] for one in ways)
    return tuple(address for address in free(leads, inspector, environment) if address not in known)


def _leads(status: int | Sequence[int]) -> bool:
    return any(httpx.codes.is_redirect(one) for one in ((status,) if isinstance(status, int) else status))


def free(addresses: Iterable[str], inspector: Inspector, environment: Environment) -> tuple[str, ...]:
    """Those that only show something, each once, but for what others judge."""
    health = [environment.health, *(environment.health_of(name) for name in environment.service)]
    named = {endpoint.request.partition(" ")[2] for endpoint in environment.endpoint}
    named |= {path for one in health for path in (one.live, one.ready) if path}
    found = dict.fromkeys(addresses)
    found.pop(f"{inspector.url()}/", None)
    paths = ((address, urlsplit(address).path) for address in found)
    return tuple(
        address for address, path in paths if path not in named and is_harmless(path, but=environment.not_asked)
    )


def origins(inspector: Inspector, services: Iterable[str]) -> frozenset[str]:
    """Where the release itself answers: scheme, host and port."""
    urls = (inspector.url(), *(inspector.url(name) for name in services))
    return frozenset(origin(url) for url in urls if url is not None)


def origin(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _of_routes(inspector: Inspector, subject: Subject) -> Iterator[str]:
    release = subject.release
    if release is None:
        return
    for name in release.routes:
        if url := inspector.url(name):
            yield from (url + path for path in plain_paths(routes_of(release, name) or ()))


def _of_links(inspector: Inspector, limits: Limits) -> tuple[str, ...]:
    """Where the front page leads; nowhere while it is not well."""
    url = inspector.url()
    try:
        page = front_page(f"{url}/", limits) if url is not None else None
    except httpx.HTTPError:
        return ()
    return links_of(page.html, page.address) if page is not None and page.status == httpx.codes.OK else ()


def asked(addresses: Sequence[str], limits: Limits, session: httpx.Client | None = None) -> list[Swept]:
    """What they answer, to anybody or in a session; where requests are limited others need them more."""
    until, found = time.monotonic() + _SECONDS, []
    for address in addresses:
        left = until - time.monotonic()
        if left <= 0 or limits.is_tight(address):
            break
        answer = _answer(address, limits, patience=min(left, _SECONDS * 2 / 3), session=session)
        if answer.status != httpx.codes.TOO_MANY_REQUESTS:
            found.append(answer)
    return found


def again(answer: Swept, limits: Limits, session: httpx.Client | None = None) -> Swept:
    """Asked once more, and waited for longer: a page may be slow the first time."""
    return _answer(answer.address, limits, patience=_SECONDS, session=session)


def closed(answers: Sequence[Swept]) -> list[Swept]:
    """Pages that say that they are closed for some time; none of them where not as many are open."""
    pages = [one for one in answers if urlsplit(one.address).path not in USUAL]
    away = [one for one in answers if one.is_away]
    return away if sum(not one.is_broken for one in pages) >= len(away) else []


def closed_said(one: Swept, before: int, *, who: str = "") -> str:
    """The warning of such a page, with the status that it had before; ``who`` asked."""
    return (
        f"GET {one.address}{who}: found 503 that says to come back after {one.back_after:.0f} s, twice; "
        f"expected {before}, as before this release, unless it is meant so"
    )


def _answer(address: str, limits: Limits, *, patience: float, session: httpx.Client | None) -> Swept:
    began = time.monotonic()
    status, text, leads, kind, back = None, "", "", "", 0.0
    try:
        status, headers, text = read(address, began + patience, limits, session)
        kind = headers.get("content-type", "").partition(";")[0].strip()
        back = retry_after(headers, now=time.time()) or 0.0
        leads = urljoin(address, headers.get("location", "")) if httpx.codes.is_redirect(status) else ""
    except httpx.TimeoutException:
        limits.hung_up(address)
    except httpx.HTTPError:
        pass
    took = time.monotonic() - began
    return Swept(address=address, status=status, text=text, seconds=took, leads_to=leads, kind=kind, back_after=back)
