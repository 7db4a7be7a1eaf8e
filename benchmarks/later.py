"""Measures how soon a watch notices what goes wrong only after the gate, and that it takes harmless twins for nothing.

    .venv/bin/python benchmarks/later.py [--watch 100] [--at 5] [--side 6] [--only hangs,pool]

Each case is an application of its own, well when its watch begins; its fault begins so many seconds later, the twin's
does, too. Releases that take turns behind gonogo's own front are slow from the start, and watched in pairs. Prints a
Markdown table of seconds from the fault to the verdict, with the checks that were red. `later_docker.py` has what only
the Docker Engine does: restart policies and memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared import commit, free_port, git

from gonogo.gates.process import gate_argv, gate_environment
from gonogo.runtimes.process.instances import Instances, family

SERVER = """\
import http.server, os, sys, threading, time

AT = float(sys.argv[2])


def since():
    return time.time() - os.stat(GO).st_mtime - AT if os.path.exists(GO) else -1


def later():
    return since() >= 0


def trace(line):
    print('Traceback (most recent call last):\\n  File "a.py", line 1, in f\\nKeyError: ' + line, flush=True)


def file_log(line):
    with open(LOG, "a") as stream:
        print(time.strftime("%Y-%m-%d %H:%M:%S"), line, file=stream)


class Handler(http.server.BaseHTTPRequestHandler):
    count = used = 0

    def do_GET(self):
        Handler.count += 1
        status, wait = 200, 0.005
        page, path, number = self.path != "/healthz", self.path, Handler.count
        @EACH@
        time.sleep(wait)
        body = b'{"status": "ok"}'
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def work():
    while True:
        time.sleep(0.2)
        if not (later() and @STOPS@):
            open("beat", "w").close()
        if later():
            @ONCE@
            break
    while True:
        time.sleep(1)
        @AGAIN@
        if not (later() and @STOPS@):
            open("beat", "w").close()


threading.Thread(target=work, daemon=True).start()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
JOBS = """\
import os, sys, time

while not os.path.exists(GO) or time.time() - os.stat(GO).st_mtime < float(sys.argv[1]):
    time.sleep(0.2)


def say(*lines):
    print(*lines, sep="\\n", flush=True)


failed = ("Traceback (most recent call last):", '  File "jobs.py", line 9, in run', "KeyError: 'order'")
@WORK@
while True:
    time.sleep(60)
"""
CONFIG = """\
[app]
name = "later"

[service.web]
command = "{{python}} app.py {{port}} {at}"
port = {port}

[service.jobs]
command = "{{python}} jobs.py {at}"

[env.bench]
tier = "dev"
runtime = "process"
project = "later-{port}"
url = "http://127.0.0.1:{port}"
state = "{state}"
health = {{ stable_for = "{seconds}s" }}
check_timeout = "{bound}s"
watch = {{ for = "0s", slower_than = "500ms", unhealthy_for = "20s" }}
logs = {{ files = ["{state}/../*.log"] }}
{turns}

[[env.bench.endpoint]]
request = "GET /page"
json = {{ status = "ok" }}

[[env.bench.endpoint]]
request = "GET /list"
json = {{ status = "ok" }}

[[env.bench.heartbeat]]
name = "jobs"
service = "web"
file = "{state}/../beat"
within = "10s"

[env.bench.commands]
environment = "{python} -m venv --without-pip {{venv}}"
install = "true"
"""


TURNS = """\
strategy = "bluegreen"
traffic = { kind = "own", upstreams = { web = "web:@PORT@" }, drain = "1s" }
"""
CANARY = 'canary = { steps = [50], for = "@SECONDS@s", slower = 1.2 }\n'
IDLE = "say('INFO done, errors: 0')"


@dataclass(frozen=True)
class Case:
    """What happens later."""

    name: str
    each: str = "pass"
    """In each request, once ``later()``."""
    once: str = "pass"
    again: str = "pass"
    stops: str = "False"
    """When the worker does not beat."""
    jobs: str = ""
    """What a service of its own does then."""
    slower: float = 0.0
    """How many times as long as the release beside it all its answers take, from its start on."""
    harmless: bool = False


