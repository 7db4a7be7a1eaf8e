"""What a request that got no answer says: the subject is broken, or the way to it is."""

from __future__ import annotations

import errno
import functools
import os
import socket
import ssl
from collections.abc import Iterator

import httpx

from gonogo.inspection import things
from gonogo.inspection.answers.addresses import asks_for_a_name
from gonogo.plugins.evidence import InconclusiveError
from gonogo.plugins.proxies import proxy_of
from gonogo.words import Outcome

__all__ = ["judge", "needs", "needs_of", "refused", "trusted"]

_NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
_UNRESOLVED = (
    "Name or service not known",
    "Temporary failure in name resolution",
    "nodename nor servname",
    "No address",
)


def needs_of(answer: httpx.Response) -> tuple[str, ...]:
    """What a check is red for that got this answer; nothing where its text was not read."""
    try:
        return (things.answer(str(answer.request.url), answer.status_code, answer.text),)
    except httpx.StreamError:
        return ()


def trusted() -> ssl.SSLContext:
    """Whose certificates are trusted: the authorities that ``SSL_CERT_FILE`` names, or else the usual ones.

    Raises:
        InconclusiveError: it names nothing that can be read.
    """
    try:
        return _authorities(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    except OSError as error:  # a certificate that cannot be read is one as well
        named = os.environ.get("SSL_CERT_FILE")
        raise InconclusiveError(f"SSL_CERT_FILE: found {named} ({error}), expected a file of certificates") from error


@functools.cache
def _authorities(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Reads once for as long as the variables say the same: it takes longer than a request."""
    return httpx.create_ssl_context()


def judge(error: httpx.TransportError | httpx.TooManyRedirects) -> tuple[Outcome, str]:
    """Failed: the subject refused or broke off. Inconclusive: the way to it is broken, so nobody knows."""
    url = _url_of(error)
    text = str(error) or type(error).__name__
    if isinstance(error, httpx.TooManyRedirects):
        return Outcome.FAILED, f"{url}: its redirects have no end; expected a page"
    causes = list(_chain(error))
    if said := _no_way(error, causes):
        return Outcome.INCONCLUSIVE, f"{url}: {said} ({text})"
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        said = "of an authority of your own: SSL_CERT_FILE=/path/to/its.crt"
        return Outcome.FAILED, f"{url}: its certificate is not trusted here ({text}); {said}"
    proxy = proxy_of(str(url))
    if isinstance(error, httpx.ProxyError | httpx.ConnectError) and proxy:
        return Outcome.INCONCLUSIVE, f"{url}: could not be asked through the proxy of this machine, {proxy} ({text})"
    name = asks_for_a_name(str(url)) if _hung_up(error) else ""
    return Outcome.FAILED, f"{url}: {text}{name}"


def _no_way(error: httpx.TransportError, causes: list[BaseException]) -> str:
    """Why nobody knows whether it would have answered; empty where it was reached."""
    if _is_unresolved(error):
        return "the name does not resolve here"
    if isinstance(error, httpx.ConnectTimeout):
        return "no connection in time"
    no_way = any(isinstance(cause, OSError) and cause.errno in _NO_WAY for cause in causes)
    return "there is no way to it from here" if no_way else ""


def needs(error: httpx.TransportError | httpx.TooManyRedirects) -> tuple[str, ...]:
    """What keeps every request for the same address from being answered; nothing where it may be this request alone."""
    url = str(_url_of(error))
    if proxy_of(url):
        return ()
    if isinstance(error, httpx.TooManyRedirects):
        return (things.circle(url),)
    if _is_unresolved(error):
        return (things.host_name(url),)
    no_answer = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) or _hung_up(error)
    return (things.address(url),) if no_answer else ()


def refused(error: httpx.TransportError) -> bool:
    """Whether the address itself refused the connection: somebody is there, and nobody listens."""
    if proxy_of(str(_url_of(error))):
        return False
    return any(isinstance(one, OSError) and one.errno == errno.ECONNREFUSED for one in _chain(error)) or (
        isinstance(error, httpx.ConnectError) and "connection refused" in str(error).casefold()
    )


def _hung_up(error: httpx.TransportError) -> bool:
    """Whether a connection was taken and closed without a word, as nginx does with names that are nobody's (444)."""
    return isinstance(error, httpx.RemoteProtocolError) and "without sending a response" in str(error)


def _is_unresolved(error: httpx.TransportError) -> bool:
    said = any(part in str(error) for part in _UNRESOLVED)
    return said or any(isinstance(cause, socket.gaierror) for cause in _chain(error))


def _url_of(error: httpx.TransportError | httpx.TooManyRedirects) -> httpx.URL:
    try:
        return error.request.url
    except RuntimeError:
        return httpx.URL("")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__
