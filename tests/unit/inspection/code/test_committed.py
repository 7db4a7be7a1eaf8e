"""Secrets in tracked files: what counts as one, and what only looks so."""

from __future__ import annotations

import base64
import random

import pytest

from gonogo.inspection.code.committed import find, in_use, is_private_key

RANDOM = "8f2a90b1c4d7e6f5a3b2c1d0e9f8a7b6"


def names(variables: dict[str, str], *declared: str, example: dict[str, str] | None = None) -> list[str]:
    """The secrets that an environment runs with, by their names."""
    return [str(one) for one in in_use([variables], declared=declared, examples=[example or {}])]


def places(variables: dict[str, str], files: dict[str, str], *declared: str) -> list[tuple[str, bool]]:
    """Where they stand."""
    secrets = in_use([variables], declared=declared, examples=[])
    return [(one.where, one.is_sure) for one in find(secrets, files, lambda path: files[path].encode())]


def pem(kind: str = "RSA PRIVATE KEY", *, size: int = 600) -> bytes:
    """Something shaped like a key, which is none."""
    body = base64.encodebytes(random.Random(1).randbytes(size)).decode()  # noqa: S311 (no key)
    return f"-----BEGIN {kind}-----\n{body}-----END {kind}-----\n".encode()


def test_secrets_in_use() -> None:
    """Generated values under names of secrets, declared ones, passwords in addresses."""
    variables = {
        "JWT_SECRET": RANDOM,
        "SHORT_PASSWORD": "Xk9#mP2$vL8@qR5!",
        "TEAM_PASSWORD": "shop-password-one",
        "DATABASE_URL": "postgresql://u:Xk9mP2vL8qR5zT@db/shop",
    }

    assert names(variables, "TEAM_PASSWORD") == [
        "JWT_SECRET (32 characters)",
        "SHORT_PASSWORD (16 characters)",
        "TEAM_PASSWORD (17 characters)",
        "the password in DATABASE_URL (14 characters)",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTGRES_PASSWORD", "postgres"),
        ("POSTGRES_PASSWORD", "shop-password-one"),
        ("SECRET_KEY", "changethis"),
        ("SECRET_KEY", "your-secret-key-here"),
        ("LOG_LEVEL", RANDOM),
        ("GIT_COMMIT", RANDOM),
        ("STRIPE_KEY", "pk_live_51Habcdefghijkl"),
        ("VITE_MAPS_API_KEY", "AIzaSyA1234567890abcdefghijklmnopqrstu"),
        ("FIREBASE_API_KEY", RANDOM),
        ("DB_SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf"),
        ("ADMIN_PASSWORD", "$2b$12$KIXQ1a2b3c4d5e6f7g8h9iJKLMNOPQRSTUVWXYZabcdefghijklm"),
        ("API_TOKEN", "encrypted:BDqDBibm4wsYqMpCjTQ6BsDHmMadg9K3dAt"),
        ("TOKEN_FILE", "/run/secrets/token"),
        ("DATABASE_URL", "postgresql://postgres:postgres@db/shop"),
    ],
)
def test_no_secrets(name: str, value: str) -> None:
    """Words, placeholders, public keys, hashes, references and encrypted values."""
    assert names({name: value}) == []


def test_an_examples_value_is_another_findings() -> None:
    """P20 says that it is the example's own."""
    assert names({"JWT_SECRET": RANDOM}, example={"JWT_SECRET": RANDOM}) == []
    assert names({"A": "redis://:Xk9mP2vL8qR5zT@r"}, example={"A": "redis://:Xk9mP2vL8qR5zT@x"}) == []


def test_places() -> None:
    """Path and line; not in examples or in what is no text, and a word only beside the variable's name."""
    files = {
        ".env": f"A=1\nJWT_SECRET={RANDOM}\n",
        ".env.example": f"JWT_SECRET={RANDOM}\n",
        "logo.png": f"\0{RANDOM}",
        "docker-compose.yml": "POSTGRES_PASSWORD: shop-password-one\nname: shop-password-one\n",
    }
    variables = {"JWT_SECRET": RANDOM, "POSTGRES_PASSWORD": "shop-password-one"}

    assert places(variables, files, "POSTGRES_PASSWORD") == [(".env:2", True), ("docker-compose.yml:1", True)]
    assert places({}, files) == []


def test_what_may_be_meant_to_be_seen() -> None:
    """A key in a page, and an id; a password never is."""
    uuid = "3f2b8c1e-9a4d-4e6f-8b7a-1c2d3e4f5a6b"

    assert places({"WIDGET_KEY": RANDOM}, {"static/app.js": RANDOM}) == [("static/app.js:1", False)]
    assert places({"KMS_KEY": uuid}, {"compose.yml": uuid}) == [("compose.yml:1", False)]
    assert places({"DB_PASSWORD": RANDOM}, {"static/app.js": RANDOM}) == [("static/app.js:1", True)]


@pytest.mark.parametrize("path", ["certs/server.key", "deploy_key", "app/keys.py"])
def test_private_keys(path: str) -> None:
    """With a header and a body, as a file or in a source."""
    assert is_private_key(path, pem())
    assert is_private_key(path, b'KEY = """' + pem("PRIVATE KEY") + b'"""')
    assert is_private_key(path, b"KEY = '" + pem("EC PRIVATE KEY").replace(b"\n", b"\\n") + b"'")


def short(seed: bytes) -> bytes:
    """A key of Ed25519, whose whole body has 64 characters."""
    body = base64.encodebytes(bytes.fromhex("302e020100300506032b657004220420") + seed)
    return b"-----BEGIN PRIVATE KEY-----\n" + body + b"-----END PRIVATE KEY-----\n"


def test_short_private_keys() -> None:
    """Elliptic keys are short: what is no key to the last byte is a text about one."""
    key = short(bytes(range(32)))

    assert is_private_key("certs/server.key", key)
    assert is_private_key("app/keys.py", b"KEY = '" + key.replace(b"\n", b"\\n") + b"'")
    assert not is_private_key("certs/server.key", key.replace(b"MC4C", b"MC8C"))
    assert not is_private_key("certs/server.key", short(b"0" * 31))
    assert not is_private_key("tests/server.key", key)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("tests/data/server.key", pem()),
        ("certs/localhost.key", pem()),
        ("nginx/dev/server.key", pem()),
        ("docs/jwt.md", pem()),
        ("src/vendor/x/key.pem", pem()),
        ("app/pem.py", b'MARK = "-----BEGIN PRIVATE KEY-----"'),
        (
            "certs/server.key",
            b"-----BEGIN PRIVATE KEY-----\n" + b"your key here " * 30 + b"...\n-----END PRIVATE KEY-----",
        ),
        ("certs/server.key", b"-----BEGIN PRIVATE KEY-----\n" + b"your key here " * 6 + b"-----END PRIVATE KEY-----"),
        ("certs/server.key", pem("ENCRYPTED PRIVATE KEY")),
        ("certs/server.crt", pem("CERTIFICATE")),
        ("certs/public.pem", pem("PUBLIC KEY")),
    ],
)
def test_no_private_keys(path: str, data: bytes) -> None:
    """Those of tests, examples and a desk; a marker without a key; one that a passphrase keeps."""
    assert not is_private_key(path, data)
