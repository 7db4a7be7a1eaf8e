"""P19 and P20 on real env files, compose files and settings classes."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from gonogo.state.store import State
from gonogo.words import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from gonogo.state.release import Release
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

REQUIRED = ("-m", "predeploy", "-k", "every_required_variable")
PLACEHOLDERS = ("-m", "predeploy", "-k", "no_placeholder")
SETTINGS = """\
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    database_url: str
    log_level: str = "info"
"""
ENV = 'env_file = ".env"\nrequired_env = ["SHOP_NAME"]\nsecrets = { JWT_SECRET = { min_length = 32 } }\n'
GOOD = "SHOP_NAME=Shoes\nJWT_SECRET=2f8a90b1c4d7e6f5a3b2c1d0e9f8a7b6\nDATABASE_URL=postgresql://db/shop\n"
needs_compose = pytest.mark.skipif(
    shutil.which("docker") is None and shutil.which("docker-compose") is None, reason="no Compose client is installed"
)


def files(toml: str) -> dict[str, str]:
    """A repository whose service has a settings class."""
    config = toml.replace("[service.web]\n", '[service.web]\nsettings = ["app/settings.py"]\n') + ENV
    return {"gonogo.toml": config, "app/settings.py": SETTINGS, ".gitignore": ".env\n"}


def test_all_variables_are_set(repository: Repository, gate: Gates) -> None:
    """P19 and P20 are green on a complete env file, and show names without values."""
    root = repository({**files(repository.process), ".env.example": "SHOP_NAME=\nSMTP_HOST=\n"})
    repository.write(root, {".env": GOOD})

    run = gate(root, "-m", "predeploy", "-k", f"{REQUIRED[-1]} or {PLACEHOLDERS[-1]}")

    assert run.outcomes() == {"P19": Outcome.PASSED, "P20": Outcome.PASSED}
    assert [(piece.title, piece.value) for piece in run.check("P19").evidence] == [
        ("Variables in the env file", "DATABASE_URL, JWT_SECRET, SHOP_NAME"),
        ("Only in .env.example", "SMTP_HOST"),
    ]


def test_unset_and_empty_variables_are_named(repository: Repository, gate: Gates) -> None:
    """P19 names each variable with everybody who asks for it, and shows no value."""
    root = repository(files(repository.process))
    repository.write(root, {".env": "JWT_SECRET=\nSTRIPE_KEY=sk_live_51Habcdefghijkl\n"})

    run = gate(root, *REQUIRED)

    assert run.only().outcome is Outcome.FAILED
    assert run.only().found == (
        f"{root}/.env: SHOP_NAME is unset; asked for by gonogo.toml (env.test.required_env); "
        "JWT_SECRET is empty; asked for by gonogo.toml (env.test.secrets); "
        "DATABASE_URL is unset; asked for by app/settings.py:5 (Settings.database_url has no default); "
        "expected a value for each"
    )
    assert "sk_live" not in run.out + run.only().model_dump_json()


def test_a_missing_env_file_is_named(repository: Repository, gate: Gates) -> None:
    """P19 says where the env file should be."""
    root = repository(files(repository.process))

    assert gate(root, *REQUIRED).only().found == (
        f"{root}/.env: found no file, expected the environment's variables; begin with: cp .env.example {root}/.env"
    )


def test_a_line_that_cannot_be_read_is_named(repository: Repository, gate: Gates) -> None:
    """P19 names the broken line of an env file, and does not quote it."""
    root = repository(files(repository.process))
    repository.write(root, {".env": GOOD + "my secret phrase\n"})

    assert gate(root, *REQUIRED).only().found == (
        f"{root}/.env:4: found a line that cannot be read, expected KEY=value; quote or comment it out"
    )


def test_nothing_required_is_a_skip(repository: Repository, gate: Gates) -> None:
    """P19 and P20 skip where there is no env file and nothing asks for one."""
    root = repository({"gonogo.toml": repository.process})

    run = gate(root, "-m", "predeploy", "-k", f"{REQUIRED[-1]} or {PLACEHOLDERS[-1]}")

    assert run.check("P19").found == "no env file, and nothing requires a variable"
    assert run.check("P20").found == "the environment has no env_file"


@needs_compose
def test_what_compose_passes_counts(repository: Repository, gate: Gates) -> None:
    """P19 counts a variable that the compose file or the image sets; the env file need not have it."""
    compose = 'services:\n  web:\n    build: .\n    environment:\n      DATABASE_URL: "sqlite://${NAME:?}"\n'
    toml = repository.minimal.replace("[env.test]", '[service.web]\nsettings = ["app/settings.py"]\n\n[env.test]')
    settings = SETTINGS + "    from_image: str\n"
    given = {"gonogo.toml": toml, "app/settings.py": settings, "docker-compose.yml": compose}
    root = repository({**given, "Dockerfile": "FROM scratch\nENV A=1 \\\n    FROM_IMAGE=2\n", ".gitignore": ".env"})
    repository.write(root, {".env": "NAME=shop\n"})

    assert gate(root, *REQUIRED).only().outcome is Outcome.PASSED


@needs_compose
def test_what_compose_asks_for_is_named(repository: Repository, gate: Gates) -> None:
    """P19 names what the compose file needs, with its line, even though Compose itself refuses then."""
    compose = 'services:\n  web:\n    image: "shop:${TAG:?}"\n'
    root = repository({"gonogo.toml": repository.minimal, "docker-compose.yml": compose, ".gitignore": ".env"})
    repository.write(root, {".env": "OTHER=1\n"})

    assert gate(root, *REQUIRED).only().found == (
        f"{root}/.env: TAG is unset; asked for by docker-compose.yml:3 (${{TAG:?}}); expected a value for each"
    )


@needs_compose
def test_an_optional_variable_without_a_value_is_told_and_no_red(repository: Repository, gate: Gates) -> None:
    """P19 tells of a plain ``${X}`` that the env file leaves empty, or that the application has a default for.

    A secret among them, one that nobody has a default for and one that Compose insists on stay red.
    """
    names = {"MAIL_HOST": "", "SENTRY_DSN": "", "MAIL_PASSWORD": "", "REGION": "", "DOMAIN": ":?"}
    passed = "".join(f'      {name}: "${{{name}{operator}}}"\n' for name, operator in names.items())
    toml = repository.minimal.replace("[env.test]", '[service.web]\nsettings = ["app/settings.py"]\n\n[env.test]')
    settings = SETTINGS.replace("    database_url: str\n", "    sentry_dsn: str | None = None\n")
    root = repository(
        {
            "gonogo.toml": toml + 'env_file = ".env"\n',
            "app/settings.py": settings,
            "docker-compose.yml": f"services:\n  web:\n    image: x\n    environment:\n{passed}",
            ".gitignore": ".env\n",
        }
    )
    repository.write(root, {".env": "MAIL_HOST=\nREGION=eu\nMAIL_PASSWORD=x\nDOMAIN=example.org\n"})

    told = gate(root, *REQUIRED).only()
    repository.write(root, {".env": "MAIL_HOST=mail\nMAIL_PASSWORD=\nDOMAIN=\n"})
    red = gate(root, *REQUIRED).only()

    asked = [f"docker-compose.yml:{line} (${{{name}{names[name]}}})" for line, name in enumerate(names, 5)]
    assert (told.outcome, told.found) == (
        Outcome.WARNED,
        f"{root}/.env: MAIL_HOST is empty; asked for by {asked[0]}; the services get an empty text; "
        f"{root}/.env: SENTRY_DSN is unset; asked for by {asked[1]}; the services get an empty text",
    )
    assert (red.outcome, red.found) == (
        Outcome.FAILED,
        f"{root}/.env: MAIL_PASSWORD is empty; asked for by {asked[2]}; REGION is unset; asked for by {asked[3]}; "
        f"DOMAIN is empty; asked for by {asked[4]}; expected a value for each",
    )


def test_placeholders_are_named(repository: Repository, gate: Gates) -> None:
    """P20 names placeholders and secrets that stand in the example file; other values may be the example's."""
    example = "JWT_SECRET=9d8c7b6a5f4e3d2c1b0a99887766554433221100\nLOG_LEVEL=info\nURL=https://your-domain.com\n"
    root = repository({**files(repository.process), ".env.example": example})
    repository.write(root, {".env": example})

    check = gate(root, *PLACEHOLDERS).only()

    assert check.outcome is Outcome.FAILED
    assert check.found == (
        f"{root}/.env: JWT_SECRET is a secret with the example file's own value; "
        "URL holds the placeholder 'your-domain.com'; expected values of this environment's own"
    )
    assert check.remedy == (
        "Put real values into the env file of [env.test] on the host; a fresh secret: openssl rand -hex 32"
    )


