"""P21 on real env files and sources: lengths by declaration, addresses by use."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

ASKED = ("-m", "predeploy", "-k", "secrets_are_strong")
SECRETS = 'env_file = ".env"\nsecrets = { JWT_SECRET = { min_length = 32 }, TOKEN = {} }\n'
GOOD = "JWT_SECRET=2f8a90b1c4d7e6f5a3b2c1d0e9f8a7b6\nTOKEN=abc\nDATABASE_URL=postgresql+asyncpg://db/shop\n"
needs_compose = pytest.mark.skipif(
    shutil.which("docker") is None and shutil.which("docker-compose") is None, reason="no Compose client is installed"
)


def files(toml: str, *, tier: str = "dev", env: str = GOOD) -> dict[str, str]:
    """A repository with declared secrets."""
    source = 'import os\nfrom sqlalchemy import create_engine\n\nengine = create_engine(os.environ["DATABASE_URL"])\n'
    return {"gonogo.toml": toml.replace('"dev"', f'"{tier}"') + SECRETS, "app/db.py": source, ".env": env}


def test_strong_secrets_pass(repository: Repository, gate: Gates) -> None:
    """P21 is green on long secrets and an address, in prod too; an empty address is nobody's mistake."""
    root = repository(files(repository.process, tier="prod"))
    passed = gate(root, *ASKED).only()
    repository.write(root, {".env": GOOD.replace("postgresql+asyncpg://db/shop", "")})

    assert (passed.outcome, passed.found) == (Outcome.PASSED, "")
    assert gate(root, *ASKED).only().outcome is Outcome.PASSED


def test_declared_length_is_judged_in_every_tier(repository: Repository, gate: Gates) -> None:
    """P21 is red where gonogo.toml asks for more, and shows no value."""
    root = repository(files(repository.process, env="JWT_SECRET=zqxjkv\n"))
    check = gate(root, *ASKED).only()

    assert (check.outcome, check.found) == (
        Outcome.FAILED,
        f"{root}/.env: JWT_SECRET has 6 characters, expected at least 32",
    )
    assert "zqxjkv" not in check.model_dump_json()


@pytest.mark.parametrize(("tier", "outcome"), [("prod", Outcome.FAILED), ("staging", Outcome.WARNED)])
def test_address_that_is_none_stops_a_release_in_prod(
    repository: Repository, gate: Gates, tier: str, outcome: Outcome
) -> None:
    """P21 says where the source could not live with it."""
    env = GOOD.replace("postgresql+asyncpg://db/shop", "shop-database")
    root = repository(files(repository.process, tier=tier, env=env))
    check = gate(root, *ASKED).only()

    assert (check.outcome, check.found) == (
        outcome,
        f"{root}/.env: DATABASE_URL: found a value that is no URL, expected scheme://host/name: app/db.py:4 gives it to "
        "create_engine",
    )


def test_red_names_what_is_doubtful_beside_it(repository: Repository, gate: Gates) -> None:
    """P21 that is red tells what it would have warned of: one go mends all of it."""
    root = repository(files(repository.process, env="JWT_SECRET=zqxjkv\nREDIS_URL=cache\n"))

    assert gate(root, *ASKED).only().found == (
        f"{root}/.env: JWT_SECRET has 6 characters, expected at least 32; REDIS_URL: found a value that is no URL, "
        "expected one such as scheme://host/name"
    )


def test_doubtful_values_are_advised_of(repository: Repository, gate: Gates) -> None:
    """P21 warns of what the source does not settle, and in prod of a short key that gonogo.toml says nothing of."""
    root = repository(files(repository.process, tier="prod", env=f"{GOOD}REDIS_URL=cache\nSECRET_KEY=shopshop\n"))
    check = gate(root, *ASKED).only()

    assert check.outcome is Outcome.WARNED
    assert check.advice == (
        "SECRET_KEY has 8 characters, expected at least 16 in a key that signs or encrypts; env.test.secrets may say how many",
        "REDIS_URL: found a value that is no URL, expected one such as scheme://host/name",
    )


@pytest.mark.parametrize(
    ("tier", "outcome", "found"),
    [
        ("prod", Outcome.FAILED, "{root}/.env: JWT_SECRET is a sequence such as 0123456789, expected a random value"),
        ("staging", Outcome.WARNED, "JWT_SECRET is a sequence such as 0123456789, expected a random value"),
        ("dev", Outcome.PASSED, ""),
    ],
)
def test_a_long_secret_that_anybody_finds_is_red_in_prod(
    repository: Repository, gate: Gates, tier: str, outcome: Outcome, found: str
) -> None:
    """P21 judges what is as long as gonogo.toml asks; where people only try things, it may be anything."""
    root = repository(files(repository.process, tier=tier, env="JWT_SECRET=0123456789abcdef0123456789abcdef\n"))
    check = gate(root, *ASKED).only()

    assert (check.outcome, check.found) == (outcome, found.format(root=root))


def test_form_is_judged_in_every_tier(repository: Repository, gate: Gates) -> None:
    """P21 is red where gonogo.toml asks for a prefix or for hexadecimal digits, and the value has none of it."""
    given = files(repository.process, env="JWT_SECRET=lantern-copper-otter\nTOKEN=whsec_8f2a90b1\n")
    asked = given["gonogo.toml"].replace("min_length = 32", "hex = true")
    wanted = asked.replace("TOKEN = {}", 'TOKEN = { prefix = "sk_", hex = true }')
    well = asked.replace("TOKEN = {}", 'TOKEN = { prefix = "whsec_", hex = true }')
    red = gate(repository({**given, "gonogo.toml": wanted}, name="red"), *ASKED).only()
    root = repository({**given, "gonogo.toml": well, ".env": given[".env"].replace("lantern-copper-otter", "00ff")})

    assert red.found.split(": ", 1)[1] == (
        "JWT_SECRET has a character that is no hexadecimal digit, expected none; "
        "TOKEN does not begin with sk_, expected it to"
    )
    assert gate(root, *ASKED).only().outcome is Outcome.PASSED


@needs_compose
def test_what_compose_gives_counts(repository: Repository, gate: Gates) -> None:
    """P21 judges what deployed services get; a variable that Compose only fills in is no address of theirs."""
    compose = "services:\n  web:\n    build: .\n    environment: {DATABASE_URL: 'postgresql://db/${REDIS_URL}'}\n"
    root = repository(
        {**files(repository.minimal, tier="prod", env=f"{GOOD}REDIS_URL=cache\n"), "docker-compose.yml": compose}
    )
    good = gate(root, *ASKED).only()
    repository.write(root, {"docker-compose.yml": compose.replace("postgresql://db/", "shop-")})

    assert (good.outcome, good.found) == (Outcome.PASSED, "")
    assert gate(root, *ASKED).only().outcome is Outcome.FAILED
