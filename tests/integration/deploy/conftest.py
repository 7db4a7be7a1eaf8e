"""A small real application under the runtime ``process``, deployed by the real command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from gonogo.demo.ports import free_port
from tests.support.gates import IDENTITY
from tests.support.packages import copied

APP = """\
import http.server, json, os

PAGES = {PAGES}

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, text = PAGES.get(self.path, (404, "no such page"))
        body = json.dumps({{"status": "ok", "release": os.environ.get("GONOGO_RELEASE"), "text": text}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        try:
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:  # whoever asked was killed
            self.close_connection = True

    def log_message(self, *args):
        pass

if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""

GREEN = {"/healthz": (200, "alive"), "/page": (200, "hello")}

CONFIG = """\
[app]
name = "tiny"
required = ["app.py"]

[service.web]
command = "{{python}} app.py"
port = {port}

[env.test]
tier = "{tier}"
runtime = "process"
project = "tiny"
url = "http://127.0.0.1:{port}"
state = "{state}"
health = {{ live = "/healthz", stable_for = "200ms", timeout = "10s" }}
retry_every = "100ms"
watch = {{ {watch} }}
{options}

[env.test.commands]
environment = "{environment}"
install = "{install}"
{commands}

[[env.test.endpoint]]
request = "GET /page"
json = {{ status = "ok", text = "hello" }}

{tables}
"""

FAULTY = Path(__file__).with_name("faulty.py")
ANOTHER_DAY = FAULTY.with_name("another_day.py")


class Ended:
    """How a command ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        """Keep all three."""
        self.code, self.out, self.err = code, out, err

    def json(self) -> dict[str, Any]:
        """The document of ``--json``; empty when there is none."""
        return dict(json.loads(self.out)) if self.out.strip() else {}

    def __repr__(self) -> str:
        """Everything, for a failed assertion."""
        return f"exit {self.code}\n{self.out}\n{self.err}"


class App:
    """A repository, its commits, and the command line in it."""

    def __init__(self, folder: Path) -> None:
        """Make the repository with its first, green commit."""
        self.root = folder / "app"
        self.state = folder / "state"
        self.root.mkdir()
        self.port = free_port()
        self.git("init", "-q", "-b", "main")
        (self.root / ".gitignore").write_text("reports/\n.env\n")
        self.configure()
        self.pages(GREEN)

    def git(self, *arguments: str) -> str:
        """Ask git."""
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=self.root, env={**os.environ, **IDENTITY}, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def configure(
        self,
        *,
        tier: str = "dev",
        options: str = "",
        commands: str = "",
        tables: str = "",
        install: str = "true",
        packages: tuple[str, ...] = (),
        watch: str = 'for = "0s"',
    ) -> None:
        """Write gonogo.toml (not committed yet); a release's environment has the packages."""
        plain = f"{sys.executable} -m venv --without-pip {{venv}}"
        text = CONFIG.format(
            port=self.port,
            state=self.state,
            tier=tier,
            options=options,
            commands=commands,
            tables=tables,
            install=install,
            watch=watch,
            environment=copied(*packages) if packages else plain,
        )
        (self.root / "gonogo.toml").write_text(text)

    def pages(self, pages: dict[str, tuple[int, str]], *, extra: str = "") -> str:
        """Commit an application that answers these pages; returns the commit's short id."""
        (self.root / "app.py").write_text(
            APP.replace("{PAGES}", repr(pages)).replace("{{", "{").replace("}}", "}") + extra
        )
        return self.commit("pages")

    def commit(self, message: str) -> str:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-qm", message, "--allow-empty")
        return self.git("rev-parse", "HEAD")[:7]

    def start(
        self,
        *arguments: str,
        mistakes: tuple[str, ...] = (),
        environ: dict[str, str] | None = None,
        day: date | None = None,
    ) -> subprocess.Popen[str]:
        """Start the command line and go on; ``mistakes`` are functions of it that raise (see ``faulty``).

        ``day`` is the one that it takes for today (see ``another_day``).
        """
        program = [str(FAULTY), ",".join(mistakes)] if mistakes else ["-m", "gonogo"]
        program = [str(ANOTHER_DAY), str(day)] if day is not None else program
        return subprocess.Popen(
            [sys.executable, "-P", *program, *arguments],
            cwd=self.root,
            env={**os.environ, **(environ or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def gonogo(self, *arguments: str, timeout: float = 180) -> Ended:
        """Run the command line to its end."""
        return self.finish(self.start(*arguments), timeout=timeout)

    def finish(self, process: subprocess.Popen[str], *, timeout: float = 180) -> Ended:
        """Wait for a started command."""
        out, err = process.communicate(timeout=timeout)
        return Ended(process.returncode, out, err)

    def deploy(
        self, *arguments: str, mistakes: tuple[str, ...] = (), day: date | None = None
    ) -> tuple[Ended, dict[str, Any]]:
        """Deploy with ``--json``; returns the ending and the run's record (empty when there is none)."""
        ended = self.finish(self.start("deploy", "--env", "test", "--json", *arguments, mistakes=mistakes, day=day))
        return ended, json.loads(ended.out) if ended.out.strip() else {}

    def ask(self, path: str = "/page") -> tuple[int, dict[str, Any]] | None:
        """What serves now answers; None when nobody does."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5)
        except httpx.TransportError:
            return None
        return answer.status_code, answer.json()

    def serving_text(self) -> str | None:
        """The text of ``/page``."""
        answer = self.ask()
        return answer[1]["text"] if answer else None

    def wait_for(self, event: str, *, timeout: float = 90) -> None:
        """Wait until some journal has this text (bounded)."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if any(event in path.read_text() for path in self.state.glob("runs/*/journal.jsonl")):
                return
            time.sleep(0.02)
        raise AssertionError(f"no journal has {event!r} after {timeout} s")

    def interrupt(self, process: subprocess.Popen[str], number: int = signal.SIGINT) -> None:
        """Send a signal to the wrapper alone."""
        process.send_signal(number)

    def close(self) -> None:
        """End every instance by its own pid."""
        for path in self.state.glob("instances/*.json"):
            try:
                facts = json.loads(path.read_text())
                process = psutil.Process(int(facts["pid"]))
                for child in [*process.children(recursive=True), process]:
                    child.kill()
                process.wait(10)
            except (psutil.Error, KeyError, ValueError):
                continue


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """The application with one green commit."""
    made = App(tmp_path)
    yield made
    made.close()
