"""What a deployment asks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from guestbook.db import session
from guestbook.models import Heartbeat

ALEMBIC_INI = Path(__file__).resolve().parent.parent / "alembic.ini"

blueprint = Blueprint("ops", __name__)


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """This process answers; nobody else is asked, since a restart mends no database."""
    return {"status": "ok", "release": current_app.extensions["settings"].release}


@blueprint.get("/readyz")
def readyz() -> tuple[dict[str, Any], int]:
    """Whether visitors can be served: the database answers, and its schema is not older than the code."""
    checks = [ask("db", database), ask("migrations", migrations)]
    ready = all(check["ok"] for check in checks)
    return {"status": "ready" if ready else "unready", "checks": checks}, 200 if ready else 503


@blueprint.get("/api/status")
def status() -> dict[str, Any]:
    """When the worker last finished a round."""
    beat = session().get(Heartbeat, "worker")
    return {"worker": {"beat_at": beat.beat_at.isoformat(), "release": beat.release} if beat else None}


def ask(name: str, question: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """One component; a database error is its answer, without the connection's secrets."""
    try:
        return {"name": name, **question()}
    except SQLAlchemyError as error:
        return {"name": name, "ok": False, "error": type(error).__name__}


def database() -> dict[str, Any]:
    """A query is answered."""
    return {"ok": session().scalar(text("SELECT 1")) == 1}


def migrations() -> dict[str, Any]:
    """Ahead of the code is fine: that is what a rollback leaves."""
    scripts = ScriptDirectory.from_config(Config(ALEMBIC_INI))
    older = {script.revision for script in scripts.walk_revisions()} - {scripts.get_current_head()}
    found = session().scalar(text("SELECT version_num FROM alembic_version"))
    return {"ok": found is not None and found not in older, "revision": found, "head": scripts.get_current_head()}
