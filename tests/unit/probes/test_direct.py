"""What listens is asked for one path, past everything that stands in front of it."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gonogo.inspection import probe_answers
from gonogo.probes import direct

__all__: list[str] = []


class Page(http.server.BaseHTTPRequestHandler):
    """Answers 200 for /healthz and 404 for anything else; /tls leads on who asks without."""

    def do_GET(self) -> None:
        """Answer."""
        leads_on = self.path == "/tls" and self.headers["X-Forwarded-Proto"] != "https"
        self.send_response(301 if leads_on else 200 if self.path in {"/healthz", "/tls"} else 404)
        self.send_header("Location", "/healthz")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """A server of this very process, on loopback alone."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def asked(*words: str) -> list[dict[str, Any]]:
    """What the script prints when it is fed to a Python."""
    script = probe_answers.script("direct.py")
    done = subprocess.run(
        [sys.executable, "-I", "-", *words], input=script, capture_output=True, text=True, check=True, timeout=60
    )
    found: list[dict[str, Any]] = json.loads(done.stdout.split(direct.MARKER)[1])["ports"]
    return found


def test_a_named_port_is_asked(port: int) -> None:
    """The status of the path, or 0 where nobody answers."""
    assert asked("/healthz", "shop.example", str(port)) == [{"port": port, "reachable": True, "status": 200}]
    assert asked("/nothing", "shop.example", str(port))[0]["status"] == 404
    assert asked("/healthz", "shop.example", "1")[0]["status"] == 0


def test_a_port_is_asked_as_a_proxy_asks_that_ends_tls(port: int) -> None:
    """What leads away who comes without TLS is not followed: somebody else may answer there."""
    assert asked("/tls", "https://shop.example", str(port))[0]["status"] == 200
    assert asked("/tls", "http://shop.example", str(port))[0]["status"] == 301


def test_what_listens_on_loopback_alone_is_known(port: int) -> None:
    """Nobody outside reaches it, however well it answers."""
    assert direct.listening()[port] is False
