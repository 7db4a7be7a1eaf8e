"""python -m guestbook.worker looks at new entries, and leaves a heartbeat in the database."""

import logging
import os
import re
import signal
import threading
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from guestbook import settings
from guestbook.db import connect
from guestbook.models import Entry, Heartbeat, now

INTERVAL = 2.0
LINK = re.compile(r"https?://|www\.", re.IGNORECASE)

log = logging.getLogger("guestbook.worker")


def work(session: Session) -> int:
    """Show every new entry, but hold those with a link; return how many there were."""
    found = list(session.scalars(select(Entry).where(Entry.state == "new").limit(100)))
    for entry in found:
        entry.state = "held" if LINK.search(entry.message) else "shown"
    session.merge(Heartbeat(name="worker", beat_at=now(), release=settings.release()))
    session.commit()
    return len(found)


def rounds(engine: Engine, stop: threading.Event) -> None:
    """Do rounds until asked to stop; a round without a database is tried again."""
    alive = os.environ.get("WORKER_ALIVE_FILE")
    while not stop.is_set():
        try:
            with Session(engine) as session:
                if count := work(session):
                    log.info("looked at %d entries", count)
        except SQLAlchemyError as error:
            log.warning("round not done, will try again: %s", type(error).__name__)
        if alive:
            Path(alive).touch()
        stop.wait(INTERVAL)


def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    engine = connect(settings.database_url())
    log.info("started, release %s", settings.release())
    rounds(engine, stop)
    engine.dispose()


if __name__ == "__main__":
    main()
