"""Measures how long a red release keeps serving once its verdict is known, against `docker compose up --detach`.

    .venv/bin/python benchmarks/bluegreen.py [--runs 3] [--kind nginx] [--recreate]

Deploys a small application behind a real proxy, from a throwaway repository into a project of its own, which is removed
at the end; each run deploys a release that is red only through the proxy, under a steady load. Beside it the same image
is replaced by hand. With `--recreate`: how long nobody answers while a release with a slow worker is replaced, against
a bare stop and start of the container that answers. Needs a Docker Engine. Prints a Markdown table; nothing is
asserted, machines differ.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
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


WORKER = """\
  jobs:
    build: .
    restart: always
    stop_grace_period: 8s
    command: [python, -c, "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(9999)"]
  front:
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


class Outside:
    """Asks the public address fifty times a second."""

    def __init__(self, port: int) -> None:
        """Begins to ask."""
        self._url, self._stop = f"http://127.0.0.1:{port}/healthz", threading.Event()
        self._seen: list[tuple[float, bool]] = []
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        while not self._stop.wait(0.02):
            at = time.monotonic()
            try:
                with urllib.request.urlopen(self._url, timeout=0.5):  # noqa: S310 (http)
                    self._seen.append((time.monotonic(), True))
            except OSError:
                self._seen.append((at, False))

    def down(self) -> float:
        """Seconds from the first request that failed until one after the last of them was answered."""
        self._stop.set()
        self._thread.join()
        failed = [at for at, ok in self._seen if not ok]
        return next(at for at, ok in self._seen if ok and at > failed[-1]) - failed[0] if failed else 0.0


def with_worker(app: Stack) -> None:
    """The application with releases that are replaced, and a worker that does not hear SIGTERM for eight seconds."""
    create(app, "nginx")
    app.replace("docker-compose.yml", "  front:\n", WORKER)
    app.replace("front/site", "include /etc/nginx/upstreams/*.conf;\n", "")
    app.replace("front/site", "http://web;", "http://web:8000;")
    text = (app.root / "gonogo.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("strategy", "traffic"))]
    app.write({"gonogo.toml": "\n".join(lines)})
    app.commit("One")


def replaced(app: Stack, number: int) -> tuple[float, float]:
    """Seconds of nobody answering: of a deployment, and of a bare stop and start of the container that answers."""
    pages(app, GREEN | {f"/run{number}": 200})
    app.commit(f"Run {number}")
    outside = Outside(app.port)
    done = app.deploy()
    ours = outside.down()
    if done.code != 0:
        sys.exit(f"deploy: found exit code {done.code}, expected 0\n{done.err}")
    web = app.containers()["web"].name
    time.sleep(1)
    outside = Outside(app.port)
    subprocess.run(["docker", "stop", web], check=True, capture_output=True)
    subprocess.run(["docker", "start", web], check=True, capture_output=True)
    time.sleep(3)
    return ours, outside.down()


def recreate(app: Stack, runs: int) -> None:
    """Measures and prints the table of releases that are replaced."""
    with_worker(app)
    first = app.deploy()
    if first.code != 0:
        sys.exit(f"deploy: found exit code {first.code}, expected 0\n{first.err}")
    pairs = [replaced(app, number) for number in range(runs)]
    ratio = statistics.median(ours / bare for ours, bare in pairs)
    ours, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
    print("| nobody answers while a release with a slow worker is replaced | ratio | figure |\n|---|---|---|")
    print(
        f"| over `docker stop` and `docker start` of what answers, {runs} pairs "
        f"| {ratio:.2f} | {ours:.2f} s over {bare:.2f} s |"
    )


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--kind", choices=sorted(KINDS), default="nginx")
    parser.add_argument("--recreate", action="store_true")
    given = parser.parse_args()
    engine = docker.from_env()
    if given.recreate:
        with tempfile.TemporaryDirectory() as name, stack(Path(name), engine, "bench") as app:
            recreate(app, given.runs)
        return
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
