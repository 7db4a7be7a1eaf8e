"""Whether this instance can serve, asked component by component."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
import time
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.schemas import Check
from app.settings import Settings

ALEMBIC_INI = Path(__file__).resolve().parent.parent / "alembic.ini"


class Migrations:
    """The revisions that this code knows."""

    def __init__(self) -> None:
        """Read them once: they cannot change while the process runs."""
        scripts = ScriptDirectory.from_config(Config(ALEMBIC_INI))
        self.head = scripts.get_current_head()
        self.known = {script.revision for script in scripts.walk_revisions()}

    def state(self, revision: str | None) -> str:
        """Return where the database stands: "current", "behind", or "ahead" of this code.

        Ahead is what a rollback leaves: migrations are written so that the release before can live with them.
        """
        if revision == self.head:
            return "current"
        return "behind" if revision is None or revision in self.known else "ahead"


def db(engine: Engine) -> dict[str, Any]:
    """The database answers a query."""
    with engine.connect() as connection:
        return {"ok": connection.scalar(text("SELECT 1")) == 1}


def migrations(engine: Engine, known: Migrations) -> dict[str, Any]:
    """The schema is not older than the code."""
    with engine.connect() as connection:
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    state = known.state(revision)
    return {"ok": state != "behind", "revision": revision, "head": known.head, "state": state}


def jobs(engine: Engine, ttl: int) -> dict[str, Any]:
    """The job runner finished a round within its time to live."""
    with engine.connect() as connection:
        beat_at = connection.scalar(text("SELECT beat_at FROM heartbeats WHERE name = 'jobs'"))
    age = None if beat_at is None else round((datetime.now(UTC) - beat_at).total_seconds(), 1)
    return {"ok": age is not None and age <= ttl, "age_s": age, "ttl_s": ttl}


def ask(name: str, question: Callable[[], dict[str, Any]]) -> Check:
    """Time one component; a database error is its answer, without the connection's secrets."""
    started = time.perf_counter()
    try:
        answer = question()
    except SQLAlchemyError as error:
        answer = {"ok": False, "error": type(getattr(error, "orig", None) or error).__name__}
    return Check(name=name, latency_ms=round((time.perf_counter() - started) * 1000, 1), **answer)


def readiness(engine: Engine, known: Migrations, settings: Settings) -> list[Check]:
    """Ask every component."""
    return [
        ask("db", lambda: db(engine)),
        ask("migrations", lambda: migrations(engine, known)),
        ask("jobs", lambda: jobs(engine, settings.heartbeat_ttl)),
    ]