def test_env_files_of_included_files_and_extended_services_are_judged(repository: Repository, gate: Gates) -> None:
    """P20 reads what Compose reads: an included file's, and that of a service which is extended."""
    compose = "include:\n  - queue/compose.yml\nservices:\n  web:\n    image: x\n    extends:\n"
    compose += "      file: base/base.yml\n      service: base\n"
    made = {
        "gonogo.toml": repository.minimal,
        "docker-compose.yml": compose,
        "queue/compose.yml": "services:\n  queue:\n    image: x\n    env_file: queue.env\n",
        "base/base.yml": "services:\n  base:\n    env_file: [base.env]\n  other:\n    env_file: other.env\n",
        ".gitignore": "*.env\n",
    }
    root = repository(made)
    repository.write(root, {f"{name}.env": "API_KEY=changeme\n" for name in ("queue/queue", "base/base", "base/other")})

    check = gate(root, *PLACEHOLDERS).only()
    assert check.found == "; ".join(
        f"{root}/{name}.env: API_KEY holds the placeholder 'changeme'; expected values of this environment's own"
        for name in ("queue/queue", "base/base")
    )


def test_every_env_file_that_services_name_is_judged(repository: Repository, gate: Gates) -> None:
    """P20 knows the second env file of a service, one that may be absent, and examples of any usual name."""
    compose = "services:\n  web:\n    image: x\n    env_file:\n      - .env.prod\n      - path: gone.env\n        required: false\n"
    made = {"gonogo.toml": repository.minimal, "docker-compose.yml": compose, ".gitignore": ".env.prod\n"}
    root = repository({**made, ".env.prod-sample": "API_TOKEN=9c1d7e6f5a3b2c1d0e9f8a7b6c5d4e3f\nLOG_LEVEL=info\n"})
    repository.write(root, {".env.prod": "API_TOKEN=9c1d7e6f5a3b2c1d0e9f8a7b6c5d4e3f\nLOG_LEVEL=info\n"})
    red = gate(root, *PLACEHOLDERS).only()
    repository.write(root, {".env.prod": "API_TOKEN=1111d7e6f5a3b2c1d0e9f8a7b6c5d4e3\nLOG_LEVEL=info\n"})
    green = gate(root, *PLACEHOLDERS).only()

    assert red.found == (
        f"{root}/.env.prod: API_TOKEN is a secret with the example file's own value; "
        "expected values of this environment's own"
    )
    assert (green.outcome, green.evidence[0].title) == (
        Outcome.PASSED,
        f"{root}/.env.prod, judged beside .env.prod-sample",
    )


