"""The small shop of the README's first screen, under the runtime ``process``, alive on loopback."""

from __future__ import annotations

import contextlib
import http.server
import json
from collections.abc import Iterator

from tests.support.loopback import listening

__all__ = ["MAIN", "configuration", "serving"]

MAIN = """\
import http.server
import json
import os

RATES = {"beds": 4500}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"status": "ok", "release": os.environ.get("GONOGO_RELEASE")})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer({"total": sum(RATES.get(room, 0) * count for room, count in asked.items())})

    def answer(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
"""``main.py``; renaming the rate leaves everything alive, and nothing can be sold."""


def configuration(port: int, *, state: str) -> str:
    """The shop's gonogo.toml; its environment is made without pip, because it needs no package."""
    return f"""\
[app]
name = "shop"

[service.web]
command = "{{python}} main.py"
port = {port}

[env.staging]
runtime = "process"
project = "shop-staging"
state = "{state}"
health = {{ live = "/healthz", stable_for = "1s" }}
retry_every = "100ms"

[env.staging.commands]
environment = "{{python}} -m venv --clear --without-pip {{venv}}"
"""


_CONTACT = """<title>Contact</title><form onsubmit="event.preventDefault(); this.textContent = 'Thank you'">
<label>E-mail <input name="mail"></label><button>Send</button></form>"""


@contextlib.contextmanager
def serving(*, priced: bool = True) -> Iterator[int]:
    """A server on loopback that answers as the shop does; the port is given."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(_CONTACT.encode(), "text/html")

        def do_POST(self) -> None:
            self._answer(json.dumps({"total": 9000 if priced else 0}).encode(), "application/json")

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with listening(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield int(server.server_address[1])
