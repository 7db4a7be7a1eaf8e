"""What the environment must and may say."""

import os
from dataclasses import dataclass


class SettingsError(RuntimeError):
    """The environment lacks a variable."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The variables that this application reads."""

    database_url: str
    admin_user: str
    admin_password: str
    release: str


def load() -> Settings:
    """Read the environment, or refuse with every missing variable at once."""
    missing = [name for name in ("DATABASE_URL", "ADMIN_USER", "ADMIN_PASSWORD") if not os.environ.get(name)]
    if missing:
        raise SettingsError(f"not set: {', '.join(missing)}; see .env.example")
    return Settings(
        database_url=database_url(),
        admin_user=os.environ["ADMIN_USER"],
        admin_password=os.environ["ADMIN_PASSWORD"],
        release=release(),
    )


def database_url() -> str:
    """DATABASE_URL, with the driver that this application installs (psycopg 3)."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise SettingsError("not set: DATABASE_URL; see .env.example")
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def release() -> str:
    """What the deployment calls this release."""
    return os.environ.get("GONOGO_RELEASE", "dev")
