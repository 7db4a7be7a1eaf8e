"""Requests of a check, within the budget of their address: where a limit is met it is waited for, within bounds."""

from __future__ import annotations

import contextlib
import functools
import ssl
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx

from gonogo.gates.budget import Budget, retry_after
from gonogo.host.bounded import CUT, whole
from gonogo.host.directed import directed
from gonogo.inspection import things
from gonogo.inspection.answers.addresses import is_loopback
from gonogo.inspection.answers.moved import IN_VAIN
from gonogo.inspection.answers.refusals import REFUSED, SLOWLY, Limit, is_proxys_own, may_be_limit
from gonogo.plugins.evidence import LackingError, LimitedError
from gonogo.plugins.transport import trusted

__all__ = ["AGENT", "Limits"]

AGENT = "gonogo-check"
"""User-Agent of every request that a check sends; log and metric checks leave these requests out."""
_TIMEOUT = 10.0
_KEPT = httpx.Limits(max_connections=100, max_keepalive_connections=20)
"""As httpx has it: who asks several things one after the other, as a visitor does."""
_ALONE = httpx.Limits(max_keepalive_connections=0)
"""Each request has a connection of its own: of several processes that answer, any may take it."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PATIENCE = 5.0
"""Seconds in which a proxy's page has to come."""
_EXPECTED = "gonogo.expected"
"""Statuses that a request is meant to get, beside it."""
_SILENT, _COUNTS = 2, 5.0
"""From so many requests in a row on that were not answered in so many seconds, an address is looked at first."""
_LOOK, _LOOK_AGAIN = 3.0, 10.0
"""How long such a look takes at most, once one was in vain that took as long as it may, and how long it holds."""
_WAITS, _LONGEST = 0.7, 0.3
"""The shares of its bound that a check may wait for a limit on requests, and for one answer."""


class _Client(httpx.Client):
    """Asks once more, slowly, where a limit may have answered 503; and nobody who is known not to answer."""

    def __init__(self, asking: Limits, /, **given: Any) -> None:
        super().__init__(**given)
        self._limits = asking

    def send(self, request: httpx.Request, **how: Any) -> httpx.Response:
        """Sends a request; what comes back is the answer that counts."""
        self._limits.require_answering(str(request.url))
        begin = time.monotonic()
        try:
            answer = super().send(request, **how)
        except httpx.TimeoutException:
            self._limits.unanswered(str(request.url), time.monotonic() - begin)
            raise
        if answer.status_code == REFUSED and not answer.is_closed:
            answer = _page(answer)
        if not self._limits.may_pass(answer):
            return answer
        again = super().send(request, **how)
        self._limits.passed(answer, again)
        return again


