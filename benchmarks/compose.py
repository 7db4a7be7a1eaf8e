"""Measures what gonogo costs under Compose against what a user would run instead, as ratios in one run.

    .venv/bin/python benchmarks/compose.py [--runs 5]

Deploys ``examples/shop`` (PostgreSQL, two deployed services, Caddy in front) from a throwaway repository into a project
of its own, which is removed at the end. Needs a Docker Engine and the base images that the example names.
Prints a Markdown table; nothing is asserted, machines differ.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from shared import commit, free_port, git, seconds

SHOP = Path(__file__).parents[1] / "examples" / "shop"
HOME = "app/templates/home.html"
RED = ('id="lead-form"', 'id="no-form"')
APART = ("test_entry_point_imports", "test_routes_are_registered", "test_proxies_accept_their_configuration")
"""Checks of the build gate that import the application or start something."""
ALEMBIC = "test_migration_head_is_the_sources"


class Shop:
    """The example in a repository of its own, and the commands that are timed in it."""

    def __init__(self, folder: Path) -> None:
        """Write it with ports and passwords of its own; nothing is deployed yet."""
        self.root = folder / "shop"
        self.state = folder / "state"
        self.project = f"gonogo-bench-{secrets.token_hex(4)}"
        left_out = ("__pycache__", "reports", ".env", "test_flows.py")  # nobody measures a browser here
        shutil.copytree(SHOP, self.root, ignore=shutil.ignore_patterns(*left_out))
        port = str(free_port())
        self.replace("gonogo.toml", '"shop-staging"', f'"{self.project}"\nstate = "{self.state}"')
        self.replace("gonogo.toml", "127.0.0.1:8080", f"127.0.0.1:{port}")
        text = (
            (self.root / ".env.example").read_text(encoding="utf-8").replace("=change-me", f"={secrets.token_hex(24)}")
        )
        (self.root / ".env").write_text(text.replace("HTTP_PORT=8080", f"HTTP_PORT={port}"), encoding="utf-8")
        (self.root / ".gitignore").write_text("reports/\n.env\n")
        git(self.root, "init", "-q")
        self.commit()

    def replace(self, name: str, old: str, new: str) -> None:
        """Change a file."""
        path = self.root / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    def commit(self) -> None:
        """Commit everything."""
        commit(self.root, "bench")

    def deploy(self, *, code: int) -> dict[str, Any]:
        """Deploy; returns the record."""
        argv = [sys.executable, "-m", "gonogo", "deploy", "--env", "staging", "--json", "--force", "--reason", "bench"]
        done = subprocess.run(argv, cwd=self.root, capture_output=True, text=True, check=False)
        if done.returncode != code:
            sys.exit(f"deploy: found exit code {done.returncode}, expected {code}\n{done.stderr}")
        record: dict[str, Any] = json.loads(done.stdout)
        return record

    def way_back(self, run: str) -> float:
        """Seconds from the red verdict to the previous release healthy, by the run's journal."""
        text = (self.state / "runs" / run / "journal.jsonl").read_text(encoding="utf-8")
        ends = {
            line["step"]: line["at"] for line in map(json.loads, text.splitlines()) if line["event"] == "step-ended"
        }
        return (datetime.fromisoformat(ends["restore"]) - datetime.fromisoformat(ends["postdeploy"])).total_seconds()

    def up(self, release: str) -> float:
        """Seconds of the bare ``docker compose up`` of a kept release's pinned model, until everything is healthy."""
        argv = [
            *("docker", "compose", "--project-name", self.project, "--env-file", os.devnull),
            *("--file", f"{self.state}/releases/{release}/compose.json", "--project-directory", str(self.root)),
            *("up", "--detach", "--wait", "--no-build", "--pull", "never"),
        ]
        return seconds(lambda: subprocess.run(argv, check=True, capture_output=True))

    def gate(self, stage: str, *options: str) -> float:
        """Seconds of a bare gate as a whole process."""
        argv = [sys.executable, "-m", "pytest", "-m", stage, "--env", "staging", *options]
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return seconds(lambda: subprocess.run(argv, cwd=self.root, env=kept, capture_output=True, check=False))

    def remove(self) -> None:
        """Take the project's containers, volumes, networks and images away, and no others."""
        down = ["docker", "compose", "--project-name", self.project, "down", "--volumes", "--remove-orphans"]
        subprocess.run(down, capture_output=True, check=False)
        listed = subprocess.run(
            ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", f"{self.project}-*"],
            capture_output=True,
            text=True,
            check=False,
        )
        if tags := listed.stdout.split():
            subprocess.run(["docker", "image", "rm", "--force", *tags], capture_output=True, check=False)


def back(shop: Shop, good: str, runs: int) -> list[str]:
    """The rollback against the bare command, in pairs: both begin with the red release running."""
    pairs = []
    shop.replace(HOME, *RED)
    for _ in range(runs):
        shop.commit()
        red = shop.deploy(code=1)
        ours = shop.way_back(str(red["run"]))
        shop.up(str(red["release"]))
        pairs.append((ours, shop.up(good)))
    shop.replace(HOME, *reversed(RED))
    shop.commit()
    ratio, figure = statistics.median(a / b for a, b in pairs), statistics.median(a for a, _ in pairs)
    bare = statistics.median(b for _, b in pairs)
    what = f"red verdict to the previous release healthy over the bare `docker compose up --wait`, {runs} pairs"
    return [what, f"{ratio:.2f}", f"{figure:.1f} s over {bare:.1f} s"]


def gates(shop: Shop, runs: int) -> Iterator[list[str]]:
    """Bare gates as whole processes; nothing is kept between two of them, so that each one is a cold one."""
    size = _size(shop)
    files, alone = (("-k", " and ".join(f"not {name}" for name in names)) for names in (APART, (*APART, ALEMBIC)))
    for what, stage, options in (
        ("`pytest -m predeploy` on the shop", "predeploy", ()),
        (f"`pytest -m build` on the shop ({size})", "build", ()),
        (f"file checks of `pytest -m build` alone ({size})", "build", files),
        ("the same without asking Alembic in the image for its head", "build", alone),
        ("`pytest -m build` that asks nothing", "build", ("-k", "nothing_has_this_name")),
    ):
        took = statistics.median(shop.gate(stage, *options) for _ in range(runs))
        yield [f"{what}, median of {runs}", "", f"{took:.2f} s"]


def _size(shop: Shop) -> str:
    argv = ["docker", "images", "--format", "{{.Size}}", f"{shop.project}-api"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()[0]


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as around:
        shop = Shop(Path(name))
        around.callback(shop.remove)
        good = str(shop.deploy(code=0)["release"])
        print("| what | ratio | figure |\n|---|---|---|", flush=True)
        rows = functools.partial(print, flush=True)
        for row in gates(shop, runs):
            rows("| " + " | ".join(row) + " |")
        rows("| " + " | ".join(back(shop, good, runs)) + " |")


if __name__ == "__main__":
    main()
