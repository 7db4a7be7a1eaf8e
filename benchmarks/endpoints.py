"""Measures what asking many endpoints costs against a bare httpx loop and as many empty tests, as ratios in one run.

    .venv/bin/python benchmarks/endpoints.py [--counts 1000 10000] [--runs 3]

The application is a small one of the standard library; processor time of the asking processes is compared, so that
what it costs to answer does not count. Prints a Markdown table; nothing is asserted, machines differ.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from shared import ALONE, commit, free_port, git, processor

from gonogo.gates.process import gate_argv, gate_environment

SERVER = """\
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b'{"status": "ok"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
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
"""
ENDPOINT = """
[[env.bench.endpoint]]
request = "GET /page/{number}"
json = {{ status = "ok" }}
"""
LOOP = """\
import httpx
with httpx.Client() as client:
    for number in range({count}):
        answer = client.get(f"http://127.0.0.1:{port}/page/{{number}}")
        assert answer.status_code == 200 and answer.json()["status"] == "ok"
"""
EMPTY = """\
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_nothing(number):
    pass
"""


def measured(folder: Path, port: int, count: int, runs: int) -> list[str]:
    """One row: the gate against both others, the fastest of each."""
    folder.mkdir()
    endpoints = "".join(ENDPOINT.format(number=number) for number in range(count))
    (folder / "gonogo.toml").write_text(CONFIG.format(port=port, state=folder / "state") + endpoints)
    git(folder, "init", "-q")
    commit(folder, "endpoints")
    (folder / "loop.py").write_text(LOOP.format(count=count, port=port))
    (folder / "test_empty.py").write_text(EMPTY.format(count=count))
    words = ("-m", "postdeploy", "--gonogo-env=bench", "-k", "test_endpoint", "-q", "--no-header")
    commands = (
        (list(gate_argv(folder, arguments=words)), gate_environment()),
        ([sys.executable, "loop.py"], {**os.environ}),
        ([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_empty.py"], {**os.environ, **ALONE}),
    )
    rounds = [[processor(argv, folder, environ) for argv, environ in commands] for _ in range(runs)]
    gate, loop, empty = (min(times) for times in zip(*rounds, strict=True))
    figures = f"{gate:.1f} s over {loop:.1f} s + {empty:.1f} s; {gate / count * 1000:.1f} ms each"
    return [f"{count} endpoint checks", f"{gate / (loop + empty):.2f}", figures]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    port = free_port()
    print("| what | over a bare httpx loop and as many empty tests | processor time |\n|---|---|---|", flush=True)
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen([sys.executable, "-c", SERVER, str(port)], stdout=subprocess.DEVNULL) as server,
    ):
        try:
            for count in options.counts:
                row = measured(Path(name) / str(count), port, count, options.runs)
                print("| " + " | ".join(row) + " |", flush=True)
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
