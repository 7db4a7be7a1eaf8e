"""Lead requests to a release through a proxy, and prove by answers that they arrive there; of every runtime."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit, urlunsplit

from gonogo.config.traffic import Traffic
from gonogo.errors import CommandError, UsageError
from gonogo.host.busy import patient
from gonogo.inspection.answers.addresses import passed_on
from gonogo.runtimes.base import Place
from gonogo.runtimes.front import OwnFront, is_own
from gonogo.state.release import Release
from gonogo.traffic import adapter_of
from gonogo.traffic.base import Upstreams, shared
from gonogo.traffic.proof import Pages, Said, ask, prove, sign_of
from gonogo.traffic.send import Proxy, leads_to, send

__all__ = ["Lead", "proxy_here", "traffic_of"]

_PROVEN_WITHIN = 15.0
_AT_ONCE = 1.0


def traffic_of(place: Place) -> Traffic:
    """Who receives requests, where releases take turns.

    Raises:
        UsageError: nothing is configured.
    """
    found = place.environment.traffic
    if found is None:
        raise UsageError(f"env.{place.environment.name}.traffic: found nothing, expected who receives requests")
    return found


def proxy_here(traffic: Traffic, place: Place) -> Proxy:
    """The proxy that runs on this machine."""
    if is_own(traffic):
        return OwnFront(place=place, traffic=traffic).proxy
    folder = (place.path / traffic.folder).resolve() if traffic.folder else None
    return Proxy(
        host=place.host,
        adapter=adapter_of(traffic),
        name=traffic.kind,
        folder=folder,
        inside=str(folder),
        cwd=str(place.path),
    )


@dataclass(frozen=True, kw_only=True)
class Lead:
    """One switch: which proxy sends requests to which release."""

    place: Place
    release: Release
    traffic: Traffic
    proxy: Proxy
    upstreams: Upstreams
    url: str
    direct: Callable[[], Mapping[str, str]]
    """Where the release itself answers."""

    def switch(self, outgoing: Release | None) -> None:
        """Sends every request there.

        Raises:
            CommandError: the proxy does not take what it is told, or others answer all the same.
        """
        pages = self._pages()
        back = outgoing is not None and self.release.created < outgoing.created
        sign = self._sign(pages, outgoing) if not back else ""  # who is gone may hang: going back waits for no answer
        left = _names(outgoing, self.release) if back else ()
        if leads_to(self.proxy, self.upstreams):
            with contextlib.suppress(CommandError):
                prove(pages, release=self.release.id, sign=sign, seconds=_AT_ONCE, left=left)
                return
        send(self.proxy, self.upstreams)
        try:
            prove(pages, release=self.release.id, sign=sign, seconds=patient(_PROVEN_WITHIN), left=left)
        except CommandError as error:
            wiring = self.proxy.adapter.wiring(self.proxy.inside, self.traffic.upstreams)
            raise CommandError(
                f"{self.proxy.name} took its configuration, and requests did not go to {self.release.id}: {error} "
                f"Its own configuration needs {wiring}"
            ) from error

    def share(self, outgoing: Release, stays: Upstreams, percent: int) -> None:
        """Sends so many of a hundred requests there; where answers tell whose they are, until one of them is its.

        Raises:
            CommandError: the proxy does not take what it is told, or this release answers none.
        """
        pages = self._pages()
        sign = self._sign(pages, outgoing)
        send(self.proxy, shared(stays, self.upstreams, percent))
        if sign:
            prove(pages, release=self.release.id, sign=sign, seconds=patient(_PROVEN_WITHIN), times=1)

    def _pages(self) -> Pages:
        """The health pages, through the public address."""
        environment = self.place.environment
        if not self.url:
            raise CommandError(
                f"env.{environment.name}.url: found nothing, expected where the proxy answers: that is asked "
                "until this release answers"
            )
        paths = dict.fromkeys(filter(None, (environment.health.live, environment.health.ready)))
        return Pages(urls=tuple(f"{self.url}{path}" for path in paths), reached=environment.reached)

    def _sign(self, pages: Pages, outgoing: Release | None) -> str:
        """What answers must say to be this release's; empty where the proxy did not pass on the last one's either."""
        if outgoing is None:
            return ""
        before = ask(pages)
        if not any(sign_of(before, release=one.id, commit=one.commit) for one in (outgoing, self.release)):
            return ""
        return sign_of(self._answer_of_itself(pages), release=self.release.id, commit=self.release.commit)

    def _answer_of_itself(self, pages: Pages) -> Said:
        at = next(iter(self.direct().values()), "")
        urls = tuple(urlunsplit(urlsplit(url)._replace(scheme="http")) for url in pages.urls)
        reached = partial(_at, at)
        return ask(Pages(urls=urls, reached=reached, headers=passed_on(self.url)))


def _at(at: str, url: str) -> str:
    """The URL as it is reached there."""
    return urlunsplit(urlsplit(url)._replace(netloc=at))


def _names(one: Release | None, other: Release) -> tuple[str, ...]:
    """By what a release is known, and the other one is not."""
    named = (one.id, one.commit, one.short) if one is not None else ()
    return tuple(name for name in named if name not in other.id and name != other.commit)
