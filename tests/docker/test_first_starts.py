"""A first deployment starts everything at once: who finds its database or its queue not up yet is well in the end."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from .base_images import ensure
from .page import BASE, server
from .stack import stack

__all__: list[str] = []

pytestmark = pytest.mark.xdist_group("first starts")

CONNECT = """\
import pathlib, socket

pathlib.Path("/flags/web").touch()
socket.create_connection(("db", 6379), 3).close()
print("connected", flush=True)
"""
WORKER = """\
import logging, pathlib, signal, socket, time

logging.basicConfig(level="INFO", format="[%(asctime)s: %(levelname)s/MainProcess] %(message)s")
tries = 0
while True:
    try:
        socket.create_connection(("queue", 6379), 3).close()
        break
    except OSError as error:
        tries += 1
        logging.error("consumer: Cannot connect to redis://queue//: %s.\\nTrying again in 1 seconds... (%d/99)\\n", error, tries)
        pathlib.Path("/flags/worker").touch()
        time.sleep(1)
logging.info("Connected to redis://queue//")
signal.pause()
"""
MODEL = """\
services:
  web:
    build: .
    init: true
    restart: always
    ports: ["127.0.0.1:@PORT@:8000"]
    volumes: ["flags:/flags"]
  worker:
    build: .
    command: python -u worker.py
    init: true
    restart: always
    volumes: ["flags:/flags"]
  db:
    image: redis:7
    command: sh -c "while [ ! -e /flags/web ]; do sleep 0.1; done; sleep 1; exec redis-server"
    volumes: ["flags:/flags"]
  queue:
    image: redis:7
    command: sh -c "while [ ! -e /flags/worker ]; do sleep 0.1; done; exec redis-server"
    volumes: ["flags:/flags"]
volumes:
  flags:
"""
"""The database and the queue begin once they were asked in vain."""
TOML = """\
[app]
name = "waits"

[service.web]

[service.worker]

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
health = { live = "/healthz", stable_for = "1s", timeout = "60s" }
"""


@pytest.mark.thorough
def test_a_first_start_in_no_order_goes(tmp_path: Path, engine: docker.DockerClient) -> None:
    """One ends with a traceback until its database is up, one logs errors until its queue is: GO, and both are shown."""
    for image in ("python:3.11-slim", "redis:7"):
        ensure(image)
    with stack(tmp_path, engine, "waits") as made:
        dockerfile = f'{BASE}COPY *.py ./\nCMD ["python", "-u", "server.py"]\n'
        made.create({"Dockerfile": dockerfile, ".gitignore": "reports/\n"})
        made.write({"server.py": server('"hello"', before=CONNECT), "worker.py": WORKER})
        made.write({"docker-compose.yml": MODEL.replace("@PORT@", str(made.port))})
        text = TOML.replace("@PROJECT@", made.project).replace("@PORT@", str(made.port))
        made.write({"gonogo.toml": text.replace("@STATE@", str(made.state))})
        made.commit("First")

        ended = made.deploy()

    assert ended.code == 0, ended
    checks = [check for step in ended.document["steps"] for check in (step["gate"] or {}).get("checks", ())]
    (logs,) = [check for check in checks if check["code"] == "D15"]
    assert logs["outcome"] == "passed"
    (shown,) = [piece["value"] for piece in logs["evidence"] if piece["title"].endswith("or harmless")]
    assert {row[0] for row in shown if row} == {"web", "worker"}, shown
