"""An application whose answers a test decides while it runs, and the network between it and who deploys it."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gonogo.demo.ports import free_port

from .conftest import App

__all__ = ["HOST", "Network", "World"]

HOST = "tiny.invalid"
"""A name that no resolver knows; only the proxy does."""
SOURCE = '''\
import fcntl, http.server, json, os

NAME = @NAME@


def rule_for(path, agent):
    """The first rule that fits; one that has a number is used up."""
    with open(@RULES@, "r+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        rules = json.load(stream)
        for rule in rules:
            fits = rule["path"] == path and agent.startswith("gonogo-check") and rule.get("only", NAME) == NAME
            if fits and rule.get("left", 1):
                rule["left"] = rule.get("left", 0) - 1
                stream.seek(0)
                stream.truncate()
                json.dump(rules, stream)
                return rule
    return {}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        rule = rule_for(self.path, self.headers.get("User-Agent", ""))
        body = json.dumps({"status": "ok", "release": os.environ["GONOGO_RELEASE"], "text": NAME}).encode()
        self.send_response(rule.get("status", 200 if self.path in @PAGES@ else 404))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
'''


class Network:
    """A forward proxy, the only way to ``HOST``; it can be cut, and lead elsewhere."""

    def __init__(self, port: int) -> None:
        """Lead to this port of loopback."""
        self.leads_to = port
        self._port = free_port()
        self._server: http.server.ThreadingHTTPServer | None = None
        self.mend()

    @property
    def environ(self) -> dict[str, str]:
        """What tells programs to use it."""
        return {"HTTP_PROXY": f"http://127.0.0.1:{self._port}", "http_proxy": f"http://127.0.0.1:{self._port}"}

    def mend(self) -> None:
        """Listen."""
        network = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                agent = {"User-Agent": self.headers.get("User-Agent", "")}
                try:
                    with contextlib.closing(
                        http.client.HTTPConnection("127.0.0.1", network.leads_to, timeout=5)
                    ) as way:
                        way.request("GET", urlsplit(self.path).path, headers=agent)
                        answer = way.getresponse()
                        status, body = answer.status, answer.read()
                except OSError:
                    status, body = 502, b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def cut(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class World(App):
    """The application behind that network."""

    def __init__(self, folder: Path) -> None:
        """Nothing is deployed yet."""
        self.rules = folder / "rules.json"
        self.answer()
        super().__init__(folder)
        self.network = Network(self.port)

    def answer(self, *rules: dict[str, Any]) -> None:
        """Answer checks by these rules from now on: ``path``, ``status``; ``only`` one release, ``left`` so often."""
        self.rules.write_text(json.dumps(rules))

    def release(self, name: str, *, checks: str = "", tables: str = "", pages: tuple[str, ...] = ()) -> str:
        """Commit a release of this name, which its page says; ``pages`` are what it answers besides."""
        self.configure(options='attempts = 3\nmax_downtime = "1h"', tables=tables)
        toml = self.root / "gonogo.toml"
        text = toml.read_text().replace(f"http://127.0.0.1:{self.port}", f"http://{HOST}").replace('"1s"', '"100ms"')
        toml.write_text(text.replace('json = { status = "ok", text = "hello" }', 'json = { status = "ok" }'))
        source = SOURCE.replace("@NAME@", repr(name)).replace("@RULES@", repr(str(self.rules)))
        source = source.replace("@PAGES@", repr(("/page", "/healthz", *pages)))
        (self.root / "app.py").write_text(source)
        (self.root / "checks").mkdir(exist_ok=True)
        (self.root / "checks" / "test_ours.py").write_text(checks)
        return self.commit(name)
