"""Run the migrations against the database that DATABASE_URL names: python -m alembic upgrade head."""

from logging.config import fileConfig

from alembic import context

from guestbook.db import connect
from guestbook.models import Base
from guestbook.settings import database_url

if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = connect(database_url())
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
