"""The connection to PostgreSQL."""

import os

from sqlalchemy import Engine, create_engine


def connect() -> Engine:
    """Return an engine for DATABASE_URL that gives up soon when nobody answers."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise SystemExit("app/db.py: DATABASE_URL is not set; expected postgresql://user:password@host:port/name")
    scheme, rest = url.split("://", 1)
    driver = "postgresql+psycopg" if scheme in {"postgres", "postgresql"} else scheme
    return create_engine(f"{driver}://{rest}", pool_pre_ping=True, connect_args={"connect_timeout": 3})
