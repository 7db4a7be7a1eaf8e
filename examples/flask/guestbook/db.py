"""The database."""

from flask import Flask, current_app, g
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session


def connect(url: str) -> Engine:
    """An engine that gives up soon: a page that waits for a dead database helps nobody."""
    if url.startswith("sqlite"):
        return create_engine(url, connect_args={"timeout": 5})
    return create_engine(url, pool_pre_ping=True, pool_timeout=5, connect_args={"connect_timeout": 3})


def engine() -> Engine:
    """The application's engine."""
    found: Engine = current_app.extensions["engine"]
    return found


def session() -> Session:
    """The request's session; what it did not commit is rolled back."""
    if "session" not in g:
        g.session = Session(engine())
    found: Session = g.session
    return found


def init(app: Flask, url: str) -> None:
    """Give the application its engine, and close each request's session."""
    app.extensions["engine"] = connect(url)

    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        opened = g.pop("session", None)
        if opened is not None:
            opened.close()
