"""Whether this instance can serve, component by component."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

ALEMBIC_INI = Path(__file__).resolve().parent.parent / "alembic.ini"


def db(engine: Engine) -> bool:
    """Return whether the database answers a query."""
    with engine.connect() as connection:
        return connection.scalar(text("SELECT 1")) == 1


def migrations(engine: Engine) -> bool:
    """Return whether the schema is not older than the code; newer is what a rollback leaves."""
    scripts = ScriptDirectory.from_config(Config(ALEMBIC_INI))
    older = {script.revision for script in scripts.walk_revisions()} - {scripts.get_current_head()}
    with engine.connect() as connection:
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision is not None and revision not in older


def ask(name: str, question: Callable[[Engine], bool], engine: Engine) -> dict[str, Any]:
    """Return one component's answer and how long it took; a database error is a no."""
    started = time.perf_counter()
    try:
        ok = question(engine)
    except SQLAlchemyError:
        ok = False
    return {"name": name, "ok": ok, "latency_ms": round((time.perf_counter() - started) * 1000, 1)}


def readiness(engine: Engine) -> dict[str, Any]:
    """Return every component's answer."""
    checks = [ask("db", db, engine), ask("migrations", migrations, engine)]
    return {"ok": all(check["ok"] for check in checks), "checks": checks}
