"""Values that should be URLs, and what the source does with them."""

from __future__ import annotations

import pytest

from gonogo.inspection.variables.urlvalues import is_known, may_be_meant, use_of

NO_URL = "shop-database"


def test_names() -> None:
    """Those of stores and brokers, not every address."""
    known = ["DATABASE_URL", "SQLALCHEMY_DATABASE_URI", "REDIS_URL", "CELERY_BROKER_URL", "READ_DB_URL", "database_url"]

    assert [name for name in known if not is_known(name)] == []
    assert not any(map(is_known, ["PUBLIC_URL", "DATABASE_URL_FILE", "API_URL", "WEBHOOK_URL", "DB_HOST", "CACHE_URL"]))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "postgresql+asyncpg://u:p@db/shop",
        "postgresql://h1:5432,h2:5432/shop?target_session_attrs=any",
        "sqlite://",
        "sqlite:////data/app.db",
        "unix:///run/redis.sock",
        "jdbc:postgresql://db/shop",
        "redis:6379",
        "redis:6379/0",
        "/var/run/postgresql",
        "app.db",
        ":memory:",
        "host=db dbname=shop",
    ],
)
def test_forms_that_libraries_take(value: str) -> None:
    """A URL of any scheme, and other forms of an address."""
    assert may_be_meant(value)


def test_what_is_no_address() -> None:
    """A word."""
    assert not may_be_meant(NO_URL)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('create_engine(os.environ["DATABASE_URL"])\n', "app/db.py:1 gives it to create_engine"),
        (
            'URL = os.getenv("DATABASE_URL", "sqlite://")\nengine = sa.create_async_engine(URL, echo=True)\n',
            "app/db.py:2 gives it to create_async_engine",
        ),
        (
            'URL = os.environ.get("DATABASE_URL").replace("postgres://", "postgresql://")\nmake_url(URL)\n',
            "app/db.py:2 gives it to make_url",
        ),
        (
            "class Settings(BaseSettings):\n    database_url: str\n\n\nengine = create_engine(str(settings.database_url))\n",
            "app/db.py:5 gives it to create_engine",
        ),
        ("class Settings(BaseSettings):\n    database_url: PostgresDsn\n", "app/db.py:2 expects PostgresDsn"),
        (
            'app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("DATABASE_URL") or "sqlite:///a.db"\n',
            "app/db.py:1 makes it SQLALCHEMY_DATABASE_URI",
        ),
        (
            'DATABASES = {"default": dj_database_url.config(conn_max_age=600)}\n',
            "app/db.py:1 reads it with dj_database_url.config",
        ),
        ('DATABASES = {"default": env.db("DATABASE_URL")}\n', "app/db.py:1 reads it with env.db"),
    ],
)
def test_uses_that_break(source: str, said: str) -> None:
    """Where the source takes the value for a URL; a value that is one breaks nothing."""
    assert use_of("DATABASE_URL", NO_URL, {"app/db.py": source}) == said
    assert use_of("DATABASE_URL", "sqlite://", {"app/db.py": source}) == ""
    assert use_of("DATABASE_URL", "", {"app/db.py": source}) == ""
    assert use_of("DATABASE_URL", NO_URL, {"tests/db.py": source}) == ""


@pytest.mark.parametrize(
    "source",
    [
        "connect(f\"postgresql://{os.environ['DATABASE_URL']}\")\n",
        'create_engine("postgresql://" + os.environ["DATABASE_URL"])\n',
        "class Settings(BaseSettings):\n    database_url: str | PostgresDsn\n",
        'class Settings:\n    @property\n    def database_url(self):\n        return f"x"\n\n\ncreate_engine(settings.database_url)\n',
        'class Settings:\n    database_url: PostgresDsn\n    @field_validator("database_url")\n    def made(cls, v): ...\n',
        'DATABASES = {"default": dj_database_url.config("OTHER_URL")}\n',
        '# create_engine(os.environ["DATABASE_URL"])\n',
        'cache.get("DATABASE_URL")\n',
        "def broken(:\n",
    ],
)
def test_uses_that_may_work(source: str) -> None:
    """What makes a URL of it, or something else."""
    assert use_of("DATABASE_URL", NO_URL, {"app/db.py": source}) == ""
