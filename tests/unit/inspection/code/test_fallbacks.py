"""Keys that sign sessions and tokens, and whose value stands in the source."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.fallbacks import fallbacks


def said(texts: dict[str, str]) -> list[tuple[str, int, str, bool]]:
    """What was found, as tuples."""
    return [(one.path, one.line, one.name, one.is_fixed) for one in fallbacks(texts)]


@pytest.mark.parametrize(
    ("text", "name", "fixed"),
    [
        ('import os\nKEY = os.getenv("SECRET_KEY", "change-me")\n', "SECRET_KEY", False),
        ('import os\nKEY = os.environ.get("JWT_SECRET", "x1")\n', "JWT_SECRET", False),
        ('from decouple import config\nSECRET_KEY = config("SECRET_KEY", default="x1")\n', "SECRET_KEY", False),
        ('class Settings(BaseSettings):\n    jwt_secret: str = "x1"\n', "jwt_secret", False),
        ('# which key\nSECRET_KEY = "super_secret"\n', "SECRET_KEY", True),
    ],
    ids=["getenv", "environ", "decouple", "a settings class", "a constant"],
)
def test_a_key_that_stands_in_the_source_is_found(text: str, name: str, *, fixed: bool) -> None:
    """With its line, and whether a variable would go before it."""
    assert said({"shop/settings.py": text}) == [("shop/settings.py", 2, name, fixed)]


@pytest.mark.parametrize(
    "text",
    [
        'KEY = os.environ["SECRET_KEY"]\n',
        'KEY = os.getenv("SECRET_KEY", "")\n',
        'SECRET_KEY = "SECRET_KEY"\n',
        'SECRET_KEY = "x1"\nif prod:\n    SECRET_KEY = os.environ["KEY"]\n',
        'RECAPTCHA_SECRET_KEY = "x1"\n',
        'class DevSettings(BaseSettings):\n    SECRET_KEY: str = "x1"\n',
        'TOKEN_URL = "/token"\nPASSWORD_FIELD = "password"\n',
        'SECRET_KEY = "x1\n',
    ],
    ids=["required", "empty", "a name", "set again", "for tests", "for a desk", "no key", "no Python"],
)
def test_a_key_that_the_environment_gives_is_none(text: str) -> None:
    """Nor a name, nor what is for tests or a desk."""
    assert said({"shop/settings.py": text}) == []


@pytest.mark.parametrize(
    ("text", "name", "fixed"),
    [
        ('KEY = os.getenv("SECRET_KEY", secrets.token_hex())\n', "SECRET_KEY", False),
        ('KEY = os.getenv("SECRET_KEY") or os.urandom(24).hex()\n', "SECRET_KEY", False),
        ('SECRET_KEY = config("SECRET_KEY", default=get_random_secret_key())\n', "SECRET_KEY", False),
        (
            "class Settings(BaseSettings):\n    JWT_SECRET_KEY: str = secrets.token_urlsafe(32)\n",
            "JWT_SECRET_KEY",
            False,
        ),
        (
            "class Settings(BaseSettings):\n    SECRET_KEY: str = Field(default_factory=lambda: secrets.token_hex(32))\n",
            "SECRET_KEY",
            False,
        ),
        ("SECRET_KEY = os.urandom(24)\n", "SECRET_KEY", True),
    ],
    ids=["getenv", "or", "decouple", "a settings class", "a factory", "a constant"],
)
def test_a_key_that_each_process_draws_is_found(text: str, name: str, *, fixed: bool) -> None:
    """Two workers of one release have two keys then."""
    found = fallbacks({"shop/settings.py": text})

    assert [(one.name, one.is_fixed, one.is_drawn) for one in found] == [(name, fixed, True)]


@pytest.mark.parametrize(
    "text",
    [
        'KEY = os.getenv("SECRET_KEY", read_key() or secrets.token_hex())\n',
        'REQUEST_ID = os.getenv("REQUEST_ID", uuid4().hex)\n',
        "def key():\n    SECRET_KEY = secrets.token_hex()\n    return SECRET_KEY\n",
        'SECRET_KEY = os.getenv("SECRET_KEY") or fail()\n',
        'SECRET_KEY = os.getenv("SECRET_KEY") and secrets.token_hex()\n',
    ],
    ids=["kept", "no key", "in a function", "another call", "and"],
)
def test_a_key_that_is_kept_is_not_drawn(text: str) -> None:
    """Nor is what signs nothing."""
    assert fallbacks({"shop/settings.py": text}) == ()


def test_what_other_modules_set_as_well_is_not_known() -> None:
    """Settings of production lie over those that all share; a fallback is one wherever it stands."""
    base = {"shop/settings/base.py": 'SECRET_KEY = "x1"\n'}

    assert len(said(base)) == 1
    assert said({**base, "shop/settings/production.py": 'SECRET_KEY = env("SECRET_KEY")\n'}) == []
    assert said({"tests/settings.py": 'SECRET_KEY = "x1"\n', "shop/settings_dev.py": 'SECRET_KEY = "x1"\n'}) == []