class Limits:
    """Sends the requests of a gate, one check after the other."""

    def __init__(
        self,
        budget: Budget,
        *,
        bound: float,
        configured: Callable[[], Limit | None] = lambda: None,
        reached: Callable[[str], str] = str,
        alive: Callable[[str], str | None] = lambda _: None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Limits requests.

        Args:
            budget: what is known of the addresses.
            bound: how many seconds a check may take.
            configured: the limit that the release's own proxy sets; None for none.
            reached: where a request to a URL is sent.
            alive: the page by which whoever answers at a URL says that it is alive; None where that is not ours.
            headers: what each request tells.
        """
        self._headers = {"User-Agent": AGENT, **(headers or {})}
        self._budget, self._reached, self._alive = budget, reached, alive
        self._in_vain: set[str] = set()
        """Addresses that did not even say that they are alive, although this process waited as long as it may."""
        self._looked: dict[str, float] = {}
        """When each of them was looked at in vain, by the monotonic clock."""
        self._configured = functools.cache(configured)
        self._clients: dict[tuple[str, ssl.SSLContext], httpx.Client] = {}
        """By origin, and by whose certificates are trusted."""
        self._patience, self._timeout = _WAITS * bound, max(_LONGEST * bound, _TIMEOUT)
        self.begin()

    def begin(self) -> None:
        """A check begins."""
        self._until = time.monotonic() + self._patience
        self.last: int | None = None
        """The status of the newest answer."""
        self.error: httpx.Response | None = None
        """The newest answer, where it is an error."""
        self.again: list[str] = []
        """What was asked once more, slowly, because a limit may have refused it, and what it answered then."""

    def client(self, url: str, *, limits: httpx.Limits = _KEPT) -> httpx.Client:
        """A client for one address; a proxy of the deployer's own never stands before a loopback address."""
        return _Client(self, timeout=self._timeout, **self._how(url, limits))

    def _plain(self, url: str, *, timeout: float) -> httpx.Client:
        """The same, that asks once and waits for no longer."""
        return httpx.Client(timeout=timeout, **self._how(url, _ALONE))

    def _how(self, url: str, limits: httpx.Limits) -> dict[str, Any]:
        known = trusted()
        return {
            "headers": self._headers,
            "verify": known,
            "transport": directed(url, self._reached, verify=known, limits=limits),
            "limits": limits,
            "trust_env": not is_loopback(self._reached(url)),
            "event_hooks": self.hooks,
        }

    @property
    def hooks(self) -> Mapping[str, list[Callable[..., Any]]]:
        """What a client of somebody else's needs to keep to the budget."""
        return {"request": [self._before], "response": [self._after]}

    def get(self, url: str) -> httpx.Response:
        """Asks an address.

        Raises:
            LimitedError: it still refuses to be asked so often.
        """
        answer = self.send("GET", url)
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise LimitedError(f"GET {url}: found 429, a limit on requests; ask again later")
        return answer

    def send(
        self, method: str, url: str, *, timeout: float | None = None, expected: Collection[int] = (), **sent: Any
    ) -> httpx.Response:
        """Sends a request; one that a limit refused, though no such answer is ``expected``, is sent again."""
        asking, extensions = self._asking(url), {_EXPECTED: tuple(expected)}
        patience, auth = timeout or self._timeout, sent.pop("auth", httpx.USE_CLIENT_DEFAULT)
        while True:
            asking.cookies.clear()
            try:
                request = asking.build_request(method, url, timeout=patience, extensions=extensions, **sent)
                answer = asking.send(request, auth=auth, stream=True)
                answer = answer if answer.is_closed else whole(answer, seconds=patience)
            except httpx.TimeoutException:
                self.hung_up(url)
                raise
            if CUT in answer.extensions:
                self.hung_up(url)
            self.error = answer if answer.is_error else None
            limited = answer.status_code == httpx.codes.TOO_MANY_REQUESTS
            if not limited or answer.status_code in expected or not self.wait(url):
                return answer

    def at_once(self, url: str, times: int) -> list[httpx.Response]:
        """What so many requests to an address got that were sent at the same moment, each over a connection of its own.

        Of several processes that answer, one cannot take them all. A request that got no answer says nothing here, and
        neither does one that a limit may have refused: a 503 counts where it is a document of the application's own.
        """
        start = threading.Barrier(times)

        def ask(asking: httpx.Client) -> httpx.Response | None:
            with contextlib.suppress(httpx.HTTPError, threading.BrokenBarrierError):
                request = asking.build_request("GET", url)
                start.wait(_PATIENCE)
                answer = asking.send(request, stream=True)
                return answer if answer.is_closed else whole(answer, seconds=self._timeout)
            return None

        with self._plain(url, timeout=self._timeout) as asking, ThreadPoolExecutor(times) as pool:
            found = [one for one in pool.map(ask, [asking] * times) if one is not None and CUT not in one.extensions]
        known = self.knows_503(url)
        return [
            one
            for one in found
            if one.status_code != httpx.codes.TOO_MANY_REQUESTS
            and not (one.status_code == REFUSED and (known or _may_be_too_many(one)))
        ]

    def _asking(self, url: str) -> httpx.Client:
        """A client of the address, made once: that costs a third of a request. No connection is kept, nor a cookie."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        key = origin, trusted()
        if key not in self._clients:
            self._clients[key] = self.client(origin, limits=_ALONE)
        return self._clients[key]

    def close(self) -> None:
        """Nothing is asked any more."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def hung_up(self, url: str) -> None:
        """A check stopped listening before an answer's end: an application may log that as an error."""
        self._budget.hung_up(url)

    def unanswered(self, url: str, seconds: float) -> None:
        """A check waited so long for an answer, and there was none."""
        if seconds >= _COUNTS:
            self._budget.unanswered(url)
        if seconds >= self._timeout and url == self._alive(url):
            self._in_vain.add(things.address(url))

    def require_answering(self, url: str) -> None:
        """Makes sure that an address is not waited for again and again which answers nobody, not even that it is alive.

        Each process waits for that page in full once, and any answer to anybody ends it: who is slow is waited for.

        Raises:
            LackingError: it does not answer.
        """
        page, at, silent = self._alive(url), things.address(url), self._budget.silent(url)
        if not silent:
            self._in_vain.discard(at)
            self._looked.pop(at, None)
        known = at in self._in_vain
        if page is None or not (known or (silent >= _SILENT and url != page)):
            return
        patience = _LOOK if known else self._timeout
        if time.monotonic() - self._looked.get(at, -_LOOK_AGAIN) >= _LOOK_AGAIN:
            if self._is_alive(page, patience):
                return
            self._in_vain.add(at)
            self._looked[at] = time.monotonic()
        raise LackingError(f"{url}: not waited for: found no answer by {page} either, expected one", needs=at)

    def _is_alive(self, page: str, seconds: float) -> bool:
        with contextlib.suppress(httpx.HTTPError), self._plain(page, timeout=seconds) as asking:
            asking.send(asking.build_request("GET", page), stream=True).close()
            return True
        return False

    def refused(self, url: str) -> None:
        """A check sent a wrong signature: an application may log that as an error."""
        self._budget.refused(url)

    def is_tight(self, url: str) -> bool:
        """Whether a limit was met at this address, or is near, so that nothing is asked that need not be."""
        return self._budget.is_pressed(url)

    def knows_503(self, url: str) -> bool:
        """Whether the release's own proxy limits requests, or a limit was met at this address."""
        return self._configured() is not None or self._budget.met(url) > 0

    def wait(self, url: str) -> bool:
        """Waits as long as the limit asks for; whether that was within the bounds."""
        pause = self._budget.pause(url)
        if pause > min(self._until - time.monotonic(), self._budget.patience(url)):
            return False
        if pause:
            time.sleep(pause)
            self._budget.waited(url, pause)
        return True

    def may_pass(self, answer: httpx.Response) -> bool:
        """Waits to ask once more, slowly, where a limit may have answered 503; whether that is within the bounds.

        A proxy's own page never reached the application, so whatever was sent may be sent again.
        """
        request = answer.request
        if answer.status_code != REFUSED or REFUSED in request.extensions.get(_EXPECTED, ()):
            return False
        text, url, known = _text(answer), str(request.url), self._configured()
        unclear = (known is not None and known.hides) or may_be_limit(REFUSED, answer.headers, text)
        if not (unclear and request.method in _SAFE) and not is_proxys_own(REFUSED, text):
            return False
        asked = retry_after(answer.headers, now=time.time())
        pause = max(known.pause if known is not None else SLOWLY, asked or 0.0)
        if pause > min(self._until - time.monotonic(), self._budget.patience(url)):
            return False
        self._budget.hold(url, pause)
        self._budget.waited(url, pause)
        time.sleep(pause)
        return True

    def passed(self, first: httpx.Response, second: httpx.Response) -> None:
        """What was refused was asked again, and answered so."""
        url = str(first.request.url)
        limited = second.status_code != REFUSED
        if limited:
            self._budget.limited(url)
        said = f"{second.status_code} when it was asked once more, slowly"
        verdict = "a limit on requests" if limited else "no limit on requests"
        self.again.append(f"{first.request.method} {url}: {first.status_code}, and {said}: {verdict}")

    def _before(self, request: httpx.Request) -> None:
        """Waits where it is known already that it would be refused."""
        self.wait(str(request.url))

    def _after(self, answer: httpx.Response) -> None:
        self.last = answer.status_code
        self.error = answer if answer.is_error else None
        self._budget.note(str(answer.request.url), answer.status_code, answer.headers)
        if answer.status_code in IN_VAIN:
            self._budget.missed(str(answer.request.url), answer.status_code)


def _may_be_too_many(answer: httpx.Response) -> bool:
    """Whether a 503 may come of what was asked beside it: a proxy's, or a server's that answers so many at a time."""
    text = _text(answer)
    return may_be_limit(REFUSED, answer.headers, text) or not text.lstrip().startswith("{")


def _page(answer: httpx.Response) -> httpx.Response:
    """A refusal with its text, of which much may be missing."""
    try:
        return whole(answer, seconds=_PATIENCE)
    except httpx.HTTPError:
        empty = httpx.Response(answer.status_code, request=answer.request)
        empty.headers = answer.headers
        return empty


def _text(answer: httpx.Response) -> str:
    """What a refusal says; one that breaks off says nothing."""
    try:
        answer.read()
    except httpx.HTTPError:
        return ""
    return answer.text
