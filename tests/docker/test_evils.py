"""A release of fifteen evils: each is named, at the first stage that can know it, before or after it was built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from docker.errors import ImageNotFound

from gonogo.demo.ports import free_port
from tests.unit.inspection.code.test_committed import RANDOM, pem

from .base_images import ensure
from .stack import Ended, Stack, stack

__all__: list[str] = []

SERVER = """\
import http.server, json, os
from datetime import datetime, timedelta, timezone

MINUTES = 1


def report():
    pass


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        synced = datetime.now(timezone.utc) - timedelta(minutes=MINUTES)
        said = {"status": "healthy", "data": {"synced_at": synced.isoformat()}, "release": os.environ["GONOGO_RELEASE"]}
        body = json.dumps(said).encode()
        self.send_response(200 if self.path in {"/", "/healthz"} else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("", 8000), Page).serve_forever()
"""
DOCKERFILE = """\
FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/app
RUN mkdir -p /srv/uploads && chown 65534:65534 /srv/uploads
COPY app ./
COPY bin /srv/bin
USER 65534:65534
ENTRYPOINT ["/srv/bin/start.sh"]
"""
MODEL = """\
services:
  web:
    build: .
    init: true
    restart: unless-stopped
    environment:
      DATABASE_URL: ${DATABASE_URL}
      JWT_SECRET: ${JWT_SECRET}
      PUBLIC_URL: https://shop.acme-shop.io
    ports: ["127.0.0.1:@PORT@:8000"]
    volumes: ["uploads:/srv/uploads"]
    healthcheck:
      test: [CMD, python, -c, "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz')"]
      interval: 2s
      start_period: 15s
      start_interval: 500ms
  cache:
    image: redis:7
    restart: unless-stopped
    command: [sleep, "3600"]
volumes:
  uploads:
"""
TOML = """\
[app]
name = "evils"

[service.web]
entrypoint = "server"
code = { "app" = "/srv/app", "bin" = "/srv/bin" }

[env.staging]
tier = "prod"
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
attempts = 1
max_downtime = "1h"
health = { stable_for = "100ms", timeout = "60s", json = { 'age("data.synced_at")' = "< 20m" } }
secrets = { JWT_SECRET = { min_length = 32 } }
"""
GOOD_ENV = f"DATABASE_URL=postgres://app:Vq8sLm2xTz91@cache:5432/app\nJWT_SECRET={RANDOM}\n"
EVIL_ENV = f"DATABASE_URL=shop-database\nJWT_SECRET=zqxjkv\nAPI_TOKEN={RANDOM[::-1]}\n"
RED_SOURCE = ("P07", "P17", "P21", "P22", "P23", "P44")
WARNED_SOURCE = ("P11", "P13", "P15", "P18")
SAID_OF_SOURCE = (
    "app/server.py:8: breakpoint()",
    "cache publishes",
    "JWT_SECRET has 6 characters, expected at least 32",
    "DATABASE_URL: found a value that is no URL",
    ".env:3: holds API_TOKEN (32 characters)",
    "app/deploy.key: holds a private key",
    "PUBLIC_URL holds the placeholder 'your-domain.com'",
    "web: what holds its data at /srv/uploads: found none",
    "brings .env into the image of web",
    "web: found no health check",
    "volume uploads: mounted read-only by web",
    "web: found no restart policy",
)
WARNED_IMAGE = ("P13", "P18", "P44", "B17")
"""P44: the cache is left alone as it runs, without what was changed of it."""


@pytest.fixture
def app(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Stack]:
    """An application that serves well, in tier prod; its image's name without a version is made here as well."""
    ensure("python:3.11-slim")
    ensure("redis:7")
    with stack(tmp_path, engine, "evils") as made, _without_version(engine):
        toml = TOML.replace("@PORT@", str(made.port)).replace("@PROJECT@", made.project)
        made.create(
            {
                ".gitignore": "reports/\n.env\n*.key\n",
                ".dockerignore": ".git\n.env\n*.key\n",
                ".env": GOOD_ENV,
                "app/server.py": SERVER,
                "bin/start.sh": "#!/bin/sh\nexec python server.py\n",
                "Dockerfile": DOCKERFILE,
                "docker-compose.yml": MODEL.replace("@PORT@", str(made.port)),
                "gonogo.toml": toml.replace("@STATE@", str(made.state)),
            }
        )
        (made.root / ".env").chmod(0o600)
        (made.root / "bin/start.sh").chmod(0o755)
        made.commit("good")
        yield made


