"""The hosts in addresses that a service is given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.variables.hosts import hosts_in, is_itself, may_be_asked

__all__: list[str] = []


def test_hosts_of_addresses() -> None:
    """Whatever their scheme; a password with odd characters is no host."""
    variables = {
        "DATABASE_URL": "postgresql+asyncpg://app:p%40ss@db.internal:5432/shop",
        "CELERY_BROKER": "amqp://rabbit",
        "SENTRY_DSN": "https://key@o1.ingest.acme.io/2",
        "API_URL": "http://[::1]:8000",
    }

    assert dict(hosts_in(variables)) == {
        "API_URL": "::1",
        "CELERY_BROKER": "rabbit",
        "DATABASE_URL": "db.internal",
        "SENTRY_DSN": "o1.ingest.acme.io",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite:////data/app.db"),
        ("DATABASE_URL", "postgresql:///shop?host=/run/postgresql"),
        ("DATABASE_URL", "postgresql://a:1,b:2/shop"),
        ("DATABASE_URL", "postgresql://app@${DB_HOST}/shop"),
        ("API_URL", "http://host.docker.internal:8000"),
        ("API_URL", "https://your-domain.com/api"),
        ("API_URL", "/api"),
        ("PUBLIC_URL", "https://shop.acme.io"),
        ("FRONTEND_BASE_URL", "https://shop.acme.io"),
        ("OAUTH_REDIRECT_URI", "https://shop.acme.io/callback"),
        ("LOCATION_URL", "https://maps.acme.io/?at=1"),
        ("PASSWORD_CONFIRM_URL", "https://shop.acme.io/confirm"),
        ("GREETING", "https://hello.acme.io"),
        ("CALLBACK_URL", "http://[broken"),
    ],
)
def test_what_names_no_host(name: str, value: str) -> None:
    """Nothing is said of files, of several hosts, of the Engine's names, and of what is another check's."""
    assert list(hosts_in({name: value})) == []


def test_who_has_to_be_somebody() -> None:
    """A name that is not known; not a number, this machine, or what no DNS could hold."""
    known = {"db"}
    hosts = ["cache", "db.acme.io", "db", "10.0.0.7", "::1", "localhost", "a b", "-x", ".."]

    assert [host for host in hosts if may_be_asked(host, known=known)] == ["cache", "db.acme.io"]
    assert is_itself("DATABASE_URL", "localhost")
    assert not is_itself("PUBLIC_URL", "localhost")
    assert not is_itself("DATABASE_URL", "db")


def test_a_store_is_asked_whatever_it_is_called() -> None:
    """``APP_DATABASE_URL`` is no page's address: its scheme says so."""
    variables = {"APP_DATABASE_URL": "postgresql://app@dbb/shop", "WEB_REDIS_URL": "redis://cachee"}

    assert dict(hosts_in(variables)) == {"APP_DATABASE_URL": "dbb", "WEB_REDIS_URL": "cachee"}


@given(st.dictionaries(st.sampled_from(["A_URL", "DATABASE_URL", "X_DSN"]), st.text()))
def test_any_value_can_be_read(variables: dict[str, str]) -> None:
    """What comes out is a host of one of them."""
    for name, host in hosts_in(variables):
        assert host.lower() in variables[name].lower()
