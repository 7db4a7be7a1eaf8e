"""The job runner's sign of life, without the database: a file that each round touches.

python -m app.alive ends with 0 while it is fresh. It imports nothing of the application, so asking costs little.
"""

import os
from pathlib import Path
import sys
import tempfile
import time

FILE = Path(os.environ.get("JOBS_ALIVE_FILE", Path(tempfile.gettempdir()) / "shop-jobs.alive"))
MAX_AGE = 60


def touch() -> None:
    """Say that the loop turned."""
    FILE.touch()


def fault() -> str:
    """Return what is wrong, or nothing."""
    try:
        age = time.time() - FILE.stat().st_mtime
    except FileNotFoundError:
        return f"{FILE} does not exist: the job runner has not finished a round"
    return "" if age <= MAX_AGE else f"{FILE} is {age:.0f} s old, expected at most {MAX_AGE} s"


if __name__ == "__main__":
    sys.exit(fault() or 0)
