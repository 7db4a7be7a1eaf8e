"""Figures of the office."""

from sqlalchemy import create_engine, func, select

from web.models import orders
from web.settings import settings


def count() -> int:
    """All orders."""
    with create_engine(settings.database_url).connect() as connection:
        return connection.execute(select(func.count()).select_from(orders)).scalar_one()
