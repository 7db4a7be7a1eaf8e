"""One comment on a pull request that is updated, not repeated, over GitHub's REST API.

What the API documents is kept to: pages by the header ``Link``, waiting as ``Retry-After`` and ``X-RateLimit-Reset``
say, and a bound for all of it, because a comment must never keep a job waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

import httpx

__all__ = ["CommentError", "Comments"]

_VERSION = "2022-11-28"
_TIMEOUT = 10.0
_ATTEMPTS = 5
_MOST_PAGES = 30
_PAUSE = 1.0
_SERVER_ERROR = 500


class CommentError(Exception):
    """The comment could not be written; the verdict stands all the same."""


class Comments:
    """The comments of one pull request."""

    def __init__(
        self,
        *,
        api: str,
        repository: str,
        number: int,
        token: str,
        patience: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``patience`` (seconds) bounds all waiting together.

        Raises:
            CommentError: ``api`` is no address.
        """
        self._path = f"/repos/{repository}/issues"
        self._number = number
        self._left = patience
        self._sleep = sleep
        try:
            self._client = httpx.Client(
                base_url=api,
                timeout=_TIMEOUT,
                headers={
                    "Accept": "application/vnd.github+json",
                    "Authorization": f"Bearer {token}",
                    "X-GitHub-Api-Version": _VERSION,
                    "User-Agent": "gonogo",
                },
            )
        except httpx.InvalidURL as error:
            raise _no_address(error) from error

    def __enter__(self) -> Self:
        """Connections are kept until the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes them."""
        self._client.close()

    def put(self, marker: str, body: str) -> str:
        """Updates the comment that begins with the marker, or writes a new one; returns its address.

        Raises:
            CommentError: GitHub cannot be reached, refuses, or asks to wait longer than the bound.
        """
        text = {"body": f"{marker}\n{body}"}
        for comment in self._all():
            if not str(comment.get("body") or "").startswith(marker):
                continue
            answer = self._ask("PATCH", f"{self._path}/comments/{comment.get('id')}", json=text)
            if answer.is_success:
                return _address(answer)
            if answer.status_code not in {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}:  # somebody else's, or gone
                raise CommentError(_refused(answer))
        answer = self._ask("POST", f"{self._path}/{self._number}/comments", json=text)
        if not answer.is_success:
            raise CommentError(_refused(answer))
        return _address(answer)

    def _all(self) -> Iterator[dict[str, Any]]:
        url: str | None = f"{self._path}/{self._number}/comments?per_page=100"
        for _ in range(_MOST_PAGES):
            if url is None:
                return
            answer = self._ask("GET", url)
            if not answer.is_success:
                raise CommentError(_refused(answer))
            yield from _listed(answer)
            url = answer.links.get("next", {}).get("url")

    def _ask(self, method: str, url: str, **sent: Any) -> httpx.Response:
        """Asks again while GitHub is busy or asks to wait; a new comment only where none can have been written."""
        for attempt in range(_ATTEMPTS):
            last = attempt == _ATTEMPTS - 1
            try:
                answer = self._client.request(method, url, **sent)
            except httpx.ConnectError as error:
                self._wait(2.0**attempt * _PAUSE, f"GitHub cannot be reached ({error})", last=last)
                continue
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise _no_address(error) from error
            except httpx.HTTPError as error:
                if method == "POST":
                    raise CommentError(f"GitHub did not answer ({error}); perhaps the comment was written") from error
                self._wait(2.0**attempt * _PAUSE, f"GitHub did not answer ({error})", last=last)
                continue
            pause = _pause(answer, attempt, method)
            if pause is None:
                return answer
            self._wait(pause, _refused(answer), last=last)
        raise AssertionError

    def _wait(self, seconds: float, why: str, *, last: bool) -> None:
        """Waits within the bound.

        Raises:
            CommentError: it was the last attempt, or would take too long.
        """
        if last or seconds > self._left:
            raise CommentError(why if last else f"{why}; it asks to wait {seconds:.0f} s")
        self._left -= seconds
        self._sleep(seconds)


def _no_address(error: Exception) -> CommentError:
    return CommentError(f"GITHUB_API_URL: found no address that can be asked ({error})")


def _pause(answer: httpx.Response, attempt: int, method: str) -> float | None:
    """Seconds to wait before the next attempt; None when the answer is one."""
    status, headers = answer.status_code, answer.headers
    limited = status == httpx.codes.TOO_MANY_REQUESTS or (
        status == httpx.codes.FORBIDDEN and (headers.get("retry-after") or headers.get("x-ratelimit-remaining") == "0")
    )
    if limited:
        asked = _number(headers.get("retry-after"))
        if asked is not None:
            return asked
        reset = _number(headers.get("x-ratelimit-reset"))
        return max(reset - time.time(), _PAUSE) if reset is not None else 60.0
    return 2.0**attempt * _PAUSE if status >= _SERVER_ERROR and method != "POST" else None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _listed(answer: httpx.Response) -> list[dict[str, Any]]:
    try:
        found = answer.json()
    except ValueError as error:
        raise CommentError("GitHub answered with something that is no JSON") from error
    return [comment for comment in found if isinstance(comment, dict)] if isinstance(found, list) else []


def _address(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("html_url", ""))
    except (ValueError, AttributeError):
        return ""


def _refused(answer: httpx.Response) -> str:
    """What GitHub said, in one line."""
    try:
        said = str(answer.json().get("message", ""))
    except (ValueError, AttributeError):
        said = ""
    return f"GitHub answered {answer.status_code}{said and f': {said}'}"
