"""A release with a dozen faults at once, each named in prod; and a healthy one of which nothing is said."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from gonogo.words import Outcome
from tests.unit.inspection.code.test_committed import RANDOM, pem

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gates import Gates, Repository, Run

__all__: list[str] = []

pytestmark = pytest.mark.skipif(
    shutil.which("docker") is None and shutil.which("docker-compose") is None, reason="no Compose client is installed"
)
CODES = ("P07", "P11", "P13", "P14", "P15", "P17", "P18", "P20", "P21", "P22", "P23")
TOML = """\
[app]
name = "shop"

[service.web]
framework = "fastapi"
entrypoint = "app.main:app"

[env.test]
tier = "prod"
project = "shop-test"
env_file = ".env"
secrets = { JWT_SECRET = { min_length = 32 } }
"""
FAULTY = """\
services:
  web:
    build: .
    env_file: .env
    environment: {PUBLIC_URL: "https://www.example.com"}
    ports: ["8000:8000"]
    volumes: ["uploads:/app/uploads:ro"]
  redis:
    image: redis:7-alpine
    ports: ["6379:6379"]
volumes:
  uploads:
"""
HEALTHY = """\
services:
  web:
    build: .
    env_file: .env
    environment: {PUBLIC_URL: "https://shop.test", MAIL_FROM: admin@example.com}
    ports: ["8000:8000"]
    volumes: ["uploads:/app/uploads"]
    restart: unless-stopped
    healthcheck: {test: curl -f http://localhost:8000/healthz, interval: 10s, start_period: 30s}
  worker:
    build: .
    command: celery -A app worker
    restart: unless-stopped
  redis:
    image: redis:7-alpine
  proxy:
    image: nginx:alpine
    volumes: ["uploads:/srv/uploads:ro"]
    ports: ["127.0.0.1:8080:80"]
volumes:
  uploads:
"""
MAIN = """\
import os
from sqlalchemy import create_engine

engine = create_engine(os.environ["DATABASE_URL"])
print("started")


def view():
    {line}
"""


def asked(gate: Gates, root: Path) -> Run:
    """The checks of these rows."""
    names = (
        "no_debugger or ignore_file_keeps or have_a_health_check or checks_agree or mounts_are or data_services or "
        "are_started_again or no_placeholder or are_strong or no_secret_is or rendered_configuration"
    )
    return gate(root, "-m", "predeploy", "-k", names)


def test_each_fault_is_named(repository: Repository, gate: Gates) -> None:
    """What exposes data or breaks is red, hygiene is advice; no value is shown anywhere."""
    root = repository(
        {
            "gonogo.toml": TOML,
            "docker-compose.yml": FAULTY,
            "Dockerfile": "FROM python:3.12\nCOPY . .\n",
            "app/main.py": MAIN.format(line="breakpoint()"),
            ".env": f"JWT_SECRET=zqxjkv\nAPI_TOKEN={RANDOM}\nDATABASE_URL=shop-database\n",
            "deploy.pem": pem(),
        }
    )
    run = asked(gate, root)
    red = {check.code for check in run.checks if check.outcome is Outcome.FAILED}

    assert {check.code for check in run.checks} == set(CODES)
    assert red == {"P07", "P17", "P21", "P22", "P23"}
    assert {check.code for check in run.checks if check.advice} == {"P11", "P13", "P15", "P18"}
    assert "JWT_SECRET has 6 characters" in run.check("P21").found
    assert "DATABASE_URL: found a value that is no URL" in run.check("P21").found
    assert run.result is not None
    assert not any(value in run.result.model_dump_json() for value in ("zqxjkv", RANDOM))


def test_a_healthy_application_is_told_nothing(repository: Repository, gate: Gates) -> None:
    """Also with `COPY . .`, a committed file of words, keys and debuggers of tests, and names of documentation."""
    root = repository(
        {
            "gonogo.toml": TOML,
            "docker-compose.yml": HEALTHY,
            "Dockerfile": "FROM python:3.12-slim\nCOPY . .\n",
            ".gitignore": ".env\n",
            ".env.dev": "POSTGRES_PASSWORD=postgres\nDEBUG=1\n",
            "app/main.py": MAIN.format(line="pass  # breakpoint()"),
            "tests/test_it.py": "def test_it():\n    breakpoint()\n",
            "tests/jwt.pem": pem(),
            "README.md": "Open https://example.com\n",
        }
    )
    repository.write(root, {".env": f"JWT_SECRET={RANDOM}\nDATABASE_URL=postgresql+asyncpg://db/shop\n"})

    assert {check.code: (check.outcome, check.found) for check in asked(gate, root).checks} == {
        code: (Outcome.SKIPPED, "no container mounts a file or folder of this machine")
        if code == "P15"
        else (Outcome.PASSED, "")
        for code in CODES
    }
