"""What a guest does: read and write notes through the public URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from gonogo.errors import GonogoError

__all__ = ["Guestbook", "Note"]

Note = dict[str, Any]
_TIMEOUT = 10.0


class Guestbook:
    """The guestbook behind a URL."""

    def __init__(self, url: str) -> None:
        """Nothing is asked yet."""
        self._url = url

    def write(self, author: str, body: str, **more: str) -> None:
        """Leaves a note.

        Raises:
            GonogoError: it was not taken.
        """
        self._ask("POST", "/notes", status=httpx.codes.CREATED, json={"author": author, "body": body, **more})

    def notes(self) -> list[Note]:
        """Every note, the newest first.

        Raises:
            GonogoError: they cannot be read.
        """
        return list(self._ask("GET", "/notes", status=httpx.codes.OK).json())

    def commit(self) -> str:
        """The commit that answers.

        Raises:
            GonogoError: nobody answers.
        """
        return str(self._ask("GET", "/healthz", status=httpx.codes.OK).json()["commit"])

    def _ask(self, method: str, path: str, *, status: int, json: Mapping[str, str] | None = None) -> httpx.Response:
        try:  # the user's proxies know nothing of loopback
            with httpx.Client(base_url=self._url, timeout=_TIMEOUT, trust_env=False) as client:
                answer = client.request(method, path, json=json)
        except httpx.HTTPError as error:
            raise GonogoError(f"{method} {self._url}{path}: found {error}, expected {status}.") from error
        if answer.status_code != status:
            raise GonogoError(f"{method} {self._url}{path}: found {answer.status_code}, expected {status}.")
        return answer
