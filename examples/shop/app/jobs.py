"""The job runner: python -m app.jobs prices new leads and leaves a heartbeat in the database."""

from datetime import UTC, datetime
import logging
import signal
import sys
import threading

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import alive, leads, logs, settings as settings_module
from app.db import connect
from app.models import Heartbeat
from app.settings import Settings, SettingsError

RETRY = 3.0

log = logging.getLogger("app.jobs")


def beat(session: Session, release: str) -> None:
    """Write the heartbeat row."""
    row = {"beat_at": datetime.now(UTC), "release": release}
    session.execute(
        insert(Heartbeat).values(name="jobs", **row).on_conflict_do_update(index_elements=["name"], set_=row)
    )
    session.commit()


def work(engine: Engine, release: str) -> bool:
    """Do one round; return whether the database took it."""
    try:
        with Session(engine) as session:
            priced = leads.price_new(session)
            beat(session, release)
    except SQLAlchemyError as error:
        log.warning("round failed, will try again", extra={"fields": {"reason": type(error).__name__}})
        return False
    if priced:
        log.info("leads priced", extra={"fields": {"count": priced}})
    return True


def run(settings: Settings, stop: threading.Event) -> None:
    """Do rounds until asked to stop; after a failed one, try again soon."""
    engine = connect(str(settings.database_url))
    log.info("job runner started", extra={"fields": {"release": settings.release}})
    while not stop.is_set():
        good = work(engine, settings.release)
        alive.touch()
        stop.wait(settings.jobs_interval if good else min(RETRY, settings.jobs_interval))
    engine.dispose()
    log.info("job runner stopped")


def main() -> int:
    """Run until SIGTERM or Ctrl-C."""
    try:
        settings = settings_module.load()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(settings, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
