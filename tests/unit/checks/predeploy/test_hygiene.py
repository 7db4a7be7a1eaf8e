"""P10, P11, P13, P14, P18 and P49 on a real Compose's model: advice, and what is none."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

pytestmark = pytest.mark.skipif(
    shutil.which("docker") is None and shutil.which("docker-compose") is None, reason="no Compose client is installed"
)
ASKED = (
    "-m",
    "predeploy",
    "-k",
    "ignore_file_keeps or have_a_health_check or health_checks_agree or are_started_again or made_with_care or wait_for_what",
)
BARE = """\
services:
  web:
    build: .
    ports: ["8000:8000"]
  api:
    build: .
    expose: ["8000"]
    depends_on: [migrate, redis]
  worker:
    build: .
    command: celery -A shop worker
  migrate:
    build: .
    command: alembic upgrade head
  db-backup:
    build: .
  redis:
    image: redis:7-alpine
"""
GOOD = """\
services:
  web:
    build: .
    ports: ["8000:8000"]
    restart: unless-stopped
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8000/healthz"]
      interval: 10s
      retries: 3
      start_period: 20s
  worker:
    build: .
    command: celery -A shop worker
    restart: unless-stopped
    healthcheck: {test: celery inspect ping, retries: 9}
  once:
    build: .
    command: python -m shop.report
    restart: "no"
"""
DOCKERFILE = "FROM python:3.12-slim\nCOPY . .\n"
PROBE = "HEALTHCHECK --retries=3 CMD curl -f http://localhost:8000/healthz || exit 1\n"
SECRET = "JWT_SECRET=8f2a90b1c4d7e6f5a3b2c1d0e9f8a7b6\n"


def advice(repository: Repository, gate: Gates, files: dict[str, str]) -> dict[str | None, tuple[str, ...]]:
    """What each check advises in prod; none of them is red."""
    root = repository({"gonogo.toml": repository.minimal.replace('"dev"', '"prod"'), **files})
    run = gate(root, *ASKED)

    assert {check.outcome for check in run.checks} <= {Outcome.PASSED, Outcome.WARNED}
    assert run.code == 0
    return {check.code: check.advice for check in run.checks}


def test_what_is_not_there_is_one_line_each(repository: Repository, gate: Gates) -> None:
    """Services of one Dockerfile are one line; workers, migrations and stores are none of it."""
    late = DOCKERFILE + "RUN pip install -r requirements.txt\n"
    files = {"docker-compose.yml": BARE, "Dockerfile": late, ".env": SECRET, ".env.example": SECRET}

    assert advice(repository, gate, files) == {
        "P10": (
            "Dockerfile:3: installs packages after COPY . ., so that each change of the source installs them again; expected "
            "what names them to be copied first",
        ),
        "P11": (
            "Dockerfile: brings .env into the image of api, db-backup, migrate, web, worker, expected it in .dockerignore",
        ),
        "P13": ("api, web: found no health check, expected one in compose file or Dockerfile",),
        "P14": (),
        "P18": ("api, web, worker: found no restart policy, expected restart: unless-stopped",),
        "P49": (
            "api depends on migrate: found service_started, expected service_completed_successfully: api may be there before "
            "migrate has come to its end",
        ),
    }


def test_a_careful_application_is_told_nothing(repository: Repository, gate: Gates) -> None:
    """An ignore file, a health check that the Dockerfile has too, restarts, and a "no" on purpose."""
    files = {
        "docker-compose.yml": GOOD,
        "Dockerfile": DOCKERFILE + PROBE,
        ".dockerignore": ".env*\n",
        ".env": SECRET,
        "README.md": "",
    }

    assert set(advice(repository, gate, files).values()) == {()}


def test_two_health_checks_that_differ_are_told(repository: Repository, gate: Gates) -> None:
    """With file, line and what differs; and one that is asked too late for a deployment."""
    compose = GOOD.replace("interval: 10s", "interval: 10m").replace("      start_period: 20s\n", "")
    files = {"docker-compose.yml": compose, "Dockerfile": DOCKERFILE + PROBE.replace("=3", "=5 --interval=10s")}
    found = advice(repository, gate, files)

    assert found["P13"] == (
        "docker-compose.yml:6: the health check of web asks first after 600 s, and a deployment waits 120 s (health.timeout)",
    )
    assert found["P14"] == (
        "docker-compose.yml:6: the health check of web differs from Dockerfile in interval, retries",
    )


def test_a_base_that_nobody_knows_may_have_a_health_check(repository: Repository, gate: Gates) -> None:
    """P13 does not guess."""
    files = {"docker-compose.yml": BARE, "Dockerfile": "FROM tiangolo/uvicorn-gunicorn\n"}

    assert advice(repository, gate, files)["P13"] == ()


GLUED = """services:
  web: &web
    build: .
    command: gunicorn --worker-class uvicorn_worker.UvicornWorker --worker-tmp-dir /dev/shm shop:app
    expose: [8000]
    restart: unless-stopped
  celeryworker:
    <<: *web
    command: ./celeryworker.sh
    healthcheck: {test: celery inspect ping, retries: 9}
  tasks:
    <<: *web
    command: ./rqworker.sh high
"""


def test_a_worker_that_takes_over_from_the_web_is_no_server(repository: Repository, gate: Gates) -> None:
    """A YAML anchor gives it the port too; its name is one word (``celeryworker``). A server's workers make it none."""
    files = {"docker-compose.yml": GLUED, "Dockerfile": DOCKERFILE}
    found = advice(repository, gate, files)

    assert found["P13"] == ("web: found no health check, expected one in compose file or Dockerfile",)
    assert advice(repository, gate, {**files, "Dockerfile": DOCKERFILE + PROBE})["P14"] == ()
