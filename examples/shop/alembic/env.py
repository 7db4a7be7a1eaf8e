"""Run the migrations against the database that DATABASE_URL names."""

from logging.config import fileConfig
import os

from alembic import context
from sqlalchemy import create_engine, pool, text

from app.db import driver_url
from app.models import Base

MIGRATION_LOCK = 7_120_415  # any number that all copies of this application share

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)


def database_url() -> str:
    """Return DATABASE_URL, or say that it is missing."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise SystemExit("alembic/env.py: DATABASE_URL is not set; expected postgresql://user:password@host:port/name")
    return driver_url(url)


def run_offline() -> None:
    """Print the SQL (alembic upgrade --sql); needs no database."""
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Migrate in one transaction; a second migration at the same time waits for the first."""
    engine = create_engine(database_url(), poolclass=pool.NullPool, connect_args={"connect_timeout": 5})
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            connection.execute(text("SET LOCAL lock_timeout = '10s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            context.run_migrations()
    engine.dispose()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