def released(repository: Repository, root: Path, folder: Path) -> Release:
    """The commit as the release that serves."""
    commit = repository.git(root, "rev-parse", "HEAD").strip()
    return repository.checked_out(root, State(folder / "state"), commit, runtime="compose")


@needs_compose
def test_a_secret_that_loses_a_part_is_named_unless_it_always_did(
    repository: Repository, gate: Gates, tmp_path: Path
) -> None:
    """P19 is red where the release that serves had all of it; on a first deploy, and of other variables, it warns."""
    model = "services:\n  web:\n    image: shop\n    environment: {JWT_SECRET: '${JWT_SECRET:?}', NOTE: '${NOTE:-}'}\n"
    root = repository({"gonogo.toml": repository.minimal, "docker-compose.yml": model, ".gitignore": ".env\n"})
    serving = released(repository, root, tmp_path)
    whole, cut = "JWT_SECRET=2f8a90b1'c4d7'$$x\n", "JWT_SECRET=2f8a90b1c4d7$x9\nNOTE=a$b\n"
    repository.write(root, {".env": cut})

    first = gate(root, *REQUIRED).only()
    (serving.folder / "env").write_text(whole)
    then = gate(root, *REQUIRED, subject=gate.subject(root, serving=serving)).only()
    (serving.folder / "env").write_text(cut)
    as_before = gate(root, *REQUIRED, subject=gate.subject(root, serving=serving)).only()

    said = (
        "found a $ with a name behind it, which is left out as a variable that nothing sets; "
        "expected $$, or the value in single quotes"
    )
    assert (first.outcome, list(first.advice)) == (
        Outcome.WARNED,
        [f"{root}/.env: JWT_SECRET: {said}", f"{root}/.env: NOTE: {said}"],
    )
    assert (then.outcome, then.found) == (Outcome.FAILED, f"{root}/.env: JWT_SECRET: {said}")
    assert as_before.outcome is Outcome.WARNED
    assert "x9" not in first.model_dump_json() + then.model_dump_json()


@needs_compose
def test_a_secret_that_the_application_reads_for_itself_is_its_own_matter(
    repository: Repository, gate: Gates, tmp_path: Path
) -> None:
    """Where Compose passes it to nobody, the mounted file is read by somebody who may leave a `$` as it is."""
    model = "services:\n  web:\n    image: shop\n    environment: {A: '${A:-}'}\n    volumes: ['./.env:/srv/.env:ro']\n"
    root = repository({"gonogo.toml": repository.minimal, "docker-compose.yml": model, ".gitignore": ".env\n"})
    serving = released(repository, root, tmp_path)
    (serving.folder / "env").write_text("JWT_SECRET=2f8a90b1c4d7\n")
    repository.write(root, {".env": "JWT_SECRET=2f8a90b1c4d7$x9\n"})

    check = gate(root, *REQUIRED, subject=gate.subject(root, serving=serving)).only()

    assert (check.outcome, check.advice) == (Outcome.PASSED, ())
