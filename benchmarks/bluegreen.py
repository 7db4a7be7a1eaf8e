"""Measures how long a red release keeps serving once its verdict is known, against `docker compose up --detach`.

    .venv/bin/python benchmarks/bluegreen.py [--runs 3] [--kind nginx]

Deploys a small application behind a real proxy, from a throwaway repository into a project of its own, which is removed
at the end; each run deploys a release that is red only through the proxy, under a steady load. Beside it the same image
is replaced by hand. Needs a Docker Engine. Prints a Markdown table; nothing is asserted, machines differ.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import docker

from tests.docker.stack import Stack, stack
from tests.docker.turns import GREEN, KINDS, Load, create, loaded, pages

BARE = """\
services:
  web:
    image: @IMAGE@
    init: true
    environment: {GONOGO_RELEASE: "@RELEASE@"}
    ports: ["127.0.0.1:@PORT@:8000"]
"""


def first_after(load: Load, commit: str, at: float) -> float:
    """Seconds from a moment until a release answered."""
    return next(when for when, name in load.releases if when >= at and name.endswith(commit)) - at


def turned_back(app: Stack, number: int) -> tuple[float, int, int]:
    """Seconds from the red verdict until the release before answered; failed requests, and all of them."""
    good = app.git("rev-parse", "HEAD")[:7] if number == 0 else app.git("rev-parse", "good")[:7]
    if number == 0:
        app.git("tag", "good")
    with loaded(app) as load:
        apart = time.time() - time.monotonic()
        pages(app, GREEN | {f"/run{number}": 200}, proxied=500)
        app.commit(f"Run {number}")
        done = app.deploy()
    if done.code != 1:
        sys.exit(f"deploy: found exit code {done.code}, expected 1\n{done.err}")
    journal = max(app.state.glob("runs/*/journal.jsonl"))
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    red = next(line for line in lines if line["event"] == "rollback")
    verdict = datetime.fromisoformat(red["at"]).timestamp() - apart
    return first_after(load, good, verdict), len(load.failures), load.total


def by_hand(app: Stack, folder: Path, image: str) -> tuple[float, int, int]:
    """The same for `docker compose up --detach` of the release before, without a proxy."""
    words = ["docker", "compose", "--project-name", f"{app.project}bare", "--file", str(folder / "bare.yml")]

    def up(release: str) -> None:
        text = BARE.replace("@IMAGE@", image).replace("@PORT@", str(app.port)).replace("@RELEASE@", release)
        (folder / "bare.yml").write_text(text, encoding="utf-8")
        subprocess.run([*words, "up", "--detach"], check=True, capture_output=True)

    try:
        up("20260101T000000-bbbbbbb")
        time.sleep(2)
        with loaded(app) as load:
            time.sleep(1)
            at = time.monotonic()
            up("20260101T000000-aaaaaaa")
            time.sleep(3)
        return first_after(load, "aaaaaaa", at), len(load.failures), load.total
    finally:
        subprocess.run([*words, "down"], check=True, capture_output=True)


def row(name: str, found: list[tuple[float, int, int]]) -> str:
    """One line of the table."""
    took = [seconds for seconds, _, _ in found]
    failed, total = sum(one for _, one, _ in found), sum(one for _, _, one in found)
    return f"| {name} | {statistics.median(took):.2f} s | {max(took):.2f} s | {failed} of {total} |"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--kind", choices=sorted(KINDS), default="nginx")
    given = parser.parse_args()
    engine = docker.from_env()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with stack(folder, engine, "bench") as app:
            create(app, given.kind)
            app.commit("One")
            first = app.deploy()
            if first.code != 0:
                sys.exit(f"deploy: found exit code {first.code}, expected 0\n{first.err}")
            turns = [turned_back(app, number) for number in range(given.runs)]
            image = next(one.attrs["Image"] for one in app.containers().values() if "front" not in str(one.name))
            subprocess.run(
                ["docker", "compose", "--project-name", app.project, "stop"],
                cwd=app.root,
                check=True,
                capture_output=True,
            )
            for one in app.containers().values():
                one.stop()
            bare = [by_hand(app, folder, image) for _ in range(given.runs)]
    print("| from the red verdict until the release before answers | median | worst | failed requests |")
    print("|---|---|---|---|")
    print(row(f"bluegreen, {given.kind}", turns))
    print(row("docker compose up --detach", bare))


if __name__ == "__main__":
    main()
