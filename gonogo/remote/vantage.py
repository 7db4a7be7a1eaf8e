"""The public URL, asked from where the deployer stands: the host's own answers do not show what is in between."""

from __future__ import annotations

import ipaddress
import time
from urllib.parse import urlsplit

from gonogo.config import Environment

__all__ = ["Vantage"]

_SECONDS = 10.0
_TIMES = 3
_PAUSE = 2.0


class Vantage:
    """What was seen from here before the deployment, and what is seen after it."""

    def __init__(self, environment: Environment) -> None:
        """Nothing is asked yet."""
        health = environment.health
        self.url = f"{environment.url}{health.live}" if environment.url and _is_public(environment.url) else ""
        self._wanted, self._alive = health.live_status, health.alive
        self._before: str | None = None

    @property
    def has_looked(self) -> bool:
        """Whether there is something to compare with."""
        return self._before is not None

    def look_before(self) -> None:
        """Asks once, so that what was not to be seen before is no fault of the release."""
        self._before = self._problem() if self.url else ""

    def objection(self) -> str:
        """Why the release should not be confirmed; empty where nothing speaks against it, or nothing can be seen."""
        if not self.url or self._before:
            return ""
        for again in range(_TIMES):
            time.sleep(_PAUSE if again else 0.0)
            found = self._problem()
            if not found:
                return ""
        return f"{self.url}: found {found}, expected {self._wanted}"

    def said(self) -> str:
        """What the confirmation rests on."""
        if not self.url:
            return "over a new connection; there is no public URL to ask from here"
        if self._before:
            return f"over a new connection; {self.url} was not to be seen from here before either ({self._before})"
        return f"over a new connection; from here {self.url} answers {self._wanted}"

    def _problem(self) -> str:
        """What is wrong with the answer; empty where it is as it should be."""
        import httpx  # noqa: PLC0415 (only where something is asked)

        try:
            answer = httpx.get(self.url, timeout=_SECONDS, headers={"User-Agent": "gonogo-confirm"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return str(error) or type(error).__name__
        return "" if answer.status_code in self._alive else str(answer.status_code)


def _is_public(url: str) -> bool:
    """Whether the URL means the same from everywhere: loopback is another machine here."""
    name = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name != "localhost" and not name.endswith(".localhost")
