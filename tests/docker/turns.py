"""An application under Compose whose releases take turns behind a real proxy, and a steady load on its public address."""

from __future__ import annotations

import http.client
import itertools
import math
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .base_images import ensure
from .stack import Stack

__all__ = ["BROKEN", "GREEN", "KINDS", "Load", "create", "loaded", "pages"]

SERVER = """\
import http.server, json, os, sys, time

PAGES = @PAGES@


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/slow":
            time.sleep(2)
        status = PAGES.get(self.path, 404)
        if @PROXIED@ and self.path == "/page" and self.headers["X-Proxied"]:
            status = @PROXIED@
        body = json.dumps({"status": "ok", "release": os.environ["GONOGO_RELEASE"]}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128


if __name__ == "__main__":
    Server(("", 8000), Page).serve_forever()
"""
GREEN = {"/healthz": 200, "/page": 200, "/slow": 200}
BROKEN = {"/healthz": 200, "/page": 500, "/slow": 200}
NGINX = """\
include /etc/nginx/upstreams/*.conf;
server {
  listen 80;
  location /front { return 200 "of the proxy alone"; }
  location / {
    proxy_pass http://web;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Proxied 1;
  }
}
"""
CADDY = """\
{
	auto_https off
}
import /etc/caddy/upstreams/*.caddy
:80 {
	respond /front "of the proxy alone"
	reverse_proxy {
		header_up X-Proxied 1
		import web
	}
}
"""
KINDS = {
    "nginx": ("nginx:1", NGINX, "/etc/nginx/conf.d/default.conf", "/etc/nginx/upstreams"),
    "caddy": ("caddy:2", CADDY, "/etc/caddy/Caddyfile", "/etc/caddy/upstreams"),
}
MODEL = """\
services:
  web:
    build: .
    init: true
    restart: always
    stop_grace_period: 5s
    healthcheck:
      test: [CMD, python, -c, "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz')"]
      interval: 5s
      start_period: 15s
      start_interval: 300ms
      retries: 1
  front:
    image: @IMAGE@
    restart: unless-stopped
    depends_on: [web]
    ports: ["127.0.0.1:@PORT@:80"]
    volumes:
      - ./front/site:@SITE@:ro
      - ./front/upstreams:@UPSTREAMS@:ro
"""
TOML = """\
[app]
name = "turns"

[service.web]
entrypoint = "server"
code = { "app" = "/srv/app" }

[env.staging]
strategy = "bluegreen"
traffic = { kind = "@KIND@", service = "front", folder = "front/upstreams", upstreams = { web = "web:8000" } }
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
attempts = 1
keep = 3
max_downtime = "1h"
health = { stable_for = "100ms", timeout = "30s" }

[[env.staging.endpoint]]
request = "GET /page"

[[env.staging.endpoint]]
request = "GET /front"
"""
DOCKERFILE = """\
FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/app
COPY app ./
USER 65534:65534
CMD ["python", "server.py"]
"""


def create(app: Stack, kind: str = "nginx") -> None:
    """Write the application's first version; it is not committed."""
    image, site, at, upstreams = KINDS[kind]
    for one in ("python:3.11-slim", image):
        ensure(one)
    filled = {
        "@IMAGE@": image,
        "@SITE@": at,
        "@UPSTREAMS@": upstreams,
        "@KIND@": kind,
        "@PORT@": str(app.port),
        "@PROJECT@": app.project,
        "@STATE@": str(app.state),
    }
    texts = {"docker-compose.yml": MODEL, "gonogo.toml": TOML}
    for name, value in filled.items():
        texts = {path: text.replace(name, value) for path, text in texts.items()}
    app.create(
        {
            ".gitignore": "reports/\nfront/upstreams/*\n!front/upstreams/.gitkeep\n",
            "Dockerfile": DOCKERFILE,
            "front/site": site,
            "front/upstreams/.gitkeep": "",
            **texts,
        }
    )
    pages(app, GREEN)


def pages(app: Stack, statuses: dict[str, int], *, proxied: int = 0) -> None:
    """Write a server that answers these statuses; ``proxied``: another one to who asks for /page through the proxy."""
    text = SERVER.replace("@PAGES@", repr(statuses)).replace("@PROXIED@", str(proxied))
    app.write({"app/server.py": text})


@dataclass
class Load:
    """What a steady load saw."""

    port: int
    statuses: Counter[str] = field(default_factory=Counter)
    releases: list[tuple[float, str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    closed_idle: int = 0
    """Kept connections that the proxy had closed when the next request came: the client's race, asked once more."""
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def turns(self) -> list[str]:
        """The commits that answered, in order; at the moment of a switch old and new may answer at a time."""
        ends = [at for at, _ in self.releases[1:]] + [math.inf]
        lasting = [
            name.rpartition("-")[2] for (at, name), end in zip(self.releases, ends, strict=True) if end - at > 0.5
        ]
        return [name for name, _ in itertools.groupby(lasting)]

    @property
    def total(self) -> int:
        """Requests that were answered, whatever by."""
        return sum(self.statuses.values())

    def note(self, status: int, body: bytes, *, slow: bool = False) -> None:
        """One answer; a slow one is of whoever served when it was asked."""
        self.statuses[str(status)] += 1
        if status != 200:
            self.failures.append(f"{status}: {body[:200]!r}")
            return
        if slow:
            return
        name = body.decode().rpartition('"release": "')[2].rstrip('"}')
        if not self.releases or self.releases[-1][1] != name:
            self.releases.append((time.monotonic(), name))

    def fresh(self, path: str = "/healthz") -> None:
        """A new connection for each request."""
        while not self.stop.wait(0.02):
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
            try:
                line.request("GET", path, headers={"Connection": "close"})
                answer = line.getresponse()
                self.note(answer.status, answer.read(), slow=path == "/slow")
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{path}: {error!r}")
            finally:
                line.close()

    def kept(self) -> None:
        """One connection for as long as the proxy keeps it."""
        line, used = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15), False
        while not self.stop.wait(0.02):
            try:
                line.request("GET", "/healthz")
                answer = line.getresponse()
                self.note(answer.status, answer.read())
                used = not answer.will_close
            except (ConnectionError, http.client.RemoteDisconnected) as error:
                line.close()
                if used:
                    self.closed_idle += 1
                else:
                    self.failures.append(f"kept: {error!r}")
                used = False
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"kept: {error!r}")
                line.close()
                used = False
        line.close()


@contextmanager
def loaded(app: Stack) -> Iterator[Load]:
    """Inside, requests are sent all the time, over new and kept connections, and some of them take two seconds."""
    load = Load(app.port)
    waiting = [threading.Thread(target=load.fresh, args=("/slow",), daemon=True) for _ in range(3)]
    threads = [*waiting, *(threading.Thread(target=one, daemon=True) for one in (load.fresh, load.kept))]
    for one in threads:
        one.start()
    try:
        yield load
    finally:
        load.stop.set()
        for one in threads:
            one.join(timeout=20)
