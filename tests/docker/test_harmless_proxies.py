"""Four workers behind an nginx that the release builds and that limits requests: good releases are GO."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from .base_images import ensure
from .page import DOCKERFILE, HEALTH, server
from .stack import Stack, stack

__all__: list[str] = []

pytestmark = pytest.mark.thorough

WORKERS = """\
    answering = http.server.ThreadingHTTPServer(("", 8000), Page)
    for _ in range(4):
        if os.fork() == 0:
            answering.serve_forever()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.wait()
"""
MODEL = """\
services:
  web:
    build: {context: .}
    init: true
    restart: unless-stopped
@HEALTH@  nginx:
    build: {context: ./proxy}
    restart: unless-stopped
    depends_on: {web: {condition: service_healthy}}
    ports: ["127.0.0.1:@PORT@:80"]
"""
NGINX = """\
limit_req_zone $binary_remote_addr zone=all:1m rate=60r/m;
limit_req_status 429;
server {
  listen 80;
  location / { limit_req zone=all burst=1 nodelay; proxy_pass http://web:8000; }
}
"""
TOML = """\
[app]
name = "proxies"

[service.web]

[service.nginx]

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
health = { stable_for = "100ms", timeout = "60s" }
attempts = 1

[[env.staging.endpoint]]
request = "GET /"
contains = "price"
"""


@pytest.fixture
def site(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Stack]:
    """The application with its first release, which is not deployed yet."""
    ensure("python:3.11-slim")
    ensure("nginx:1")
    with stack(tmp_path, engine, "proxies") as made:
        names = {"@PROJECT@": made.project, "@PORT@": str(made.port), "@STATE@": str(made.state), "@HEALTH@": HEALTH}
        files = {"docker-compose.yml": MODEL, "gonogo.toml": TOML}
        for old, new in names.items():
            files = {name: text.replace(old, new) for name, text in files.items()}
        proxy = {"proxy/Dockerfile": "FROM nginx:1\nCOPY nginx.conf /etc/nginx/conf.d/default.conf\n"}
        made.create({**files, **proxy, "proxy/nginx.conf": NGINX, "Dockerfile": DOCKERFILE, ".gitignore": "reports/\n"})
        priced(made, "price 1")
        yield made


def priced(made: Stack, price: str) -> None:
    """Commit a release whose pages say this."""
    one = '    http.server.ThreadingHTTPServer(("", 8000), Page).serve_forever()\n'
    text = server(repr(price), before="import os, signal, sys")
    assert one in text
    made.write({"server.py": text.replace(one, WORKERS)})
    made.commit(price)


def not_well(document: Any) -> dict[str, str]:
    """Code → what was found, of the checks that are red or warn in any gate of a run."""
    checks = [check for step in document["steps"] if step["gate"] for check in step["gate"]["checks"]]
    return {check["code"]: check["found"] for check in checks if check["outcome"] not in {"passed", "skipped"}}


def logged(document: Any) -> list[Any]:
    """What D15 shows and does not count."""
    checks = [check for step in document["steps"] if step["gate"] for check in step["gate"]["checks"]]
    pieces = [piece for check in checks if check["code"] == "D15" for piece in check["evidence"]]
    return [piece["value"] for piece in pieces if piece["title"].startswith("Caused by the move")]


def test_workers_behind_a_proxy_with_a_limit(site: Stack) -> None:
    """Good → good is GO without a warning, although nginx logs each refusal as an error; it is shown."""
    first = site.deploy()
    priced(site, "price 2")
    second = site.deploy()
    with site.client() as client:
        pages = [client.get("/") for _ in range(12)]

    assert (first.code, not_well(first.document)) == (0, {}), first
    assert (second.code, not_well(second.document)) == (0, {}), second
    assert {page.status_code for page in pages} == {200, 429}
    assert "price 2" in {page.text for page in pages}
    assert "limiting requests, excess" in json.dumps([logged(first.document), logged(second.document)])
