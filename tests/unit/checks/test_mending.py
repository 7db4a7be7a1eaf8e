"""What each check's page shows before and after: there for each, accepted by what reads it, and true where it is tried."""

from __future__ import annotations

import ast
import re
import shutil
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest
import yaml

from gonogo.config import parse_project
from gonogo.config.builtin import built_in
from gonogo.words import Outcome
from tests.support.gates import Gates, Repository, Run

__all__: list[str] = []

CHECKS = {check.code: check.mending for check in built_in()}
_PAIR = re.compile(r"Before \((.+)\):\n\n((?: {4}.*\n|\n)+)\nAfter \((.+)\):\n\n((?: {4}.*(?:\n|$)|\n)+)")
SHOWN = {
    code: ((pair[1], textwrap.dedent(pair[2])), (pair[3], textwrap.dedent(pair[4])))
    for code, text in CHECKS.items()
    if (pair := _PAIR.fullmatch(text))
}
"""Code → where it stands, and the code, before and after."""
TRIED = ("P06", "P07", "P10", "P11", "P13", "P14", "P15", "P17", "P18", "P19", "P21", "P23", "P45", "P47", "P49")
PASSWORD = "POSTGRES_PASSWORD=Kq7vT2mZx9Lw4Rb8"
TOML = """\
[app]
name = "shop"

[service.web]
framework = "fastapi"
entrypoint = "app.main:app"

[service.app]
framework = "flask"

[service.api]

[service.cache]

[env.test]
tier = "prod"
project = "shop-test"
env_file = ".env"
required_env = ["SMTP_HOST"]
"""
COMPOSE = """\
services:
{P18}
  app:
    build: .
    env_file: .env
    ports: ["127.0.0.1:8000:8000"]
    restart: unless-stopped
{P13}
{P15}
{P23}
  api:
    build: {{dockerfile: Dockerfile.api}}
    ports: ["127.0.0.1:8001:8000"]
    restart: unless-stopped
{P14}
{P49}
  cache:
    image: redis:7
    restart: unless-stopped
    environment: ["ORDERS_{P47}"]
    volumes: ["./redis.conf:/etc/redis.conf:ro"]
{P17}
  db:
    image: postgres:16
    restart: unless-stopped
    healthcheck: {{test: pg_isready}}
  migrate:
    build: {{dockerfile: Dockerfile.api}}
    command: alembic upgrade head
    restart: "no"
volumes:
  uploads:
"""


def release(when: int) -> dict[str, str]:
    """A release with everything as the pages have it, before (0) or after (1)."""
    code = {name: SHOWN[name][when][1] for name in TRIED}
    dockerfile, _, health = code["P14"].rpartition("# and in the compose file:\n")
    indented = {name: textwrap.indent(text.rstrip(), "    ") for name, text in {**code, "P14": health}.items()}
    lines = {"P18": textwrap.indent(code["P18"], "  ").rstrip(), "P47": code["P47"].strip()}
    return {
        "gonogo.toml": TOML,
        "docker-compose.yml": COMPOSE.format(**{**indented, **lines}),
        "Dockerfile": f"FROM python:3.12-slim\n{code['P10']}",
        "Dockerfile.api": f"FROM python:3.12-slim\n{dockerfile}",
        ".dockerignore": code["P11"],
        ".env": "\n".join(
            [PASSWORD, *(code[name].strip() for name in ("P19", "P21", "P45")), "PUBLIC_URL=https://shop.test"]
        ),
        "app/main.py": "from fastapi import FastAPI\nfrom app import orders\napp = FastAPI()\n",
        "app/database.py": "import os\nengine = create_engine(os.environ['DATABASE_URL'])\n",
        "app/orders.py": code["P07"],
        "app/prices.py": code["P06"],
        "uploads/logo.png": "",
        "redis.conf": "",
        "requirements.txt": "fastapi\n",
    }


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """The predeploy gate of both."""
    folder = tmp_path_factory.mktemp("mending")
    repository, gate = Repository(folder), Gates(folder / "gates")
    roots = [repository(release(when), name=f"app{when}") for when in (0, 1)]
    before, after = (gate(root, "-m", "predeploy", environ=gate.no_daemon(folder / "nobody")) for root in roots)
    return before, after


def test_each_page_shows_a_mend_or_says_why_none() -> None:
    """A check's docstring ends with code before and after, or with the reason for which there is none."""
    lacking = [code for code in CHECKS if code not in SHOWN]

    assert [
        code for code in lacking if not re.match(r"No before and after: \w.{20,}\.$", CHECKS[code], re.DOTALL)
    ] == []
    assert len(SHOWN) > 3 * len(lacking)
    assert [code for code, (before, after) in SHOWN.items() if before[1] == after[1]] == []


@pytest.mark.parametrize("code", [code for code, pair in SHOWN.items() if "gonogo.toml" in pair[0][0]])
def test_keys_of_gonogo_toml_are_accepted(code: str) -> None:
    """What pages show of gonogo.toml is taken by the models, before and after."""
    for _, text in SHOWN[code]:
        shortest = '[app]\nname = "shop"\n[env.prod]\nproject = "shop"\n'
        project = parse_project(shortest + text.removeprefix("[env.prod]\n"), root=Path())

        assert (
            set(tomllib.loads(text)["env"]["prod"]) - {"endpoint", "metric"}
            <= project.environments["prod"].model_fields_set
        )


def test_code_is_accepted_by_what_reads_it() -> None:
    """Python compiles and compose files are YAML; nothing but the conflict of P06 is not, and B24's to an old Python."""
    wrong = []
    for code, sides in SHOWN.items():
        for where, text in sides:
            try:
                if re.match(r"\S+\.py\b|a revision", where):
                    ast.parse(text)
                elif where.startswith("docker-compose.yml"):
                    yaml.safe_load(text)
            except (SyntaxError, yaml.YAMLError):
                wrong.append((code, text))

    refused = ["P06"] if sys.version_info >= (3, 12) else ["P06", "B24"]
    assert wrong == [(code, SHOWN[code][0][1]) for code in refused]


@pytest.mark.skipif(shutil.which("docker") is None, reason="no Compose client is installed")
@pytest.mark.parametrize("code", TRIED)
def test_what_is_shown_is_true(code: str, runs: tuple[Run, Run]) -> None:
    """The check speaks of what its page shows before, and is content with what it shows after."""
    before, after = (run.check(code) for run in runs)

    assert before.outcome in {Outcome.FAILED, Outcome.WARNED}, before
    assert after.outcome is (Outcome.SKIPPED if code == "P47" else Outcome.PASSED), after
    assert code != "P47" or after.found == "no address names a host that somebody would have to be"