def both(name: str, fault: str, twin_name: str, twin: str) -> tuple[Case, Case]:
    """A fault in requests and its twin."""
    return Case(name, each=f"if later(): {fault}"), Case(twin_name, each=f"if later(): {twin}", harmless=True)


CASES = (
    Case("it ends", once="os._exit(3)"),
    *both(
        "every answer is 500", "status = 500", "one answer in fifty is 500", "status = 500 if number % 50 == 0 else 200"
    ),
    *both(
        "every page is 500, health is well",
        "status = 500 if page else 200",
        "pages for one second",
        "status = 500 if page and since() < 1 else 200",
    ),
    *both(
        "one route is 500",
        'status = 500 if path == "/list" else 200',
        "one route is 500 for a second",
        'status = 500 if path == "/list" and since() < 1 else 200',
    ),
    *both(
        "a fifth of the answers is 500",
        "status = 500 if number % 5 == 0 else 200",
        "a tenth for three seconds",
        "status = 500 if number % 10 == 0 and since() < 3 else 200",
    ),
    *both(
        "half of the answers are 500",
        "status = 500 if number % 2 else 200",
        "all answers for one second",
        "status = 500 if since() < 1 else 200",
    ),
    *both("it hangs", "time.sleep(600)", "it hangs for three seconds", "wait = 3 if since() < 3 else wait"),
    *both(
        "health is 503, pages are well",
        "status = 200 if page else 503",
        "health is 503 for five seconds",
        "status = 503 if not page and since() < 5 else 200",
    ),
    *both(
        "answers take 0.8 s, 0.5 s are allowed", "wait = 0.8", "answers take ten times as long, 50 ms", "wait = 0.05"
    ),
    *both(
        "a pool that is full after forty requests",
        "status = 500 if page and number > 40 else 200",
        "a pool that is short now and then",
        "wait = 0.3 if number % 7 == 0 else wait",
    ),
    *both(
        "a pool that is full after ten requests",
        "Handler.used += page; status = 500 if page and Handler.used > 10 else 200",
        "a pool of ten that makes every tenth wait",
        "Handler.used += page; wait = 0.4 if page and Handler.used % 10 == 0 else wait",
    ),
    Case("errors that only a log file has", again="later() and file_log('ERROR: cannot write the invoice')"),
    Case("one error in a log file", once="file_log('ERROR: cannot write the invoice')", harmless=True),
    Case("a worker's errors, in its log alone", jobs="while True: say(*failed); time.sleep(3)"),
    Case("a worker's one error", jobs="say(*failed)", harmless=True),
    Case("a worker that says 'errors: 0'", jobs=f"while True: {IDLE}; time.sleep(1)", harmless=True),
    Case("answers take 1.5 times as long (in pairs)", slower=1.5),
    Case("answers take 1.1 times as long (in pairs)", slower=1.1, harmless=True),
    Case("a worker stops beating", stops="True"),
    Case("a worker beats late, within what is allowed", stops="int(since()) % 6 != 0", harmless=True),
    Case("a job logs an error each second", again='later() and trace("1")'),
    Case("a job logs an error once", once='trace("1")', harmless=True),
    Case("a page logs an error each time", each='if later() and path == "/list": trace("page")'),
    Case("it logs a line each second", again='print("INFO: still here", flush=True)', harmless=True),
)


def made(folder: Path, case: Case, *, seconds: float, at: float) -> Path:
    """A repository with an application that does it later."""
    root = folder / "app"
    root.mkdir(parents=True)
    text = SERVER
    for name in ("each", "once", "again", "stops"):
        text = text.replace(f"@{name.upper()}@", getattr(case, name))
    places = {'"beat"': folder / "beat", "GO)": folder / "go", "LOG,": folder / "web.log"}
    for name, place in places.items():
        text = text.replace(name, f"{str(place)!r}{name[-1] if name[-1] in '),' else ''}")
    (root / "app.py").write_text(text)
    jobs = JOBS.replace("@WORK@", case.jobs).replace("GO)", f"{str(folder / 'go')!r})")
    (root / "jobs.py").write_text(jobs)
    (root / ".gitignore").write_text("reports/\n")
    values = {"port": free_port(), "at": at, "state": folder / "state", "seconds": seconds, "bound": seconds * 3}
    if case.slower:
        values |= {"turns": TURNS.replace("@PORT@", str(values["port"])), "seconds": 1}
    else:
        values["turns"] = ""
    (root / "gonogo.toml").write_text(CONFIG.format(python=sys.executable, **values))
    git(root, "init", "-q", "-b", "main")
    commit(root, case.name)
    return root


