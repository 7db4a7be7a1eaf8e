"""What a template left in a rendered model, and in an address."""

from __future__ import annotations

import pytest

from gonogo.runtimes.compose.model.leftovers import left_in, stand_in, unexpanded


def test_placeholders_of_compose_files() -> None:
    """A domain that is nobody's and a known signing key are sure; other words, and passwords, are not."""
    variables = {
        "PUBLIC_URL": "https://example.com/app",
        "SITE": "your-company.com",
        "SECRET_KEY": "change-me",
        "STRIPE_SECRET_KEY": "your-stripe-key",
        "APP_NAME": "tbd",
        "DATABASE_URL": "postgresql://postgres:password@db/shop",
    }

    assert [(one.said, one.is_sure) for one in left_in(variables, told=())] == [
        ("PUBLIC_URL holds the placeholder domain 'example.com'", True),
        ("SITE holds the placeholder 'your-company.com'", True),
        ("SECRET_KEY holds the placeholder 'change-me'", True),
        ("STRIPE_SECRET_KEY holds the placeholder 'your-stripe-key'", False),
        ("APP_NAME holds the placeholder 'tbd'", False),
        ("DATABASE_URL has the password 'password' in its URL", False),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("MAIL_FROM", "admin@example.com"), ("LOG_LEVEL", "info"), ("URL", "https://shop.test"), ("EMPTY", "")],
)
def test_harmless_values(name: str, value: str) -> None:
    """A mail address of documentation, and what is somebody's own."""
    assert list(left_in({name: value}, told=())) == []


def test_what_an_env_file_says_is_told_there() -> None:
    """Also where it became a part of another value."""
    assert list(left_in({"URL": "https://change-me/x"}, told={"change-me"})) == []


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.com", "example.com"),
        ("https://api.example.org:8443/x", "api.example.org"),
        ("https://www.your-domain.com", "www.your-domain.com"),
        ("https://example.com.mx", ""),
        ("https://myexample.com", ""),
        ("http://127.0.0.1:8000", ""),
        (None, ""),
    ],
)
def test_addresses_of_documentation(url: str | None, host: str) -> None:
    """Nobody answers there."""
    assert stand_in(url) == host


def test_references_that_nobody_filled_in() -> None:
    """Only of variables that have a value, and not where the compose file escapes them."""
    variables = {"DATABASE_URL": "postgresql://u:${DB_PASSWORD}@db/shop", "FORMAT": "${time} ${HOST}"}

    assert list(unexpanded(variables, known={"DB_PASSWORD", "HOST"}, escaped="FORMAT: $${time} $${HOST}")) == [
        "DATABASE_URL is given ${DB_PASSWORD} as it is written"
    ]
