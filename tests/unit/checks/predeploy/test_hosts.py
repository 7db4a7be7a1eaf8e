"""P47: hosts that nobody has, asked of a real Compose's model and of this machine's resolver."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

pytestmark = pytest.mark.skipif(
    shutil.which("docker") is None and shutil.which("docker-compose") is None, reason="no Compose client is installed"
)
ASKED = ("-m", "predeploy", "-k", "hosts_of_addresses")
MODEL = """\
services:
  web:
    build: .
    environment:
      DATABASE_URL: postgresql://app@{database}/shop
      REDIS_URL: redis://cache
      DOCS_URL: http://localhost:9999/docs
      PUBLIC_URL: https://127.0.0.1
  db: {{image: postgres:15, networks: {{default: {{aliases: [store]}}}}}}
  cache: {{image: redis:7, container_name: shop-cache}}
"""


@pytest.mark.parametrize("database", ["db:5432", "store", "host.docker.internal"])
def test_services_and_their_aliases_are_somebody(repository: Repository, gate: Gates, database: str) -> None:
    """P47 is green on services, aliases and the Engine's own names; nobody is asked what `localhost` of a page means."""
    check = gate(_made(repository, database), *ASKED).only()

    assert (check.outcome, check.advice) in [(Outcome.PASSED, ()), (Outcome.SKIPPED, ())]


@pytest.mark.parametrize(
    ("database", "said"),
    [
        (
            "dbb.invalid",
            "web: DATABASE_URL: found the host dbb.invalid, which nobody has here, expected a service that it reaches, or "
            "a name that the DNS knows",
        ),
        (
            "localhost",
            "web: DATABASE_URL names localhost, which in its container is itself; expected the name of a service, or "
            "host.docker.internal",
        ),
    ],
)
def test_hosts_that_nobody_has(repository: Repository, gate: Gates, database: str, said: str) -> None:
    """P47 names the variable and the host, and never the address."""
    check = gate(_made(repository, database), *ASKED).only()

    assert (check.outcome, check.advice) == (Outcome.WARNED, (said,))


def test_the_releases_own_name_is_for_browsers(repository: Repository, gate: Gates) -> None:
    """P47 does not ask the DNS for the name under which the release is to be visited, whatever the variable is called."""
    minimal = f'{repository.minimal}url = "https://shop.invalid"\n'
    model = MODEL.format(database="db").replace(
        "PUBLIC_URL: https://127.0.0.1", "PARTNER_ENDPOINT: https://shop.invalid/x"
    )
    files = {"gonogo.toml": minimal, "Dockerfile": "FROM scratch\n", "docker-compose.yml": model}
    check = gate(repository(files), *ASKED).only()

    assert (check.outcome, check.advice) in [(Outcome.PASSED, ()), (Outcome.SKIPPED, ())]


def _made(repository: Repository, database: str) -> Path:
    files = {"Dockerfile": "FROM scratch\n", "docker-compose.yml": MODEL.format(database=database)}
    return repository({"gonogo.toml": repository.minimal, **files})