def row(case: Case, gate: dict[str, Any], took: float) -> list[str]:
    """What came of it."""
    red = [check["code"] for check in gate["checks"] if check["outcome"] in {"failed", "inconclusive"}]
    right = "" if bool(red) is not case.harmless else " **wrong**"
    kind = "harmless" if case.harmless else "fault"
    return [case.name, kind, f"{took:.0f} s" if red else "-", (", ".join(red) or "none") + right]


def in_pairs(case: Case, *, seconds: float, at: float) -> list[str]:
    """One row: the next release answers more slowly than the one that it shares requests with."""
    with tempfile.TemporaryDirectory(prefix="later-") as name:
        root = made(Path(name), case, seconds=seconds, at=at)
        app, config = root / "app.py", root / "gonogo.toml"
        app.write_text(app.read_text().replace("200, 0.005", "200, 0.2"))
        commit(root, "the one before")
        deploy = [sys.executable, "-m", "gonogo", "deploy", "--env", "bench", "--json"]
        try:
            first = subprocess.run(deploy, cwd=root, capture_output=True, text=True, check=False)
            if first.returncode:
                raise SystemExit(f"{case.name}: {first.stdout}{first.stderr}")
            shared = CANARY.replace("@SECONDS@", f"{seconds:g}")
            config.write_text(config.read_text().replace(TURNS[:10], shared + TURNS[:10]))
            app.write_text(app.read_text().replace("200, 0.2", f"200, {0.2 * case.slower:.3f}"))
            commit(root, case.name)
            done = subprocess.run(deploy, cwd=root, capture_output=True, text=True, check=False)
        finally:
            end(Path(name) / "state")
        steps = {step["name"]: step for step in json.loads(done.stdout)["steps"]}
        return row(case, steps["canary-50"]["gate"], steps["canary-50"]["seconds"])


def watched(case: Case, *, seconds: float, at: float) -> list[str]:
    """One row."""
    if case.slower:
        return in_pairs(case, seconds=seconds, at=at)
    with tempfile.TemporaryDirectory(prefix="later-") as name:
        root = made(Path(name), case, seconds=seconds, at=at)
        deploy = [sys.executable, "-m", "gonogo", "deploy", "--env", "bench"]
        begun = subprocess.run(deploy, cwd=root, capture_output=True, text=True, check=False)
        if begun.returncode:
            raise SystemExit(f"{case.name}: {begun.stdout}{begun.stderr}")
        results = Path(name) / "watch.json"
        words = ("-m", "watch", "--gonogo-env=bench", f"--gonogo-results={results}", f"--timeout={seconds * 2}")
        (Path(name) / "go").touch()
        begin = time.monotonic()
        try:
            subprocess.run(
                [*gate_argv(root, arguments=words)], cwd=root, env=gate_environment(), capture_output=True, check=False
            )
            took = time.monotonic() - begin
        finally:
            end(Path(name) / "state")
        gate = json.loads(results.read_text())
        return row(case, gate, took - at)


def end(state: Path) -> None:
    """Ends the instance."""
    for one in Instances(state).all():
        for process in family(one):
            process.kill()


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watch", type=float, default=100)
    parser.add_argument("--at", type=float, default=15)
    parser.add_argument("--side", type=int, default=6)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    words = options.only.split(",")
    chosen = [case for case in CASES if any(word in case.name for word in words)]
    print("| what happens later | is | seconds to the verdict | red |\n|---|---|---|---|", flush=True)
    with ThreadPoolExecutor(options.side) as pool:
        for row in pool.map(lambda case: watched(case, seconds=options.watch, at=options.at), chosen):
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
