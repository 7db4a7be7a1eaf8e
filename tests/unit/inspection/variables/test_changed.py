"""Which sources still read a variable that went."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.variables.changed import gone, gone_and_read, of_the_runtime, parted

__all__: list[str] = []


@pytest.mark.parametrize(
    "line",
    [
        'os.environ["MAIL_FROM"]',
        "os.environ.get('MAIL_FROM', 'nobody')",
        'getenv("MAIL_FROM")',
        'env.str("MAIL_FROM")',
        'config("MAIL_FROM", default="")',
        "process.env.MAIL_FROM",
        'envsecret("MAIL_FROM", "nobody")',
        'get_env_variable("MAIL_FROM")',
    ],
)
def test_a_variable_that_is_read(line: str) -> None:
    """The first place is told."""
    assert list(gone_and_read({"MAIL_FROM", "OTHER"}, {"app/mail.py": f"import os\nx = {line}\n"})) == [
        ("MAIL_FROM", "app/mail.py:2")
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/mail.py", 'SENDER = "MAIL_FROM"'),
        ("app/mail.py", 'os.environ["MAIL_FROM_NAME"]'),
        ("app/mail.py", "# MAIL_FROM is no longer read"),
        ("tests/test_mail.py", 'os.environ["MAIL_FROM"]'),
        ("scripts/send.py", 'os.environ["MAIL_FROM"]'),
    ],
)
def test_a_variable_that_is_not_read(path: str, text: str) -> None:
    """A text, another name, a comment, and what stands beside the application."""
    assert list(gone_and_read({"MAIL_FROM"}, {path: text})) == []


SETTINGS = """\
from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings


class Stored(BaseModel):
    shop_database_url: str = Field(default="")
    shop_name: str


class Settings(Stored, BaseSettings):
    debug: bool = False
"""


def test_a_variable_that_a_settings_class_does_without() -> None:
    """It falls back to the default, as a database's address did to a file; one without a default is demanded (P19)."""
    texts = {"app/settings.py": SETTINGS, "tests/test_settings.py": SETTINGS, "app/broken.py": "class Settings(:"}

    assert list(gone_and_read({"SHOP_DATABASE_URL", "SHOP_NAME", "DATABASE_URL"}, texts)) == [
        ("SHOP_DATABASE_URL", "app/settings.py")
    ]


@given(st.sets(st.text(min_size=1)), st.text())
def test_any_name_and_any_text(names: set[str], text: str) -> None:
    """A name may hold what a pattern would not."""
    assert {name for name, _ in gone_and_read(names, {"app.py": text})} <= names


def test_what_every_runtime_sets() -> None:
    """It comes and goes with who starts a service."""
    assert [of_the_runtime(name) for name in ("PATH", "GONOGO_RELEASE", "PYTHONPATH", "PORT", "PATHS")] == [
        True
    ] * 4 + [False]


def test_a_value_that_comes_from_a_file_now_is_not_gone() -> None:
    """As many images take their secrets: ``SECRET_KEY_FILE`` stands in for ``SECRET_KEY``."""
    assert gone({"SECRET_KEY", "MAIL_FROM", "A"}, {"SECRET_KEY_FILE", "A"}) == {"MAIL_FROM"}


SHARED = {
    "api": {"REDIS_HOST": "redis", "DATABASE_URL": "postgresql://app:one@db:5432/app", "LOG_DB": "on", "PORT": "1"},
    "worker": {"REDIS_HOST": "redis", "DATABASE_URL": "postgresql://app:one@db:5432/app", "PORT": "1"},
}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"REDIS_HOST": "jobs"}, [("REDIS_HOST", ("api", "worker"))]),
        ({"DATABASE_URL": "postgresql://app:one@db:5432/other"}, [("DATABASE_URL", ("api", "worker"))]),
        ({"DATABASE_URL": "postgresql://app:one@old/app"}, [("DATABASE_URL", ("api", "worker"))]),
        ({"DATABASE_URL": "postgresql://reader:two@db:6432/app?sslmode=require"}, []),
        ({"PORT": "2", "MORE_HOST": "x"}, []),
        ({"REDIS_HOST": ""}, []),
    ],
)
def test_services_that_share_a_store_no_more(
    changed: dict[str, str], expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    """Another host, another database; not another user, port or option, and not what is gone."""
    now = {**SHARED, "worker": {**SHARED["worker"], **changed}}

    assert list(parted(SHARED, now)) == expected
    assert list(parted(now, now)) == []
    assert list(parted(SHARED, {name: {**one, **changed} for name, one in SHARED.items()})) == []
