"""Measures what gonogo costs against what a user would run instead, as ratios in one run.

    .venv/bin/python benchmarks/measure.py [--runs 30]

Needs the extra ``demo`` (PostgreSQL is not started; the application measured is a small one of the standard library).
Prints a Markdown table; nothing is asserted, machines differ.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from shared import ALONE, commit, free_port, git, processor, seconds

from gonogo.gates.process import gate_argv, gate_environment

APP = """\
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status} if self.path == "/page" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""

CONFIG = """\
[app]
name = "bench"

[service.web]
command = "{{python}} app.py"
port = {port}

[env.bench]
tier = "dev"
runtime = "process"
project = "bench"
url = "http://127.0.0.1:{port}"
state = "{state}"
health = {{ live = "/healthz", stable_for = "1s" }}

[env.bench.commands]
environment = "{python} -m venv --without-pip {{venv}}"
install = "true"

[[env.bench.endpoint]]
request = "GET /page"
"""

EMPTY = """\
[app]
name = "empty"

[service.web]
command = "{python} -m http.server {port}"

[env.bench]
tier = "dev"
runtime = "process"
project = "empty"
"""


DEPENDENCIES = (
    *("xdist", "xdist.looponfail", "html", "html_fixtures"),
    *("metadata", "timeout", "pytest11.testinfra", "anyio"),
)
"""Entry points of the pytest plugins that gonogo brings along."""


FIVE = """\
from pathlib import Path
from gonogo.gates.process import gate_argv, gate_environment, imports_of_gates
from gonogo.host.runner import Command, this_machine
words = ("-m", "predeploy", "--gonogo-env=bench", "-q", "--no-header", *{words})
argv, host = gate_argv(Path.cwd(), arguments=words), this_machine()
for _ in range(5):
    host.run(Command(argv=argv, env=gate_environment(), imports={imports}))
"""


class Bench:
    """A throwaway application and the commands that are timed in it."""

    def __init__(self, folder: Path) -> None:
        """Make the repository; nothing is deployed yet."""
        self.root = folder / "app"
        self.state = folder / "state"
        self.root.mkdir()
        port = free_port()
        (self.root / "gonogo.toml").write_text(CONFIG.format(port=port, state=self.state, python=sys.executable))
        (self.root / ".gitignore").write_text("reports/\n")
        git(self.root, "init", "-q")
        self.commit(200)

    def commit(self, status: int) -> None:
        """Commit an application whose page answers with this status."""
        (self.root / "app.py").write_text(APP.format(status=status))
        commit(self.root, f"answers {status}")

    def deploy(self) -> tuple[dict[str, object], float, float]:
        """Deploy; returns the record, the seconds, and the wrapper's peak memory in MiB (polled)."""
        begin = time.monotonic()
        argv = [sys.executable, "-m", "gonogo", "deploy", "--env", "bench", "--json"]
        record = self.root.parent / "record.json"
        with record.open("w") as out:
            process = subprocess.Popen(argv, cwd=self.root, stdout=out, stderr=subprocess.DEVNULL)
        peak = 0
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                peak = max(peak, watched.memory_info().rss)
            except psutil.Error:
                break
            time.sleep(0.01)
        process.wait()
        return json.loads(record.read_text()), time.monotonic() - begin, peak / 2**20

    def close(self) -> None:
        """End the instance by its own pid."""
        for path in self.state.glob("instances/*.json"):
            try:
                psutil.Process(json.loads(path.read_text())["pid"]).terminate()
            except psutil.Error:
                continue


def quiet(argv: list[str], folder: Path) -> None:
    """Run a command to its end without its output, with bytecode kept as users have it."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(argv, cwd=folder, env=kept, capture_output=True, check=False)


def plain_pytest(folder: Path, runs: int) -> Iterator[list[str]]:
    """A team's own ``pytest`` with and without our plugin, and with and without those that it depends on, in pairs."""
    folder.mkdir()
    (folder / "test_one.py").write_text("def test_one():\n    assert True\n")
    base = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    quiet(base, folder)
    for what, names in (("the plugin", ("gonogo",)), ("the plugins that it depends on", DEPENDENCIES)):
        off = [word for name in names for word in ("-p", f"no:{name}")]
        pairs = [
            (seconds(functools.partial(quiet, base, folder)), seconds(functools.partial(quiet, [*base, *off], folder)))
            for _ in range(runs)
        ]
        difference = statistics.median(a - b for a, b in pairs) * 1000
        ratio = statistics.median(a / b for a, b in pairs)
        yield [f"plain `pytest` with {what} against without, {runs} pairs", f"{ratio:.3f}", f"{difference:+.1f} ms"]


def wrapper_cost(bench: Bench) -> tuple[list[str], list[str]]:
    """The wrapper's own seconds over the gates and commands that it ran, and its peak memory."""
    record, total, peak = bench.deploy()
    journal = (bench.state / "runs" / str(record["run"]) / "journal.jsonl").read_text().splitlines()
    inner = sum(json.loads(line)["seconds"] for line in journal if '"command-ended"' in line)
    cost = ["wrapper's own cost over the commands and gates it ran", f"{total / inner:.2f}", f"+{total - inner:.2f} s"]
    return cost, ["wrapper's peak memory", "", f"{peak:.0f} MiB"]


