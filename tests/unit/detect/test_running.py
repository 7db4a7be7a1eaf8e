"""What runs already: its project, files and ports, and what it answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from gonogo.detect.facts import Fact, Found, ServiceFacts, guess
from gonogo.detect.measuring import measure
from gonogo.detect.running import Running, running_in
from gonogo.errors import CommandError
from gonogo.host.runner import Command, Completed

__all__: list[str] = []


class Engine:
    """Answers `docker ps` and `docker inspect` with given containers; without any, there is no Docker."""

    name = "fake"

    def __init__(self, *containers: dict[str, object]) -> None:
        self.containers = containers

    def run(self, command: Command, *, output_limit: int | None = None, exact: bool = False) -> Completed:
        """The answer of the Engine."""
        assert (output_limit, exact) == (None, False)
        if not self.containers:
            raise CommandError("docker: found no such program")
        said = json.dumps(self.containers) if command.argv[1] == "inspect" else "one two\n"
        return Completed(command=command, code=0, output=said, errors="", seconds=0.0, pid=1)

    def spawn(self, command: Command) -> int:
        """Nothing is started."""
        raise AssertionError(command)


def container(service: str, folder: Path, **network: object) -> dict[str, object]:
    """What `docker inspect` tells of a container that Compose started from a folder."""
    labels = {
        "com.docker.compose.project": "shop-live",
        "com.docker.compose.service": service,
        "com.docker.compose.project.working_dir": str(folder),
        "com.docker.compose.project.config_files": f"{folder}/compose.yaml,{folder}/compose.prod.yaml",
        "com.docker.compose.project.environment_file": f"{folder}/.env.live",
    }
    config = {"Labels": labels, "WorkingDir": "/srv", "Entrypoint": ["/start.sh"], "Cmd": ["serve"]}
    return {"Name": f"/{service}", "Config": config, "NetworkSettings": network}


def test_a_project_that_was_started_here_is_known(tmp_path: Path) -> None:
    """Its real name, its files in order, its env file, its ports and how its containers were started."""
    ports = {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8088"}, {"HostIp": "::", "HostPort": "8088"}]}
    (found,) = running_in(tmp_path, Engine(container("api", tmp_path, Ports=ports), container("db", tmp_path)))

    assert (found.project, found.env_file) == ("shop-live", ".env.live")
    assert found.files == ("compose.yaml", "compose.prod.yaml")
    assert found.ports("api") == (("127.0.0.1", 8088, 8000),)
    assert (found.workdir("api"), found.command("api")) == ("/srv", ("/start.sh", "serve"))
    assert found.ports("db") == ()


def test_what_was_started_elsewhere_is_not_ours(tmp_path: Path) -> None:
    """A project of another folder is left aside, and so is a machine without Docker."""
    assert running_in(tmp_path / "mine", Engine(container("api", tmp_path / "other"))) == ()
    assert running_in(tmp_path, Engine()) == ()


@contextmanager
def serving(pages: dict[str, tuple[int, str]]) -> Iterator[str]:
    """A server on loopback that knows some pages."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = pages.get(self.path, (404, "{}"))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def found_at(url: str) -> Found:
    """What the files told: a health page that is only likely, and routes that were counted."""
    api = ServiceFacts(name="api", where="x", role="web", framework=Fact("fastapi", "x"), routes=guess(40, "5 files"))
    live = guess("/status", "x.py:3")
    fact = Fact("shop", "x")
    return Found(name=fact, runtime="compose", project=fact, services=(api,), url=Fact(url, "docker ps"), live=live)


def test_what_serves_takes_the_place_of_guesses() -> None:
    """A page that answers, the number of its operations, and how long its front page took."""
    document = json.dumps({"paths": {"/items": {"get": {}, "post": {}}, "/up": {"get": {}, "parameters": []}}})
    pages = {"/healthz": (200, "ok"), "/": (200, "hi"), "/openapi.json": (200, document), "/readyz": (200, "{}")}
    with serving(pages) as url:
        found = measure(found_at(url))

    assert found.live is not None
    assert (found.live.value, found.live.sure) == ("/healthz", True)
    assert found.ready is not None
    assert found.ready.value == "/readyz"
    assert found.services[0].routes == Fact(3, "/openapi.json of what serves")
    assert [(page.path, page.status) for page in found.pages] == [("/", 200)]


def test_what_does_not_answer_leaves_the_files_word() -> None:
    """The address is no longer certain, and that is said."""
    with serving({}) as url:
        pass
    found = measure(found_at(url))

    assert found.url is not None
    assert not found.url.sure
    assert found.notes == (f"{url} does not answer from here, although the project runs",)


def running() -> Running:
    """A project without containers."""
    return Running(project="a", files=())


def test_a_service_that_does_not_run_has_no_facts() -> None:
    """Nothing is made up."""
    assert (running().workdir("x"), running().command("x"), running().ports("x")) == ("", (), ())
