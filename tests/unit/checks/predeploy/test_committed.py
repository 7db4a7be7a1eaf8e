"""P22 on real repositories: secrets that git tracks, by tier."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo.words import Outcome
from tests.unit.inspection.code.test_committed import RANDOM, pem
from tests.unit.inspection.code.test_tokens import TOKENS

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

ASKED = ("-m", "predeploy", "-k", "no_secret_is_committed")
ENV = 'env_file = ".env"\n'
needs_compose = pytest.mark.skipif(
    shutil.which("docker") is None and shutil.which("docker-compose") is None, reason="no Compose client is installed"
)


def toml(text: str, tier: str) -> str:
    """A gonogo.toml of this tier, with an env file."""
    return text.replace('"dev"', f'"{tier}"') + ENV


def test_committed_env_file_is_red_in_prod(repository: Repository, gate: Gates) -> None:
    """P22 names file and line, what to do, and shows no value; elsewhere it warns."""
    files: dict[str, str | bytes] = {".env": f"LOG_LEVEL=info\nJWT_SECRET={RANDOM}\n", "certs/server.key": pem()}
    root = repository({"gonogo.toml": toml(repository.process, "prod"), **files})
    red = gate(root, *ASKED).only()
    repository.write(root, {"gonogo.toml": toml(repository.process, "staging")})
    warned = gate(root, *ASKED).only()

    assert (red.outcome, red.found) == (
        Outcome.FAILED,
        ".env:2: holds JWT_SECRET (32 characters); certs/server.key: holds a private key; expected no secret of this "
        "environment in what git tracks",
    )
    assert red.remedy == (
        "Take it out of .env (a file of secrets alone: git rm --cached .env, and name it in .gitignore), commit, and give "
        "[env.test] a new value: what was committed stays in the history"
    )
    assert RANDOM not in red.model_dump_json()
    assert warned.outcome is Outcome.WARNED
    assert warned.advice == (
        ".env:2: holds JWT_SECRET (32 characters), which git tracks; expected it on the host alone",
        "certs/server.key: holds a private key, which git tracks; expected it on the host alone",
    )


def test_key_that_stands_in_the_source_warns(repository: Repository, gate: Gates) -> None:
    """P22 tells of one that nothing sets and of one that is fixed; a variable goes before the first."""
    code = 'import os\n\nKEY = os.getenv("SECRET_KEY", "change-me")\nJWT_SECRET = "x1"\n'
    root = repository({"gonogo.toml": toml(repository.process, "prod"), "shop.py": code, ".gitignore": ".env\n"})
    (root / ".env").write_text("LOG_LEVEL=info\n")
    (root / ".env").chmod(0o600)
    both = gate(root, *ASKED).only()
    (root / ".env").write_text(f"SECRET_KEY={RANDOM}\n")
    one = gate(root, *ASKED).only()

    fixed = "shop.py:4: holds the value of JWT_SECRET; expected it from the environment"
    assert both.outcome is Outcome.WARNED
    assert both.advice == (
        "shop.py:3: holds what SECRET_KEY is where nothing sets it, as here; expected a value of this environment's own",
        fixed,
    )
    assert one.advice == (fixed,)


def test_key_that_each_process_draws_warns(repository: Repository, gate: Gates) -> None:
    """P22 tells of a settings class whose key nobody sets: two workers of the release have two keys."""
    code = "class Settings(BaseSettings):\n    JWT_SECRET_KEY: str = secrets.token_urlsafe(32)\n"
    root = repository({"gonogo.toml": toml(repository.process, "prod"), "shop.py": code, ".gitignore": ".env\n"})
    (root / ".env").write_text(f"SECRET_KEY={RANDOM}\n")
    (root / ".env").chmod(0o600)
    drawn = gate(root, *ASKED).only()
    (root / ".env").write_text(f"JWT_SECRET_KEY={RANDOM}\n")
    given = gate(root, *ASKED).only()

    assert drawn.advice == (
        "shop.py:2: each process draws a JWT_SECRET_KEY of its own where nothing sets it, as here; expected a value of this "
        "environment's own: workers refuse what another one signed, and each start signs everybody out",
    )
    assert (given.outcome, given.advice) == (Outcome.PASSED, ())


def test_token_that_no_variable_holds_warns(repository: Repository, gate: Gates) -> None:
    """P22 tells its kind; in a file that is red already it is not told twice, and a marked line is left."""
    token = TOKENS["a live key of Stripe"]
    root = repository(
        {
            "gonogo.toml": toml(repository.process, "prod"),
            "app/pay.py": f'KEY = "{token}"\n',
            "app/marked.py": f'KEY = "{token}"  # pragma: allowlist secret\n',
        }
    )
    warned = gate(root, *ASKED).only()
    repository.write(root, {".env": f"STRIPE_SECRET_KEY={token}\n", "app/marked.py": ""})
    repository.commit(root)
    red = gate(root, *ASKED).only()

    assert (warned.outcome, warned.found) == (
        Outcome.WARNED,
        "app/pay.py: holds a live key of Stripe, by its shape; revoke it, or mark its line: allowlist secret",
    )
    assert (red.outcome, red.found) == (
        Outcome.FAILED,
        f".env:1, app/pay.py:1: holds STRIPE_SECRET_KEY ({len(token)} characters); expected no secret of this environment "
        "in what git tracks",
    )
    assert token not in warned.model_dump_json() + red.model_dump_json()


def test_harmless_repositories_pass(repository: Repository, gate: Gates) -> None:
    """P22 is green in prod on a committed file of words, on keys of tests, and on secrets that only the host has."""
    root = repository(
        {
            "gonogo.toml": toml(repository.process, "prod"),
            ".gitignore": ".env\n",
            ".env.dev": "POSTGRES_PASSWORD=postgres\n",
            ".env.example": "JWT_SECRET=\n",
            "tests/keys/jwt.pem": pem(),
        }
    )
    repository.write(root, {".env": f"JWT_SECRET={RANDOM}\n"})
    check = gate(root, *ASKED).only()

    assert (check.outcome, check.found) == (Outcome.PASSED, "")
    assert check.evidence[0].value == "JWT_SECRET (32 characters)"


@needs_compose
def test_secrets_in_compose_files_count(repository: Repository, gate: Gates) -> None:
    """P22 knows what a compose file gives a store, and what a tracked env file gives a service."""
    compose = f"""\
