"""P17: data services beyond loopback, by tier; asked of a real Compose's model."""

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
ASKED = ("-m", "predeploy", "-k", "data_services_are_kept")
COMPOSE = """\
services:
  web:
    build: .
    ports: ["8000:8000"]
  redis:
    image: redis:7-alpine
    expose: ["6379"]
    ports:
      - "{bind}6379:6379"
"""
FOUND = (
    "docker-compose.yml:8: redis publishes 6379 on 0.0.0.0, open to other machines (redis:7-alpine); expected "
    "127.0.0.1, or no published port"
)


@pytest.mark.parametrize(
    ("tier", "bind", "outcome", "found"),
    [
        ("prod", "", Outcome.FAILED, FOUND),
        ("staging", "", Outcome.WARNED, FOUND),
        ("prod", "${REDIS_BIND:-127.0.0.1}:", Outcome.PASSED, ""),
    ],
)
def test_published_redis_is_red_in_prod(
    repository: Repository, gate: Gates, tier: str, bind: str, outcome: Outcome, found: str
) -> None:
    """P17 names file, line and port, and what to write; an address that a default fills in counts."""
    toml = repository.minimal.replace('"dev"', f'"{tier}"')
    files = {"gonogo.toml": toml, "docker-compose.yml": COMPOSE.replace("{bind}", bind), "Dockerfile": "FROM scratch\n"}
    check = gate(repository(files), *ASKED).only()

    assert (check.outcome, check.found) == (outcome, found)
    if found:
        assert check.remedy == (
            'docker-compose.yml:8: write "127.0.0.1:6379:6379", or take the port out: the services of this project '
            "reach redis:6379 without it"
        )


def test_a_port_alone_warns(repository: Repository, gate: Gates) -> None:
    """P17 is not red over an image that it does not know, and knows one that is built here from a store's."""
    compose = "services:\n  db: {build: ., ports: ['5432:5432']}\n"
    toml = repository.minimal.replace('"dev"', '"prod"')
    root = repository({"gonogo.toml": toml, "docker-compose.yml": compose, "Dockerfile": "FROM me/base\n"})
    unknown = gate(root, *ASKED).only()
    repository.write(root, {"Dockerfile": "FROM postgres:15\n"})

    assert unknown.outcome is Outcome.WARNED
    assert gate(root, *ASKED).only().outcome is Outcome.FAILED
