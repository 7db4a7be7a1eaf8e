"""B13 tells what an image holds by names and places; never a value."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.checks.build.test_secrets import test_image_holds_no_secrets as holds_no_secrets
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.compose import baked
from gonogo.runtimes.compose.baked import Baked
from gonogo.words import Tier

__all__: list[str] = []

STRONG = "nQ7xV2rT9kLw4ZpB8sYc"
TOKEN = "tZ8KqLmZ2vN4tR6wB0aa"
KEY = b"-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n"
VARIABLES = {"SECRET_KEY": STRONG, "NPM_TOKEN": TOKEN, "DB_PASSWORD": "postgres"}
FAULTS = (
    "found the env file /app/.env with this environment's SECRET_KEY; the private key /app/keys/deploy.pem (87 bytes); "
    "git's history in /app/.git; the value of SECRET_KEY in the image's own environment (ENV); the value of NPM_TOKEN in "
    "its build history (ARG, RUN); expected no secrets in an image"
)


def asked(monkeypatch: pytest.MonkeyPatch, image: Baked, *, tier: Tier = Tier.PROD) -> Collected:
    """What B13 attaches to an image like that."""
    monkeypatch.setattr(baked, "baked_in", lambda *_, **__: image)
    artifact: Any = SimpleNamespace(
        service="api",
        label="image shop-api:1",
        code={".": "/app"},
        facts=SimpleNamespace(id="sha256:1", workdir="/app"),
        layout=SimpleNamespace(recipe=None),
    )
    environment: Any = SimpleNamespace(project="shop", tier=tier, secrets={})
    source: Any = SimpleNamespace(tracked=("main.py",))
    evidence = Collected()
    holds_no_secrets(artifact, environment, source, SimpleNamespace(variables=VARIABLES), evidence)  # type: ignore[arg-type]
    return evidence


def image(*paths: str, contents: dict[str, bytes], variables: dict[str, str], history: tuple[str, ...]) -> Baked:
    """An image with these files."""
    return Baked(paths=frozenset((*paths, *contents)), contents=contents, variables=variables, history=history)


BAD = image(
    "/app/.git/objects/ab/cd",
    contents={"/app/.env": f"SECRET_KEY={STRONG}\n".encode(), "/app/keys/deploy.pem": KEY},
    variables={"PATH": "/usr/bin", "SECRET_KEY": STRONG},
    history=(f"RUN |1 NPM_TOKEN={TOKEN} /bin/sh -c npm ci # buildkit", "WORKDIR /app"),
)
GOOD = image(
    "/app/.git",
    contents={"/app/.env": b"SECRET_KEY=dev\nDB_PASSWORD=postgres\n", "/app/tests/fixtures/jwt.pem": KEY},
    variables={"GPG_KEY": "7169605F62C751356D054A26A821E680E5FA6305", "SECRET_KEY": "insecure-build-default"},
    history=("RUN |1 NPM_TOKEN=none /bin/sh -c npm ci", "ENV DB_PASSWORD=postgres"),
)


def test_each_secret_of_an_image_is_named_in_prod(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files, history, environment and build arguments in one finding."""
    with pytest.raises(AssertionError) as caught:
        asked(monkeypatch, BAD)

    assert str(caught.value).split("\n")[0] == f"image shop-api:1: {FAULTS}"


def test_elsewhere_it_warns_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In words that stay the same from release to release."""
    found = asked(monkeypatch, BAD, tier=Tier.STAGING)
    shown = repr([*found.advice, *(piece.value for piece in found.items)])

    assert found.advice == [f"the image of api: {FAULTS}"]
    assert STRONG not in shown
    assert TOKEN not in shown


def test_values_of_a_desk_and_test_keys_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A committed .env with words, a pointer to a worktree, defaults in ENV, the base image's public fingerprint."""
    assert asked(monkeypatch, GOOD).advice == []