def rollback_cost(bench: Bench) -> list[str]:
    """From the red verdict to the previous release answering."""
    bench.commit(500)
    record, _, _ = bench.deploy()
    return ["red verdict to the previous release healthy (process)", "", f"{record['back_after']:.2f} s"]


def gate_cost(bench: Bench, stage: str) -> list[str]:
    """One bare gate as a whole process."""
    argv = [sys.executable, "-m", "pytest", "-m", stage, "--env", "bench"]
    took = statistics.median(seconds(lambda: quiet(argv, bench.root)) for _ in range(5))
    return [f"`pytest -m {stage}` on the small application, median of 5", "", f"{took:.2f} s"]


def gates_of_a_run(folder: Path, runs: int, *, what: str, words: tuple[str, ...]) -> list[str]:
    """The five gates of a deployment, forked from one process as a run does it, against five that are started."""
    folder.mkdir()
    (folder / "gonogo.toml").write_text(EMPTY)
    git(folder, "init", "-q")
    commit(folder, "nothing to deploy")
    forked, started = (
        [sys.executable, "-P", "-c", FIVE.format(imports=of, words=words)] for of in ("imports_of_gates()", "()")
    )
    pairs = [
        (processor(forked, folder, dict(os.environ)), processor(started, folder, dict(os.environ)))
        for _ in range(max(runs // 5, 1))
    ]
    best, against = (min(times) for times in zip(*pairs, strict=True))
    of_what = f"{what} of a run against five that are each started, processor time of the fastest of {len(pairs)}"
    return [of_what, f"{best / against:.2f}", f"{best:.2f} s"]


def gate_start(folder: Path, runs: int) -> list[str]:
    """A gate with nothing to ask over the network, against ``pytest`` over one empty test, in pairs."""
    folder.mkdir()
    (folder / "test_one.py").write_text("def test_one():\n    pass\n")
    (folder / "gonogo.toml").write_text(EMPTY)
    git(folder, "init", "-q")
    commit(folder, "nothing to deploy")
    gate = list(gate_argv(folder, arguments=("-m", "predeploy", "--gonogo-env=bench", "-q", "--no-header")))
    plain = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_one.py"]
    pairs = [
        (processor(gate, folder, gate_environment()), processor(plain, folder, {**os.environ, **ALONE}))
        for _ in range(runs)
    ]
    best, against = (min(times) for times in zip(*pairs, strict=True))
    what = "a gate of an empty project against `pytest` over one empty test, processor time of the"
    return [f"{what} fastest of {runs}", f"{best / against:.2f}", f"{best:.2f} s"]


def bare_gate(folder: Path, runs: int) -> list[str]:
    """A bare gate that begins where pytest was called, against one that replaces the process, in pairs."""
    folder.mkdir()
    (folder / "gonogo.toml").write_text(EMPTY)
    (folder / "somebodys.py").write_text("")
    git(folder, "init", "-q")
    commit(folder, "nothing to deploy")
    ours = ("-p", "gonogo.plugins.plugin", "-m", "predeploy", "--gonogo-env=bench", "-q")
    here, replaced = ([sys.executable, "-m", "pytest", *first, *ours] for first in ((), ("-p", "somebodys")))
    around = {**os.environ, **ALONE, "PYTHONPATH": str(folder)}
    pairs = [(processor(here, folder, around), processor(replaced, folder, around)) for _ in range(runs)]
    best, against = (min(times) for times in zip(*pairs, strict=True))
    what = "a bare gate of it that begins where pytest was called against one that replaces the process"
    return [f"{what}, processor time of the fastest of {runs}", f"{best / against:.2f}", f"{best:.2f} s"]


def measured(bench: Bench, folder: Path, runs: int) -> Iterator[list[str]]:
    """Each row as soon as it is known."""
    yield from wrapper_cost(bench)
    yield from (gate_cost(bench, stage) for stage in ("predeploy", "build", "postdeploy"))
    yield rollback_cost(bench)
    yield gate_start(folder.with_name("empty"), runs)
    yield bare_gate(folder.with_name("bare"), runs)
    page = ("--html=page.html", "--self-contained-html")
    yield gates_of_a_run(folder.with_name("five"), runs, what="five gates with their pages", words=page)
    yield gates_of_a_run(folder.with_name("starts"), runs, what="the starts of five gates", words=("-k", "no_such"))
    yield from plain_pytest(folder, runs)


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    runs = parser.parse_args().runs
    print("| what | ratio | figure |\n|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(folder)
        try:
            bench.deploy()
            for row in measured(bench, folder / "unit", runs):
                print("| " + " | ".join(row) + " |", flush=True)
        finally:
            bench.close()


if __name__ == "__main__":
    main()
