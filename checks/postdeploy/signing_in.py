"""How a test user comes in: a session in which pages behind a login are asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from gonogo.config import Visitor
from gonogo.inspection.answers.addresses import is_loopback
from gonogo.inspection.answers.expectations import at_path, fill
from gonogo.inspection.answers.forms import hidden_fields
from gonogo.plugins.evidence import LimitedError
from gonogo.plugins.limits import Limits

__all__ = ["signed_in"]


@contextmanager
def signed_in(visitor: Visitor, url: str, variables: Mapping[str, str], limits: Limits) -> Iterator[httpx.Client]:
    """A session of the visitor's, until the block ends.

    Raises:
        AssertionError: the login was refused, has no form, or brought no token.
        UnknownVariableError: what it sends names a variable that is not set.
    """
    with limits.client(url) as session:
        session.headers.update(fill(visitor.send, variables))
        if visitor.auth is not None:
            user, _, password = visitor.auth.partition(":")
            session.auth = httpx.BasicAuth(fill(user, variables), fill(password, variables))
        if visitor.login is not None:
            _log_in(visitor, visitor.login, url, variables, session, limits)
        yield session


def _log_in(
    visitor: Visitor, login: str, url: str, variables: Mapping[str, str], session: httpx.Client, limits: Limits
) -> None:
    method, _, path = login.partition(" ")
    sent: dict[str, Any] = {}
    body = fill(visitor.body, variables)
    if visitor.form:
        sent["data"] = {**_hidden(f"{url}{path}", session, limits), **fill(visitor.form, variables)}
    elif isinstance(body, str):
        sent["content"] = body
    elif body is not None:
        sent["json"] = body
    parts = urlsplit(url)
    shown = {"Referer": f"{url}{path}", "Origin": f"{parts.scheme}://{parts.netloc}"}
    answer = _asked(method, f"{url}{path}", session, limits, headers=shown, **sent)
    assert answer.status_code < httpx.codes.BAD_REQUEST, f"{login}: found {answer.status_code}, expected a login"
    if visitor.token is not None:
        token = _token(answer, visitor.token)
        assert token, f"{login}: found no {visitor.token} in the answer, expected a token"
        session.headers["Authorization"] = f"Bearer {token}"


def _hidden(address: str, session: httpx.Client, limits: Limits) -> dict[str, str]:
    """What the form there fills in by itself; nothing where no page is there."""
    page = _asked("GET", address, session, limits)
    assert not page.is_server_error, (
        f"GET {urlsplit(address).path}: found {page.status_code}, expected the login's form"
    )
    return hidden_fields(page.text) if page.is_success and "html" in page.headers.get("content-type", "") else {}


def _asked(method: str, address: str, session: httpx.Client, limits: Limits, **sent: Any) -> httpx.Response:
    """An answer, once limits on requests let it.

    Raises:
        LimitedError: they do not.
    """
    while True:
        answer = session.request(method, address, **sent)
        for cookie in session.cookies.jar if is_loopback(address) else ():
            cookie.secure = False  # as browsers do: what is for https only is sent to this very machine too
        if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            return answer
        if not limits.wait(address):
            raise LimitedError(f"{method} {address}: found 429, a limit on requests; ask again later")


def _token(answer: httpx.Response, path: str) -> str:
    try:
        found = at_path(answer.json(), path)
    except ValueError:
        return ""
    return found if isinstance(found, str) else ""
