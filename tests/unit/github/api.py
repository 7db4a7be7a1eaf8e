"""A server on loopback that speaks the part of GitHub's REST API that comments need, as it is documented.

https://docs.github.com/en/rest/issues/comments: lists come in pages named by the header ``Link``, a body longer than 65,536
characters is refused (422), a comment of somebody else cannot be changed (403).
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: 403 or 429 with ``retry-after`` or
``x-ratelimit-remaining: 0`` and ``x-ratelimit-reset``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.loopback import listening

__all__ = ["TOKEN", "GitHub", "github"]

TOKEN = "ghs_of_this_job"
_LIMIT = 65_536


class GitHub(ThreadingHTTPServer):
    """Its comments, who wrote them, and the answers that it gives before it is well again."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.comments: list[dict[str, Any]] = []
        self.theirs: set[int] = set()
        self.sick: list[tuple[int, dict[str, str]]] = []
        self.read_only = False
        self.asked: list[str] = []
        self.page = 2

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def has(self, *bodies: str) -> None:
        """These comments are there."""
        for body in bodies:
            self.comments.append({"id": len(self.comments) + 1, "body": body, "html_url": ""})


@contextmanager
def github() -> Iterator[GitHub]:
    """The server, while it listens."""
    with listening(GitHub()) as server:
        yield server


class _Handler(BaseHTTPRequestHandler):
    server: GitHub

    def do_GET(self) -> None:
        """A page of the comments."""
        if self._refused():
            return
        given = parse_qs(urlsplit(self.path).query)
        page = int(given.get("page", ["1"])[0])
        size = min(int(given.get("per_page", ["30"])[0]), self.server.page)
        begin = (page - 1) * size
        more = begin + size < len(self.server.comments)
        where = f"{self.server.url}/repos/team/shop/issues/7/comments?per_page={size}&page={page + 1}"
        headers = {"Link": f'<{where}>; rel="next", <{where}>; rel="last"'} if more else {}
        self._answer(200, self.server.comments[begin : begin + size], headers)

    def do_POST(self) -> None:
        """A new comment."""
        if self._refused() or (body := self._body()) is None:
            return
        self.server.has(body)
        self.server.comments[-1]["html_url"] = f"{self.server.url}/c/{len(self.server.comments)}"
        self._answer(201, self.server.comments[-1])

    def do_PATCH(self) -> None:
        """A comment's new text."""
        if self._refused() or (body := self._body()) is None:
            return
        number = int(self.path.rsplit("/", 1)[1])
        if number in self.server.theirs:
            self._answer(403, {"message": "Resource not accessible by integration"})
            return
        comment = next(one for one in self.server.comments if one["id"] == number)
        comment["body"] = body
        self._answer(200, comment)

    def _refused(self) -> bool:
        self.server.asked.append(f"{self.command} {self.path}")
        if self.server.sick:
            status, headers = self.server.sick.pop(0)
            self._read()
            self._answer(status, {"message": "not now"}, headers)
            return True
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._read()
            self._answer(401, {"message": "Bad credentials"})
            return True
        if self.server.read_only and self.command != "GET":
            self._read()
            self._answer(403, {"message": "Resource not accessible by integration"})
            return True
        return False

    def _read(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _body(self) -> str | None:
        text = str(json.loads(self._read())["body"])
        if len(text) <= _LIMIT:
            return text
        self._answer(422, {"message": "Validation Failed: body is too long (maximum is 65536 characters)"})
        return None

    def _answer(self, status: int, document: object, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""
