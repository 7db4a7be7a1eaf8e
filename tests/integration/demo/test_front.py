from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from gonogo.demo import front as front_module
from gonogo.demo.front import front
from gonogo.demo.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration


class Hello(BaseHTTPRequestHandler):
    """Answers its own port."""

    def do_GET(self) -> None:
        """Say it."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"port {self.connection.getsockname()[1]}".encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve(port: int) -> ThreadingHTTPServer:
    """Answer on a port until told to stop."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Hello)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def upstream() -> Iterator[int]:
    """The port of a server."""
    server = serve(0)
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


def get(url: str) -> httpx.Response:
    """Ask without the user's proxies."""
    return httpx.get(url, trust_env=False, timeout=10)


def caddies(folder: Path) -> list[psutil.Process]:
    """The processes that were started with this folder and run."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # one that ended while it was looked at runs no longer
            if str(folder) in " ".join(child.cmdline()):
                found.append(child)
    return found


def test_it_passes_requests_on_and_is_stopped(tmp_path: Path, upstream: int) -> None:
    """An answer by the application through the front's URL; afterwards no Caddy is left."""
    with front(tmp_path, upstream=upstream) as proxy:
        answer = get(f"{proxy.url}/page")
        running = len(caddies(tmp_path))

    assert (answer.status_code, answer.text) == (200, f"port {upstream}")
    assert answer.headers["Via"].endswith("Caddy")
    assert (running, caddies(tmp_path)) == (1, [])


def test_a_request_waits_while_the_application_is_replaced(tmp_path: Path) -> None:
    """A request that arrives while nobody listens is answered by the instance that comes up."""
    port = free_port()
    answers: list[httpx.Response] = []
    with front(tmp_path, upstream=port) as proxy:
        asking = threading.Thread(target=lambda: answers.append(get(proxy.url)))
        asking.start()
        asking.join(0.3)
        waited = asking.is_alive()
        server = serve(port)
        asking.join()
        server.shutdown()
        server.server_close()

    assert waited
    assert [answer.text for answer in answers] == [f"port {port}"]


def test_a_port_that_is_taken_is_left_for_another(
    tmp_path: Path, upstream: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody took the free port before Caddy did: their answer is not Caddy's, so another port is tried."""
    ports = iter((upstream, free_port(), free_port(), free_port()))
    monkeypatch.setattr(front_module, "free_port", lambda: next(ports))

    with front(tmp_path, upstream=upstream) as proxy:
        assert not proxy.url.endswith(f":{upstream}")
        assert get(proxy.url).text == f"port {upstream}"