services:
  web:
    build: .
    env_file: [web.env]
  db:
    image: postgres:15
    environment:
      POSTGRES_PASSWORD: ${{DB_PASSWORD:-{RANDOM}}}
"""
    root = repository(
        {
            "gonogo.toml": repository.minimal.replace('"dev"', '"prod"'),
            "docker-compose.yml": compose,
            "web.env": f"API_TOKEN={RANDOM[::-1]}\n",
        }
    )

    assert gate(root, *ASKED).only().found == (
        "docker-compose.yml:8: holds POSTGRES_PASSWORD (32 characters); web.env:1: holds API_TOKEN (32 characters); "
        "expected no secret of this environment in what git tracks"
    )


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can go into."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_env_file_that_everybody_reads_is_advised_of(repository: Repository, gate: Gates, open_folder: Path) -> None:
    """P22 warns where every folder above lets others in, and only then."""
    config = toml(repository.process, "prod") + f'path = "{open_folder}"\n'
    root = repository({"gonogo.toml": config})
    env = open_folder / ".env"
    env.write_text(f"JWT_SECRET={RANDOM}\n")
    env.chmod(0o644)
    read_by_all = gate(root, *ASKED).only()
    open_folder.chmod(0o700)

    assert gate(root, *ASKED).only().outcome is Outcome.PASSED
    assert (read_by_all.outcome, read_by_all.found) == (
        Outcome.WARNED,
        f"{env}: every user of this host can read it, expected mode 0600: chmod 600 {env}",
    )
