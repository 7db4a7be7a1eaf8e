"""P23 on a real Compose's model, by tier."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

needs_compose = pytest.mark.skipif(
    shutil.which("docker") is None and shutil.which("docker-compose") is None, reason="no Compose client is installed"
)
ASKED = ("-m", "predeploy", "-k", "rendered_configuration_is")
COMPOSE = """\
# See https://example.com
services:
  web:
    build: .
    labels: {docs: "https://example.com/docs"}
    environment:
      PUBLIC_URL: ${PUBLIC_URL:-https://example.com}
      MAIL_FROM: admin@example.com
  jobs:
    build: .
    environment: {PUBLIC_URL: "${PUBLIC_URL:-https://example.com}"}
"""


@needs_compose
@pytest.mark.parametrize(
    ("tier", "outcome", "found"),
    [
        (
            "prod",
            Outcome.FAILED,
            "PUBLIC_URL holds the placeholder domain 'example.com' (jobs, web); expected values of this environment's own",
        ),
        (
            "staging",
            Outcome.WARNED,
            "PUBLIC_URL holds the placeholder domain 'example.com' (jobs, web); expected a value of this environment's own",
        ),
        ("dev", Outcome.SKIPPED, "tier dev: values of a template are nobody's mistake there"),
    ],
)
def test_placeholder_domain_is_red_in_prod(
    repository: Repository, gate: Gates, tier: str, outcome: Outcome, found: str
) -> None:
    """P23 names the variable with the services that get it, once; comments, labels and mail addresses are none."""
    toml = repository.minimal.replace('"dev"', f'"{tier}"')
    check = gate(repository({"gonogo.toml": toml, "docker-compose.yml": COMPOSE}), *ASKED).only()

    assert (check.outcome, check.found) == (outcome, found)


@needs_compose
def test_what_the_env_file_says_is_another_checks(repository: Repository, gate: Gates) -> None:
    """P23 is green where the value is set, be it by a placeholder that P20 names; single quotes are advised of."""
    toml = repository.minimal.replace('"dev"', '"prod"')
    root = repository({"gonogo.toml": toml, "docker-compose.yml": COMPOSE})
    repository.write(root, {".env": "PUBLIC_URL=https://example.com\n"})
    told = gate(root, *ASKED).only()
    repository.write(root, {".env": "HOST=shop.test\nPUBLIC_URL='https://${HOST}'\n"})
    quoted = gate(root, *ASKED).only()

    assert (told.outcome, told.found) == (Outcome.PASSED, "")
    assert quoted.advice == (
        "PUBLIC_URL is given ${HOST} as it is written (jobs, web); expected a value of this environment's own",
    )


def test_address_of_documentation_is_red_in_prod(repository: Repository, gate: Gates) -> None:
    """P23 judges the environment's own address, whatever the runtime is."""
    toml = repository.process.replace('"dev"', '"prod"') + 'url = "https://api.example.com"\n'

    assert gate(repository({"gonogo.toml": toml}), *ASKED).only().found == (
        "env.test.url: holds the placeholder domain 'api.example.com'; expected values of this environment's own"
    )
