"""Run the migrations against the database that DATABASE_URL names."""

from alembic import context

from app.db import connect


def run_offline() -> None:
    """Print the SQL (alembic upgrade --sql); needs no database."""
    context.configure(dialect_name="postgresql", literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Migrate in one transaction."""
    engine = connect()
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
