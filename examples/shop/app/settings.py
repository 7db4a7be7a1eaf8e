"""What the environment must and may say."""

from typing import Literal

from pydantic import AliasChoices, Field, PostgresDsn, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(RuntimeError):
    """The environment lacks a variable or holds one that cannot be right."""


class Settings(BaseSettings):
    """The variables this application reads; those without a default are required."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    database_url: PostgresDsn
    admin_user: str
    admin_password: SecretStr = Field(min_length=8)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    heartbeat_ttl: int = Field(default=180, gt=0, description="seconds after which the job runner counts as dead")
    jobs_interval: float = Field(default=15, gt=0, description="seconds between two rounds of the job runner")
    release: str = Field(default="dev", validation_alias=AliasChoices("GONOGO_RELEASE", "RELEASE"))
    commit: str = Field(default="unknown", validation_alias=AliasChoices("GONOGO_COMMIT", "GIT_COMMIT"))


def load() -> Settings:
    """Read the environment, or refuse with every missing and wrong variable at once."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise SettingsError("\n".join(["The environment is not complete:", *lines, "See .env.example."])) from None
