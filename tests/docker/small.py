"""A small application under Compose for tests that break its deployments: one service, real migrations, quick health."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

from .base_images import ensure
from .stack import Stack

__all__ = ["BASE", "BROKEN", "GREEN", "INSTALL", "create", "migration", "pages", "serving"]

SERVER = """\
import http.server, json, os, time

PAGES = @PAGES@


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = PAGES.get(self.path, 404)
        body = json.dumps({"status": "ok", "release": os.environ["GONOGO_RELEASE"]}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("", 8000), Page).serve_forever()
"""
GREEN = {"/healthz": 200, "/page": 200, "/second": 200}
BROKEN = {"/healthz": 200, "/page": 500}
BASE = "gonogo-small-base:1"
"""What the application is built on where nothing can be installed while it is built."""
INSTALL = """\
FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1
RUN pip install --quiet --disable-pip-version-check alembic==1.16.5
RUN mkdir /data && chown 65534:65534 /data
"""
DOCKERFILE = """\
WORKDIR /srv/app
COPY app ./
USER 65534:65534
CMD ["python", "server.py"]
"""
MODEL = """\
services:
  web:
    build: .
    init: true
    restart: unless-stopped
    environment: {DATABASE_URL: "sqlite:////data/app.db"}
    ports: ["127.0.0.1:@PORT@:8000"]
    volumes: ["data:/data"]
    healthcheck:
      test: [CMD, python, -c, "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz')"]
      interval: 5s
      start_period: 15s
      start_interval: 500ms
      retries: 1
volumes:
  data:
"""
TOML = """\
[app]
name = "small"

[service.web]
entrypoint = "server"
code = { "app" = "/srv/app" }
migrations = "alembic"
migrations_config = "app/alembic.ini"

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
attempts = 1
keep = 2
max_downtime = "1h"
health = { stable_for = "100ms", timeout = "30s" }

[[env.staging.endpoint]]
request = "GET /page"
"""
ENV = """\
import os

from alembic import context
from sqlalchemy import create_engine

with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """\
import os, time

import sqlalchemy as sa
from alembic import op

revision = "@NAME@"
down_revision = @BEFORE@


def upgrade():
    op.create_table("t@NAME@", sa.Column("id", sa.Integer, primary_key=True))
"""


ASK = """\
import sys, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())
except OSError:
    pass
"""


def create(app: Stack, *, base: str | None = None) -> None:
    """Write the application's first version; it is not committed."""
    ensure("python:3.11-slim")
    begin = f"FROM {base}\n" if base else INSTALL
    app.create(
        {
            ".gitignore": "reports/\n",
            "Dockerfile": begin + DOCKERFILE,
            "app/alembic.ini": "[alembic]\nscript_location = %(here)s/alembic\n",
            "app/alembic/env.py": ENV,
            "docker-compose.yml": MODEL.replace("@PORT@", str(app.port)),
            "gonogo.toml": TOML.replace("@PORT@", str(app.port))
            .replace("@PROJECT@", app.project)
            .replace("@STATE@", str(app.state)),
        }
    )
    migration(app, "0001", before=None)
    pages(app, GREEN)


def pages(app: Stack, statuses: Mapping[str, int]) -> None:
    """Write a server that answers these statuses."""
    app.write({"app/server.py": SERVER.replace("@PAGES@", json.dumps(dict(statuses)))})


def migration(app: Stack, name: str, *, before: str | None, more: str = "") -> None:
    """Write a revision that adds a table, after what ``more`` says."""
    text = REVISION.replace("@NAME@", name).replace("@BEFORE@", repr(before))
    head, _, tail = text.partition("def upgrade():\n")
    app.write({f"app/alembic/versions/{name}.py": f"{head}def upgrade():\n{more}{tail}"})


def serving(app: Stack) -> str | None:
    """The release that answers; None when nobody does."""
    argv = app.place(sys.executable, "-I", "-c", ASK, f"http://127.0.0.1:{app.port}/healthz")
    said = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout
    return str(json.loads(said)["release"]) if said else None
