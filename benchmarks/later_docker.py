"""Measures how soon a watch notices what only an Engine does: a crash under a restart policy, memory that climbs.

    .venv/bin/python benchmarks/later_docker.py [--only crash]

Deploys a small application with a worker, from a throwaway repository into a project of its own, which is removed at
the end; once for the crashes and once for memory, side by side. A file in the worker's volume tells it what to do from
then on, while `gonogo watch` looks. Needs a Docker Engine. Prints a Markdown table of seconds from then to the verdict;
memory that climbs (W05) is advice, which ends no watch.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import docker

from tests.docker import small
from tests.docker.stack import Ended, stack

JOBS = """\
  jobs:
    build: .
    restart: always
    stop_grace_period: 1s
    volumes: ["data:/data"]
    command:
      - python
      - -c
      - |
        import os, sys, time
        while not os.path.exists("/data/how"):
            time.sleep(0.2)
        what, seconds, more = open("/data/how").read().split()
        begin, kept = time.time(), []
        while what == "memory" and time.time() - begin < float(seconds):
            kept.append(bytearray(os.urandom(int(more) << 20)))
            time.sleep(1)
        time.sleep(float(seconds) if what == "ends" else 9999)
        sys.exit(int(more))
"""


@dataclass(frozen=True)
class Case:
    """What the worker does from then on, and how long it is watched."""

    name: str
    how: str
    seconds: int
    harmless: bool = False


CRASHES = tuple(
    Case(f"{name} after {after} s, and is started again", f"ends {after} {code}", after + 30, harmless=not code)
    for after in (20, 40, 90)
    for name, code in (("a worker crashes", 3), ("a job ends with exit code 0", 0))
)
MEMORY = (
    Case("memory climbs, 1 MiB a second", "memory 9999 1", 200),
    Case("memory climbs for half a minute, and stays", "memory 30 2", 200, harmless=True),
)


def measured(cases: tuple[Case, ...]) -> list[list[str]]:
    """A row for each."""
    engine, rows = docker.from_env(), []
    with tempfile.TemporaryDirectory(prefix="later-") as name, stack(Path(name), engine, "later") as app:
        small.create(app)
        model = (app.root / "docker-compose.yml").read_text()
        app.write({"docker-compose.yml": model.replace("volumes:\n  data:", f"{JOBS}volumes:\n  data:")})
        app.commit("a worker")
        begun = app.deploy()
        if begun.code:
            raise SystemExit(repr(begun))
        for case in cases:
            web, jobs = (app.containers()[one] for one in ("web", "jobs"))
            web.exec_run(["sh", "-c", f"echo '{case.how}' > /data/how"])
            begin = time.monotonic()
            ended = app.gonogo("watch", "--env", "staging", "--for", f"{case.seconds}s")
            took = time.monotonic() - begin
            web.exec_run(["rm", "/data/how"])
            jobs.restart(timeout=1)
            rows.append(row(case, ended, took))
    return rows


def row(case: Case, ended: Ended, took: float) -> list[str]:
    """What came of it."""
    warned = re.search(r"\d+ (with warnings|failed)", ended.err + ended.out)
    red = ", ".join(sorted({*re.findall(r"W\d\d", ended.err + ended.out)})) if ended.code else warned and "W05"
    kind = "harmless" if case.harmless else "fault"
    right = "" if bool(red) is not case.harmless else " **wrong**"
    return [case.name, kind, f"{took:.0f} s" if red else "-", (red or "none") + right]


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("crash", "memory"))
    options = parser.parse_args()
    chosen = {"crash": (CRASHES,), "memory": (MEMORY,), None: (CRASHES, MEMORY)}[options.only]
    print("| what happens later | is | seconds to the verdict | red |\n|---|---|---|---|", flush=True)
    with ThreadPoolExecutor(2) as pool:
        for rows in pool.map(measured, chosen):
            for one in rows:
                print(f"| {' | '.join(one)} |", flush=True)


if __name__ == "__main__":
    main()
