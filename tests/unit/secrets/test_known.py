"""What is a secret is told by its declaration, its name, its look, or its place in a URL."""

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.secrets.known import (
    Secret,
    entropy,
    hidden,
    is_readable,
    is_secret_name,
    looks_secret,
    secret_values,
    url_passwords,
    word_secrets,
)


@pytest.mark.parametrize(
    "name",
    re.findall(
        r"\S+",
        "JWT_SECRET POSTGRES_PASSWORD PGPASSWORD DB_PASS DB_PWD api_key stripeApiKey AWS_SECRET_ACCESS_KEY SECRET_KEY"
        " REDIS_AUTH STRIPE_WEBHOOK_SECRET GITHUB_TOKEN AUTH_TOKENS BASIC_AUTH_PASSWORD_HASH SMTP_CREDENTIALS"
        " ENCRYPTION_KEY DBPASSWORD",
    ),
)
def test_secret_names(name: str) -> None:
    """Names that promise a secret."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    re.findall(
        r"\S+",
        "LOG_LEVEL PWD OLDPWD PUBLIC_KEY NEXT_PUBLIC_TOKEN PASSWORD_MIN_LENGTH ACCESS_TOKEN_EXPIRE_MINUTES TOKEN_URL"
        " SECRET_FILE MAX_TOKENS USE_TOKEN DATABASE_URL KEY SORT_KEY JWT_ALGORITHM AUTHOR MONKEY COMPASS AUTH_BACKEND"
        " DB_USER TOKEN_ISSUER STRIPE_PUBLISHABLE_KEY",
    ),
)
def test_other_names(name: str) -> None:
    """Names that speak about secrets, or only sound like one."""
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "value",
    [
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "kP3v9xQ2LmZt7RbN4wYcH8sD",
        "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH",
        "sk_live_51H8abcdefgh",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N",
        "550e8400-e29b-41d4-a716-446655440000",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "hK8$mP2!vX9@qL4#nR7%tW1&",
    ],
)
def test_looks_secret(value: str) -> None:
    """Generated values are told by their look alone."""
    assert looks_secret(value)


@pytest.mark.parametrize(
    "value",
    [
        "true",
        "8000",
        "prod",
        "localhost",
        "db-1.internal.shop-production.example.com",
        "/var/lib/postgresql/data/pgdata",
        "postgresql+asyncpg://shop@database.internal:5432/shop",
        "correct-horse-battery-staple",
        "a sentence of several plain words",
        "http://localhost:3000,http://localhost:5173",
        "app.workers.settings.ProductionSettings",
        "00000000000000000000000000000000",
        "Europe/Amsterdam",
        "python:3.12-slim-bookworm",
        "%(asctime)s %(levelname)s %(message)s",
        "2026-11-21T22:10:03+00:00",
    ],
)
def test_looks_ordinary(value: str) -> None:
    """Words, hosts, paths, lists and dates stay readable."""
    assert not looks_secret(value)


def test_entropy() -> None:
    """Entropy is 0 for nothing and for one letter, 4 for sixteen evenly used digits."""
    assert [entropy(""), entropy("aaaa"), entropy("0123456789abcdef")] == [0.0, 0.0, 4.0]


def test_secret_values() -> None:
    """Secrets by declaration, name, look and URL are collected; the rest stays readable."""
    env = {
        "DECLARED": "orange",
        "DB_PASSWORD": "sunshine",
        "SHORT_TOKEN": "abc12",
        "API_TOKEN": "true",
        "SECRET_PATH_KEY": "/run/secrets/jwt",
        "OPAQUE": "kP3v9xQ2LmZt7RbN4wYcH8sD",
        "DATABASE_URL": "postgres://shop:p%40ss%2Fword@db:5432/shop?sslpassword=qwerty12",
        "SENTRY_DSN": "https://9f86d081884c7d659a2feaa0c55ad015@o1.ingest.sentry.io/2",
        "GIT_COMMIT": "9a41b7d2f1c9e09a41b7d2f1c9e09a41b7d2f1c9",
        "PORT": "8000",
        "ENV": "prod",
        "HOST": "localhost",
        "LOCAL_URL": "postgres://postgres:postgres@localhost/postgres",
    }

    assert secret_values(env, {"DECLARED"}) == {
        "orange",
        "sunshine",
        "kP3v9xQ2LmZt7RbN4wYcH8sD",
        "p%40ss%2Fword",
        "p@ss/word",
        "qwerty12",
        "9f86d081884c7d659a2feaa0c55ad015",
    }


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"DATABASE_URL": "postgresql+asyncpg://webapp:webapp@db:5432/webapp_prod"}, set()),
        ({"POSTGRES_PASSWORD": "webapp", "POSTGRES_DB": "webapp"}, set()),
        ({"DB_PASSWORD": "database", "DB_HOST": "database"}, set()),
        ({"DATABASE_URL": "postgresql://webapp:webapp-2@db:5432/webapp"}, {"webapp-2"}),
        ({"POSTGRES_PASSWORD": "Xk29vLqz", "POSTGRES_USER": "Xk29vLqz"}, {"Xk29vLqz"}),
        ({"HOOK": "https://hooks.test/services/opensesame", "HOOK_TOKEN": "opensesame"}, {"opensesame"}),
        ({"POSTGRES_PASSWORD": "webapp", "GREETING": "webapp"}, {"webapp"}),
    ],
)
def test_a_password_that_is_a_name_is_left_readable(env: dict[str, str], expected: set[str]) -> None:
    """Taken out of the name of a database or of a user, it would make that unusable; what is no word is secret."""
    assert secret_values(env, ()) == expected


def test_a_word_in_a_name_that_everybody_sees_is_left_readable() -> None:
    """A project's containers could not be found any more."""
    assert hidden({"webapp", "opensesame", "qLx9Vb3K"}, ("webapp-prod", "qLx9Vb3K")) == {"opensesame", "qLx9Vb3K"}


