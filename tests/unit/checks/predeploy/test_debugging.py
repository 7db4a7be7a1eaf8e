"""P45 on real repositories: a debug mode by tier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

TOML = """\
[app]
name = "shop"

[service.web]
command = ["{python}", "-m", "flask", "run", "--port", "{port}"]
@SERVICE@
[env.test]
tier = "@TIER@"
runtime = "process"
project = "shop-test"
env_file = ".env"
"""
ASK = ("-m", "predeploy", "-k", "no_debug_mode")
FOUND = "found FLASK_DEBUG: Flask's debugger, which runs what a visitor types (web)"


@pytest.mark.parametrize(
    ("tier", "outcome", "message"),
    [
        ("prod", Outcome.FAILED, f"{FOUND}; expected no debug mode in tier prod"),
        ("staging", Outcome.WARNED, f"{FOUND}; where people use it in tier staging"),
        ("dev", Outcome.SKIPPED, "tier dev: a debug mode is nobody's mistake there"),
    ],
)
def test_a_debug_mode_is_red_by_tier(
    repository: Repository, gate: Gates, tier: str, outcome: Outcome, message: str
) -> None:
    """Red where the public is, a warning where people try things, nothing on a desk."""
    files = {
        "gonogo.toml": TOML.replace("@TIER@", tier).replace("@SERVICE@", ""),
        "app.py": "from flask import Flask\n",
    }
    root = repository({**files, ".env": "FLASK_DEBUG=true\nDEBUG=app:*\n"})
    check = gate(root, *ASK).only()

    assert (check.outcome, check.found) == (outcome, message)


def test_a_switch_that_is_off_passes(repository: Repository, gate: Gates) -> None:
    """Nor is DEBUG judged by its name where the artifact is asked what it means (B21)."""
    service = 'framework = "flask"\nentrypoint = "app:app"\n'
    files = {"gonogo.toml": TOML.replace("@TIER@", "prod").replace("@SERVICE@", service)}
    root = repository({**files, "app.py": 'x = os.environ["DEBUG"]\n', ".env": "FLASK_DEBUG=0\nDEBUG=1\n"})

    assert gate(root, *ASK).only().outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("source", "outcome", "said"),
    [
        (
            'import logging, os\nlogging.basicConfig(level=10 if os.getenv("DEBUG") else 20)\n',
            Outcome.WARNED,
            "found DEBUG: it is on; that it switches a debug mode of the framework on is not known (it may be a level "
            "of the log) (web); look whether that is meant in tier prod",
        ),
        (
            'import django, os\nDEBUG = os.getenv("DEBUG") == "1"\n',
            Outcome.FAILED,
            "found DEBUG: Django's debug mode, which shows settings and code to visitors (web); expected no debug mode "
            "in tier prod",
        ),
    ],
)
def test_debug_is_red_where_it_is_known_to_be_a_debug_mode(
    repository: Repository, gate: Gates, source: str, outcome: Outcome, said: str
) -> None:
    """Of a service without an entry point nobody can ask: its source is read, and what it does not say is a warning."""
    files = {"gonogo.toml": TOML.replace("@TIER@", "prod").replace("@SERVICE@", ""), "app.py": source}
    check = gate(repository({**files, ".env": "DEBUG=1\n"}), *ASK).only()

    assert (check.outcome, check.found) == (outcome, said)


@pytest.mark.parametrize(
    ("tier", "source", "value", "outcome"),
    [
        ("prod", 'MODE = os.environ["APP_ENV"]\n', "local", Outcome.WARNED),
        ("prod", "class Settings(BaseSettings):\n    app_env: str\n", "Development", Outcome.WARNED),
        ("prod", 'MODE = os.environ["APP_ENV"]\n', "production", Outcome.PASSED),
        ("prod", 'MODE = os.environ["MODE"]\n', "local", Outcome.PASSED),
        ("staging", 'MODE = os.environ["APP_ENV"]\n', "local", Outcome.PASSED),
    ],
    ids=["read", "a field", "production", "nobody reads it", "staging"],
)
def test_a_place_that_is_called_a_developers_warns_in_prod(
    repository: Repository, gate: Gates, tier: str, source: str, value: str, outcome: Outcome
) -> None:
    """Applications show documents and details there, and send nothing to who watches over them."""
    files = {"gonogo.toml": TOML.replace("@TIER@", tier).replace("@SERVICE@", ""), "app.py": source}
    check = gate(repository({**files, ".env": f"APP_ENV={value}\n"}), *ASK).only()

    said = (
        "found APP_ENV: calls this a developer's place, where applications show more than they should (web); look whether "
        "that is meant in tier prod"
    )
    assert (check.outcome, check.advice) == (outcome, (said,) if outcome is Outcome.WARNED else ())
