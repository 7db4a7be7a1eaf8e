"""What the environment must and may say."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Those without a default are required."""

    database_url: str
    secret_key: SecretStr
    office_token: SecretStr
    prices_url: str
    heartbeat: str
    log_level: str = "info"
    debug: bool = False


settings = Settings()