def test_a_key_of_several_lines_is_secret_line_by_line() -> None:
    """Logs show a PEM key line by line, so each line is a secret."""
    lines = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQC7"]
    key = "\\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])

    assert secret_values({"SIGNING_KEY": key}, ()) == {key, *lines}


@pytest.mark.parametrize(
    "value", ["true", "8000", "30m", "0.25", "prod", "localhost", "/run/secrets/jwt", "./key.pem", ""]
)
def test_readable(value: str) -> None:
    """Flags, numbers, environments and paths tell nobody anything."""
    assert is_readable(value)


@pytest.mark.parametrize("value", ["hunter2", "123456", "orange", "/+9xQ2LmZt7RbN4wYcH8sDkP3v=="])
def test_not_readable(value: str) -> None:
    """Anything else under a secret's name is a secret."""
    assert not is_readable(value)


def test_url_passwords() -> None:
    """Every URL of a value is looked at; a URL without a password has none."""
    assert url_passwords("redis://:a@h1:1/0,redis://u:b%21@h2") == ("a", "b%21", "b!")
    assert url_passwords("http://localhost:8000/@me") == ()


def test_word_secrets() -> None:
    """The secrets of a command, by the names of its options and variables; programs, paths and switches are none."""
    words = [
        "sh",
        "-c",
        "PGPASSWORD='s3cret-1' run --api-key=s3cret-2 --token s3cret-3 -p 8000 --password-file /etc/pw",
    ]
    more = [
        "redis-server",
        "--requirepass",
        "s3cret-4",
        "--secret",
        "--verbose",
        "http://u:s3cret-5@db/?token=s3cret-6",
    ]

    assert word_secrets([*words, *more]) == {f"s3cret-{number}" for number in range(1, 7)}
    assert word_secrets([]) == frozenset()


def test_secret_shows_nothing() -> None:
    """No way of printing a Secret shows its value, and it does not travel to another process."""
    secret = Secret("hunter22")

    assert {repr(secret), str(secret), f"{secret}", "{}".format(secret), "%s" % secret} == {"[redacted]"}  # noqa: UP031, UP032
    assert repr({"k": [secret]}) == "{'k': [[redacted]]}"
    assert secret.reveal() == "hunter22"
    assert (len(secret), bool(secret), bool(Secret(""))) == (8, True, False)
    assert secret == Secret("hunter22")
    assert secret != Secret("hunter23")
    assert secret != "hunter22"
    assert len({secret, Secret("hunter22")}) == 1
    with pytest.raises(TypeError, match="a Secret cannot be pickled"):
        pickle.dumps(secret)


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=60), max_size=4))
def test_any_environment_is_judged(env: dict[str, str]) -> None:
    """Arbitrary names and values are judged, and nothing shorter than six characters is collected."""
    assert all(len(value) >= 6 for value in secret_values(env, set(env)))


@pytest.mark.parametrize(
    ("value", "is_hidden"),
    [("secret", False), ("Changeme", False), ("password", False), ("secret1", True), ("correct-horse", True)],
)
def test_a_declared_secret_that_anybody_would_try_is_left_readable(value: str, is_hidden: bool) -> None:  # noqa: FBT001
    """Seen: with ``POSTGRES_PASSWORD=secret`` no sentence about a secret could be read, and ``.secrets`` not be found."""
    env = {"DB_PASSWORD": value, "DATABASE_URL": f"postgresql://shop:{value}@db/shop"}

    assert (value in secret_values(env, {"DB_PASSWORD", "DATABASE_URL"})) is is_hidden
