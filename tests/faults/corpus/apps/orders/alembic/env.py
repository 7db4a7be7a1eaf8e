"""Runs the migrations against the database that the environment names."""

import os

from alembic import context
from sqlalchemy import create_engine

from web.models import metadata

if context.is_offline_mode():
    context.configure(dialect_name="sqlite", target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()
