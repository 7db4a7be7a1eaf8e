"""Pages that lead round in a circle, asked as a visitor who keeps cookies."""

from __future__ import annotations

import http.server
import itertools

import httpx
import pytest

from gonogo.checks.postdeploy.front import goes_round
from gonogo.gates.budget import Budget
from gonogo.plugins.limits import Limits
from gonogo.plugins.transport import judge, needs
from gonogo.words import Outcome
from tests.support.loopback import listening

__all__: list[str] = []


class Handler(http.server.BaseHTTPRequestHandler):
    """Sends away as the path says, and shows a page where no more is to be done."""

    numbers = itertools.count()

    def do_GET(self) -> None:
        """One answer."""
        to, cookie = self.leads()
        self.send_response(302 if to else 200)
        if to:
            self.send_header("Location", to)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def leads(self) -> tuple[str, str]:
        """Where it leads, and with which cookie."""
        seen = "seen=" in self.headers.get("Cookie", "")
        return {
            "/self": ("/self", ""),
            "/slash": ("/slash/", ""),
            "/slash/": ("/slash", ""),
            "/cookie": ("" if seen else "/cookie", "seen=1"),
            "/session": ("/session", f"id={next(self.numbers)}"),
            "/away": ("http://127.0.0.1:1/away", ""),
            "/once": ("/page", ""),
        }.get(self.path, ("", ""))

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.mark.parametrize(
    ("path", "is_round"),
    [
        ("/self", True),
        ("/slash", True),
        ("/session", True),
        ("/cookie", False),
        ("/away", False),
        ("/once", False),
        ("/page", False),
    ],
)
def test_redirects_that_never_end_are_known(path: str, *, is_round: bool) -> None:
    """A page that wants to see its cookie sends a visitor away once, and what leads elsewhere is another server's."""
    with listening(http.server.HTTPServer(("127.0.0.1", 0), Handler)) as server:
        limits = Limits(Budget(None), bound=60.0)

        assert goes_round(f"http://127.0.0.1:{server.server_port}{path}", limits) is is_round


def test_a_check_that_follows_redirects_without_an_end_is_red() -> None:
    """It was answered, and wrongly: that is no check that crashed."""
    with listening(http.server.HTTPServer(("127.0.0.1", 0), Handler)) as server, httpx.Client() as client:
        url = f"http://127.0.0.1:{server.server_port}/self"
        with pytest.raises(httpx.TooManyRedirects) as caught:
            client.get(url, follow_redirects=True)

    assert judge(caught.value) == (Outcome.FAILED, f"{url}: its redirects have no end; expected a page")
    assert needs(caught.value) == (f"circle of redirects at address 127.0.0.1:{server.server_port}",)
