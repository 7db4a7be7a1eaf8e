"""A throwaway application of the runtime ``process``, with real releases, environments and processes."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from gonogo.config import load_project
from gonogo.demo.ports import free_port
from gonogo.host.runner import this_machine
from gonogo.inspection.variables.envfile import parse as parse_env
from gonogo.runtimes.base import Place
from gonogo.runtimes.place import make_place
from gonogo.runtimes.process.instances import Instance, Instances, family, marked
from gonogo.runtimes.process.runtime import ProcessRuntime
from gonogo.state.release import Release
from gonogo.state.store import State
from tests.support.gates import Repository

__all__ = ["Site", "eventually", "runs"]

SERVER = """\
import http.server, json, os, signal, subprocess, sys, time

import version

mode = os.environ.get("MODE", "")
print(f"starting {version.NAME}", flush=True)
if mode == "exit":
    sys.exit("no database: s3cr3t-value")
if mode == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
if mode == "heavy":
    subprocess.Popen([sys.executable, "-c", "import time; held = b'x' * (48 << 20); time.sleep(300)"])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = 503 if mode == "sick" and self.path == "/healthz" else 200
        body = json.dumps({"version": version.NAME, "pid": os.getpid(), "env": dict(os.environ)}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
WORKER = """\
import os, sys, time

print("worker", os.environ.get("MODE"), flush=True)
if os.environ.get("MODE") == "lazy":
    sys.exit(0)
time.sleep(300)
"""
CONFIG = """\
[app]
name = "tiny"
root = "site"

[service.web]
command = "{python} server.py {port}"
port = @PORT@
@WORKER@
[env.test]
tier = "dev"
runtime = "process"
project = "tiny-test"
env_file = ".env"
health = { timeout = "@TIMEOUT@" }
secrets = { LICENCE = {} }

[env.test.commands]
environment = "{python} -m venv --without-pip --clear {venv}"
install = "{python} -c 'print(1)'"
"""
WORKER_CONFIG = """
[service.jobs]
command = "python worker.py"
"""


class Site:
    """A throwaway application, its environment's state, and everything that was started from it."""

    def __init__(self, folder: Path, repository: Repository) -> None:
        """Make the repository with its first commit."""
        self.port = free_port()
        self.repository = repository
        self.state = State(folder / "state")
        self.state.create()
        self.root: Path = repository({"site/server.py": SERVER, "site/worker.py": WORKER, "site/version.py": ""})
        self.runtime = ProcessRuntime(grace=0.5)
        self.host = this_machine(redact=lambda text: text.replace("s3cr3t-value", "[redacted]"))
        self.count = 0

    def release(self, env: str = "", *, worker: bool = False, timeout: str = "20s", build: bool = True) -> Release:
        """Commit a new version, with this env file beside, and make a release of it."""
        self.count += 1
        self.write_env(env)
        config = CONFIG.replace("@PORT@", str(self.port)).replace("@TIMEOUT@", timeout)
        config = config.replace("@WORKER@", WORKER_CONFIG if worker else "")
        self.repository.write(self.root, {"gonogo.toml": config, "site/version.py": f'NAME = "v{self.count}"\n'})
        commit = self.repository.commit(self.root)
        made = self.repository.checked_out(self.root, self.state, commit, runtime="process")
        made = self.runtime.pin(self.place(made), made)
        if build:
            for command in self.runtime.build(self.place(made), made, no_cache=False):
                self.host.run(command).require()
        self.state.save(made)
        return made

    def write_env(self, text: str) -> None:
        """Write the env file that is current from now on; it stays out of git."""
        (self.root.parent / ".env").write_text(text)

    def place(self, release: Release) -> Place:
        """Where the runtime works, with the release's own configuration and the current env file."""
        project = load_project(release.root)
        variables = dict(parse_env((self.root.parent / ".env").read_text()).values)
        return make_place(
            project,
            project.environments["test"],
            state=self.state.root,
            path=self.root.parent,
            host=self.host,
            variables=variables,
        )

    def start(self, release: Release, outgoing: Release | None = None) -> None:
        """Start a release."""
        self.runtime.start(self.place(release), release, outgoing)

    def inspect(self, release: Release) -> Any:
        """The read-only side."""
        return self.runtime.inspector(self.place(release), release)

    def record(self, service: str = "web") -> Instance:
        """What the pid file of a service says."""
        found = Instances(self.state.root).read(service)
        assert found is not None
        return found

    def ask(self) -> dict[str, Any]:
        """What the running application answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def clean(self) -> None:
        """Stop what was started."""
        for instance in Instances(self.state.root).all():
            for process in family(instance):
                process.kill()
        marks = [Instances(self.state.root).mark(name) for name in ("web", "jobs")]
        eventually(lambda: not any(map(marked, marks)))


def runs(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def eventually(condition: Callable[[], bool], *, within: float = 10.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{condition} did not hold within {within} s"
        time.sleep(0.02)
