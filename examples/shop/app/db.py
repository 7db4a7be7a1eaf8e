"""The connection to PostgreSQL."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session


def driver_url(url: str) -> str:
    """Return the URL with the driver that this application installs (psycopg 3)."""
    scheme, rest = url.split("://", 1)
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url


def connect(url: str) -> Engine:
    """Return an engine that gives up soon: a page that waits for a dead database helps nobody."""
    return create_engine(
        driver_url(url),
        pool_pre_ping=True,
        pool_timeout=5,
        connect_args={"connect_timeout": 3, "options": "-c statement_timeout=5000"},
    )


def session(request: Request) -> Iterator[Session]:
    """Give a request its session; what it did not commit is rolled back."""
    with Session(request.app.state.engine) as opened:
        yield opened


SessionDep = Annotated[Session, Depends(session)]