@contextmanager
def _without_version(engine: docker.DockerClient) -> Iterator[None]:
    """``FROM python`` can be built here; the name is taken away again where it was not here before."""
    try:
        engine.images.get("python:latest")
        made = False
    except ImageNotFound:
        made = engine.images.get("python:3.11-slim").tag("python", "latest")
    yield
    if made:
        engine.images.remove("python:latest")


@pytest.mark.thorough
def test_each_evil_of_a_release_is_named(app: Stack) -> None:
    """Thirteen before anything is touched, in three goes; what only an answer tells turns the release back.

    (That an env file can be read by every user is proven with P22: the folders of a test let nobody in.)
    """
    good = app.deploy()
    _spoil(app)
    source = app.deploy()
    _mend_what_the_source_shows(app)
    image = app.deploy()
    _mend_what_the_image_shows(app)
    answer = app.deploy()

    assert [one.code for one in (good, source, image, answer)] == [0, 1, 1, 1], (good, source, image, answer)
    assert _named(good) == {}
    assert _named(source) == dict.fromkeys(RED_SOURCE, "NO-GO") | dict.fromkeys(WARNED_SOURCE, "warning"), source
    assert [said for said in SAID_OF_SOURCE if said not in _said(source)] == []
    assert _named(image) == dict.fromkeys(("B05", "B14"), "NO-GO") | dict.fromkeys(WARNED_IMAGE, "warning"), image
    assert "reporting (app/server.py:8)" in _said(image)
    assert "/srv/bin/start.sh (mode 644, owner 0)" in _said(image)
    assert _named(answer) == {"D08": "NO-GO"} | dict.fromkeys(WARNED_IMAGE, "warning"), answer
    assert 'age("data.synced_at"): found 45 min old, expected an age < 20m' in _said(answer)


def _spoil(app: Stack) -> None:
    """All evils in one commit."""
    app.git("update-index", "--chmod=-x", "bin/start.sh")
    (app.root / "bin/start.sh").chmod(0o644)
    (app.root / ".dockerignore").unlink()
    app.write({".gitignore": "reports/\n", ".env": EVIL_ENV})
    (app.root / "app/deploy.key").write_bytes(pem())
    app.replace(
        "app/server.py",
        "    pass\n\n\nclass",
        "    breakpoint()\n    from reporting import pdf\n\n    return pdf\n\n\nclass",
    )
    app.replace("app/server.py", "MINUTES = 1", "MINUTES = 45")
    app.replace("Dockerfile", "python:3.11-slim", "python")
    app.replace("Dockerfile", "COPY app ./", "COPY . /srv/app/\nRUN cp -r /srv/app/app/. /srv/app/")
    app.replace("docker-compose.yml", "    restart: unless-stopped\n", "", times=2)
    _, check, tail = MODEL.partition("    healthcheck:\n")
    lines = (check + tail).splitlines(keepends=True)[:5]
    app.replace("docker-compose.yml", "".join(lines), "")
    app.replace("docker-compose.yml", "shop.acme-shop.io", "your-domain.com")
    app.replace("docker-compose.yml", "uploads:/srv/uploads", "uploads:/srv/uploads:ro")
    app.replace(
        "docker-compose.yml",
        "    command: [sleep",
        '    ports: ["0.0.0.0:@PORT@:6379"]\n    command: [sleep'.replace("@PORT@", str(free_port())),
    )
    app.commit("evil")


def _mend_what_the_source_shows(app: Stack) -> None:
    app.write({".gitignore": "reports/\n.env\n*.key\n", ".env": GOOD_ENV})
    app.git("rm", "--quiet", "--cached", ".env", "app/deploy.key")
    app.replace("app/server.py", "    breakpoint()\n", "")
    app.replace("docker-compose.yml", "your-domain.com", "shop.acme-shop.io")
    app.replace("docker-compose.yml", "uploads:/srv/uploads:ro", "uploads:/srv/uploads")
    app.replace("docker-compose.yml", '"0.0.0.0:', '"127.0.0.1:')
    app.commit("mend what the source shows")


def _mend_what_the_image_shows(app: Stack) -> None:
    (app.root / "bin/start.sh").chmod(0o755)
    app.replace("app/server.py", "from reporting import pdf", "pdf = 1")
    app.commit("mend what the image shows")


def _named(ended: Ended) -> dict[str, str]:
    """Code of each check that is red or warns → which of both."""
    return {code: how for how, code in re.findall(r"^(NO-GO|warning) +([PBD][0-9]+)", ended.err, re.MULTILINE)}


def _said(ended: Ended) -> str:
    """What was told, without the breaks of its lines."""
    return " ".join(ended.err.split())
