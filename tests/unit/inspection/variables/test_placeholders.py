"""Placeholders and copied secrets are found; ordinary values are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.variables.placeholders import placeholders

RED = [
    ("JWT_SECRET", "change-me", "JWT_SECRET holds the placeholder 'change-me'"),
    ("SECRET_KEY", "changethis", "SECRET_KEY holds the placeholder 'changethis'"),
    ("JWT_SECRET", "dev-secret-change-in-production", "JWT_SECRET holds the placeholder 'change-in-production'"),
    ("PUBLIC_URL", "https://your-domain.com/x", "PUBLIC_URL holds the placeholder 'your-domain.com'"),
    ("PUBLIC_URL", "https://yourdomain.com", "PUBLIC_URL holds the placeholder 'yourdomain.com'"),
    ("STRIPE_KEY", "sk_live_your_key_here", "STRIPE_KEY holds the placeholder 'your_key_here'"),
    ("STRIPE_KEY", "<your key>", "STRIPE_KEY holds the placeholder '<your key>'"),
    ("STRIPE_KEY", "sk_live_xxxxxxxx", "STRIPE_KEY holds the placeholder 'sk_live_xxxxxxxx'"),
    ("ORG", "your_org", "ORG holds the placeholder 'your_org'"),
    ("X", "TODO", "X holds the placeholder 'todo'"),
    ("API_KEY", "todo", "API_KEY holds the placeholder 'todo'"),
    ("X", "replace-me", "X holds the placeholder 'replace-me'"),
    ("DB", "postgres://shop:changeme@db/shop", "DB holds the placeholder 'changeme'"),
    ("DB", "postgres://<user>:x@db/shop", "DB holds the placeholder '<user>'"),
    ("PUBLIC_URL", "https://example.com", "PUBLIC_URL holds the placeholder domain 'example.com'"),
    ("PUBLIC_URL", "https://www.example.com/shop", "PUBLIC_URL holds the placeholder domain 'www.example.com'"),
    ("DB_PASSWORD", "Password", "DB_PASSWORD is a secret whose value is the word 'password'"),
    ("JWT_SECRET", "secret", "JWT_SECRET is a secret whose value is the word 'secret'"),
    ("DB", "postgres://u:password@db/x", "DB has the password 'password' in its URL"),
]
GREEN = [
    ("LOG_LEVEL", "info"),
    ("ADMIN_EMAIL", "admin@example.com"),
    ("PUBLIC_URL", "https://api.example.com"),
    ("PUBLIC_URL", "https://shop.nl/todo"),
    ("POSTGRES_DB", "todo"),
    ("MAIL_FROM", "The Shop <shop@shop.nl>"),
    ("LOG_FORMAT", "<green>{time}</green> {message}"),
    ("RATE", "exchange-meter"),
    ("ROLE", "secret"),
    ("MODE", "password"),
    ("JWT_SECRET", "b0f1c7e9a2d34655"),
    ("APP_NAME", "TodoApp"),
    ("EMPTY", ""),
    ("DB", "postgres://shop:x8Kq2@db/shop"),
]


@pytest.mark.parametrize(("name", "value", "message"), RED)
def test_red(name: str, value: str, message: str) -> None:
    """Each placeholder is named by what it is, not by the whole value."""
    assert [str(row) for row in placeholders({name: value})] == [message]


@pytest.mark.parametrize(("name", "value"), GREEN)
def test_green(name: str, value: str) -> None:
    """A value that somebody meant raises no alarm."""
    assert placeholders({name: value}) == ()


def test_a_secret_with_the_examples_value_is_red() -> None:
    """A secret that stands in the repository is none; `LOG_LEVEL=info` may be the example's."""
    example = {
        "JWT_SECRET": "5d41402abc4b2a76",
        "LOG_LEVEL": "info",
        "TOKEN": "",
        "USE_TOKEN": "true",
        "API_KEY": "12345678",
        "DB": "postgres://shop:s3cr3t!@db/shop",
        "REFERENCE_PASSWORD": "${POSTGRES_PASSWORD}",
        "CACHE": "redis://:${REDIS_PASSWORD}@redis",
    }

    assert [str(row) for row in placeholders(example, example)] == [
        "JWT_SECRET is a secret with the example file's own value",
        "API_KEY is a secret with the example file's own value",
        "DB has the example file's own password in its URL",
    ]
    assert (
        placeholders(example | {"JWT_SECRET": "x1", "API_KEY": "x2", "DB": "postgres://shop:x3@db/shop"}, example) == ()
    )


def test_an_example_site_below_example_com_is_red_only_as_copied() -> None:
    """A team's own stand-in host is meant; the same host as in the example file is left over."""
    env = {"PUBLIC_URL": "https://api.example.com"}

    assert [str(row) for row in placeholders(env, env)] == ["PUBLIC_URL holds the placeholder domain 'api.example.com'"]


@given(st.dictionaries(st.sampled_from(["JWT_SECRET", "URL", "X"]), st.text(max_size=80)))
def test_never_raises(env: dict[str, str]) -> None:
    """Any values are judged."""
    assert all(row.name in env for row in placeholders(env, env))
