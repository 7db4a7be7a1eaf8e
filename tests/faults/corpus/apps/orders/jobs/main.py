"""Does the work that nobody waits for, and leaves a heartbeat."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path

logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("jobs")


def main() -> None:
    """Until it is ended."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    beat = Path(os.environ["HEARTBEAT"])
    log.info("working")
    while not stop.is_set():
        beat.touch()
        stop.wait(1)


if __name__ == "__main__":
    sys.exit(main())
