"""A real release of the runtime ``process`` whose answers a test decides, and gates that are asked about it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gonogo.config import load_project
from gonogo.demo.ports import free_port
from gonogo.gates.subject import Subject
from gonogo.host.runner import this_machine
from gonogo.inspection.variables.envfile import parse as parse_env
from gonogo.runtimes.base import Place
from gonogo.runtimes.place import make_place
from gonogo.runtimes.process.instances import Instances, family
from gonogo.runtimes.process.runtime import ProcessRuntime
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Role
from tests.support.gates import Gates, Repository, Run
from tests.support.packages import copied

__all__ = ["API", "SERVER", "Deployed"]

SERVER = '''\
"""Answers as the file ANSWERS says: path to [status, headers, text, seconds to wait]."""
import http.server, json, os, sys, time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(os.environ["ANSWERS"]) as stream:
            status, headers, text, wait = json.load(stream).get(self.path, [404, {}, "", 0])
        time.sleep(wait)
        text = text.replace("@COMMIT@", os.environ["GONOGO_COMMIT"])
        text = text.replace("@AUTH@", self.headers.get("Authorization", ""))
        body = text.encode()
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            pass  # who asked did not wait for the answer: no error of the application

    do_POST = do_GET

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    print("INFO: starting", flush=True)
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
'''
API = """\
from fastapi import APIRouter, FastAPI

router = APIRouter()


@router.get("/items")
def items() -> list[str]:
    return []


app = FastAPI()
app.include_router(router)
"""
CONFIG = """\
[app]
name = "tiny"
required = ["server.py"]

[service.web]
command = "{python} server.py {port}"
port = @PORT@
@SERVICE@
[env.test]
tier = "@TIER@"
runtime = "process"
project = "tiny-test"
env_file = ".env"
health = { live = "/healthz", ready = "/readyz", stable_for = "1s", timeout = "20s" }
watch = { for = "0s" }
@ENVIRONMENT@
[env.test.commands]
environment = "@VENV@"
install = "true"
"""
WELL = {
    "/healthz": [200, {}, '{"status": "ok", "commit": "@COMMIT@"}', 0],
    "/readyz": [200, {}, '{"checks": [{"name": "db", "ok": true}, {"name": "migrations", "ok": true}]}', 0],
}


class Deployed:
    """One release of a tiny application: made, started, asked."""

    def __init__(
        self,
        folder: Path,
        *,
        files: Mapping[str, str] | None = None,
        service: str = "",
        environment: str = "",
        env: str = "",
        packages: tuple[str, ...] = (),
        tier: str = "dev",
    ) -> None:
        """Make the repository, with these lines in its gonogo.toml, and the release."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.host, self.runtime = folder, this_machine(), ProcessRuntime(grace=0.5)
        self.state = State(folder / "state")
        self.state.create()
        self.gates = Gates(folder / "gates")
        self.repository = Repository(folder)
        self.run = self.state.run_folder("1")
        self.run.mkdir(parents=True)
        self.port = free_port()
        (folder / ".env").write_text(f"ANSWERS={folder}/answers.json\n{env}")
        self.answer()
        config = CONFIG.replace("@PORT@", str(self.port)).replace("@TIER@", tier).replace("@SERVICE@", service)
        config = config.replace("@ENVIRONMENT@", environment)
        plain = f"{sys.executable} -m venv --without-pip {{venv}}"
        config = config.replace("@VENV@", copied(*packages) if packages else plain)
        self.root = self.repository({"server.py": SERVER, "gonogo.toml": config, **(files or {})})
        self.release = self._make(self.repository.git(self.root, "rev-parse", "HEAD").strip())

    def another(self, files: Mapping[str, str]) -> Release:
        """Commit these files and make a release of that; it is the one that is asked about from now on."""
        self.repository.write(self.root, files)
        self.release = self._make(self.repository.commit(self.root))
        return self.release

    def _make(self, commit: str) -> Release:
        made = self.repository.checked_out(self.root, self.state, commit, runtime="process")
        made = self.runtime.pin(self._place(made), made)
        for command in self.runtime.build(self._place(made), made, no_cache=False):
            self.host.run(command).require()
        self.state.save(made)
        return made

    def _place(self, release: Release) -> Place:
        project = load_project(release.root)
        variables = dict(parse_env((self.folder / ".env").read_text()).values)
        return make_place(
            project,
            project.environments["test"],
            state=self.state.root,
            path=self.folder,
            host=self.host,
            variables={name: value or "" for name, value in variables.items()},
        )

    def start(self) -> None:
        """Start the release."""
        self.release = self.release.model_copy(update={"started": datetime.now(UTC)})
        self.runtime.start(self._place(self.release), self.release, None)

    def answer(self, answers: Mapping[str, Any] | None = None) -> None:
        """Say what the application answers from now on, beside being alive and ready."""
        target = self.folder / "answers.json"
        new = target.with_suffix(".new")
        new.write_text(json.dumps({**WELL, **(answers or {})}))
        new.replace(target)

    def log(self, text: str) -> None:
        """Write into the log of the running instance, as the application would."""
        record = Instances(self.state.root).read("web")
        assert record is not None
        with record.log.open("a") as stream:
            stream.write(text)

    def ask(self, stage: str, chosen: str = "", *, role: Role = Role.CANDIDATE, **changed: Any) -> Run:
        """Ask a gate about the release, or about one that differs in ``changed``; ``chosen`` is pytest's ``-k``."""
        serving, workers, environ = (
            changed.pop("serving", None),
            changed.pop("workers", 0),
            changed.pop("environ", None),
        )
        release = self.release.model_copy(update=changed)
        subject = Subject(
            role=role,
            env="test",
            root=self.release.root,
            path=self.folder,
            state=self.state.root,
            checkout=self.root,
            release=release,
            serving=serving,
            run=self.run,
        )
        options = (*(("-k", chosen) if chosen else ()), *(("-n", str(workers)) if workers else ()))
        return self.gates(self.release.root, "-m", stage, *options, subject=subject, environ=environ)

    def stop(self) -> None:
        """End what was started."""
        for instance in Instances(self.state.root).all():
            for process in family(instance):
                process.kill()
                process.wait(10)
