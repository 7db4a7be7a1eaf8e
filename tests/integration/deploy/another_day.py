"""The command line on another day, as far as waivers know.

python tests/integration/deploy/another_day.py YYYY-MM-DD ARGUMENTS...
"""

from __future__ import annotations

import sys
from datetime import date

from gonogo.cli import main
from gonogo.gates import subject

__all__: list[str] = []

if __name__ == "__main__":
    day = date.fromisoformat(sys.argv.pop(1))
    subject.today = lambda: day  # a run takes it from here when its surroundings are made
    sys.exit(main())
