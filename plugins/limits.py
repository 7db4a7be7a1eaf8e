"""Requests of a check, within the budget of their address: where a limit is met it is waited for, within bounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

import httpx

from gonogo.budget import Budget
from gonogo.inspection.addresses import is_loopback
from gonogo.plugins.evidence import LimitedError
from gonogo.plugins.transport import trusted

__all__ = ["AGENT", "Limits"]

AGENT = "gonogo-check"
"""User-Agent of every request that a check sends; log and metric checks leave these requests out."""
_TIMEOUT = 10.0
_WAITS, _LONGEST = 0.7, 0.3
"""The shares of its bound that a check may wait for a limit on requests, and for one answer."""


class Limits:
    """Sends the requests of a gate, one check after the other."""

    def __init__(self, budget: Budget, *, bound: float) -> None:
        """``bound``: how many seconds a check may take."""
        self._budget = budget
        self._patience, self._timeout = _WAITS * bound, max(_LONGEST * bound, _TIMEOUT)
        self.begin()

    def begin(self) -> None:
        """A check begins."""
        self._until = time.monotonic() + self._patience
        self.last: int | None = None
        """The status of the newest answer."""

    def client(self, url: str, *, timeout: float | None = None) -> httpx.Client:
        """A client for one address; a proxy of the deployer's own never stands before a loopback address."""
        return httpx.Client(
            headers={"User-Agent": AGENT},
            timeout=timeout or self._timeout,
            verify=trusted(),
            trust_env=not is_loopback(url),
            event_hooks=self.hooks,
        )

    @property
    def hooks(self) -> Mapping[str, list[Callable[..., Any]]]:
        """What a client of somebody else's needs to keep to the budget."""
        return {"request": [self._before], "response": [self._after]}

    def get(self, url: str) -> httpx.Response:
        """Ask an address.

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
        """Send a request; one that a limit refused, though no such answer is ``expected``, is sent again."""
        with self.client(url, timeout=timeout) as asking:
            while True:
                try:
                    answer = asking.request(method, url, **sent)
                except httpx.TimeoutException:
                    self._budget.hung_up(url)
                    raise
                limited = answer.status_code == httpx.codes.TOO_MANY_REQUESTS
                if not limited or answer.status_code in expected or not self.wait(url):
                    return answer

    def is_tight(self, url: str) -> bool:
        """Whether a limit was met at this address, so that nothing is asked that need not be."""
        return self._budget.met(url) > 0

    def wait(self, url: str) -> bool:
        """Wait as long as the limit asks for; whether that was within the bounds."""
        pause = self._budget.pause(url)
        if pause > min(self._until - time.monotonic(), self._budget.patience(url)):
            return False
        if pause:
            time.sleep(pause)
            self._budget.waited(url, pause)
        return True

    def _before(self, request: httpx.Request) -> None:
        """Wait where it is known already that it would be refused."""
        self.wait(str(request.url))

    def _after(self, answer: httpx.Response) -> None:
        self.last = answer.status_code
        self._budget.note(str(answer.request.url), answer.status_code, answer.headers)
