"""A release of another runtime than the one before, on a real Engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import docker
import httpx
import psutil
import pytest

from .base_images import ensure
from .page import DOCKERFILE, HEALTH, server
from .stack import Stack, stack

__all__: list[str] = []

pytestmark = [pytest.mark.xdist_group("other-runtime"), pytest.mark.thorough]

MODEL = f"""\
services:
  web:
    build: .
    init: true
    ports: ["127.0.0.1:@PORT@:8000"]
{HEALTH}"""
TOML = """\
[app]
name = "other"

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
health = { stable_for = "100ms", timeout = "60s" }
attempts = 1
max_downtime = "1h"
@RUNTIME@

[[env.staging.endpoint]]
request = "GET /"
contains = "price"
"""
COMPOSE = """
[env.staging.service.web]
"""
PROCESS = f"""runtime = "process"

[env.staging.service.web]
command = "{{python}} server.py"
port = @PORT@

[env.staging.commands]
environment = "{sys.executable} -m venv --without-pip {{venv}}"
install = "true"
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Stack]:
    """An application that runs as a process, deployed so."""
    ensure("python:3.11-slim")
    with stack(tmp_path_factory.mktemp("other"), engine, "other") as made:
        made.create({"Dockerfile": DOCKERFILE, "docker-compose.yml": MODEL.replace("@PORT@", str(made.port))})
        configure(made, PROCESS)
        answers(made, "'a price'")
        made.commit("first")
        yield made
        for pid in pids(made):
            psutil.Process(pid).kill()


def configure(site: Stack, runtime: str) -> None:
    """Write gonogo.toml for one of the two runtimes."""
    text = TOML.replace("@RUNTIME@", runtime).replace("@PROJECT@", site.project).replace("@STATE@", str(site.state))
    site.write({"gonogo.toml": text.replace("@PORT@", str(site.port))})


def answers(site: Stack, answer: str) -> None:
    """What the page says; the port is the environment's where it names one."""
    text = server(answer).replace("import http.server\n", "import http.server, os\n", 1)
    site.write({"server.py": text.replace('("", 8000)', '("", int(os.environ.get("PORT", "8000")))')})


def pids(site: Stack) -> list[int]:
    """The processes of the runtime ``process`` that run."""
    folder = str(site.state)
    found = psutil.process_iter(["cmdline", "pid"])
    return [one.pid for one in found if any(folder in word for word in one.info["cmdline"] or ()) and one.pid]


def containers(site: Stack, engine: docker.DockerClient) -> list[str]:
    """The services of its Compose project that run."""
    label = f"com.docker.compose.project={site.project}"
    return [one.labels["com.docker.compose.service"] for one in engine.containers.list(filters={"label": label})]


def test_each_release_is_started_by_the_runtime_that_made_it(site: Stack, engine: docker.DockerClient) -> None:
    """Process, then Compose; a red process goes back to Compose, by hand back to the process: nothing is left behind.

    Seen: the kept release was started by the wrong runtime, and the other one's processes held the port.
    """
    first = site.deploy()
    assert first.code == 0, first
    configure(site, COMPOSE)
    answers(site, "'a price too'")
    site.commit("in containers")
    second = site.deploy()
    assert second.code == 0, second
    assert (containers(site, engine), pids(site)) == (["web"], [])

    configure(site, PROCESS)
    answers(site, "'nothing'")
    site.commit("red")
    red = site.deploy()
    assert red.code == 1, red
    assert red.document["ending"].startswith("REVERTED")
    assert (containers(site, engine), pids(site)) == (["web"], [])
    assert httpx.get(f"http://127.0.0.1:{site.port}/").text == "a price too"

    back = site.gonogo("rollback", "--env", "staging", "--json", "--to", first.document["release"])
    assert back.code == 0, back
    assert (containers(site, engine), len(pids(site))) == ([], 1)
    assert httpx.get(f"http://127.0.0.1:{site.port}/").text == "a price"
    assert site.gonogo("status", "--env", "staging").code == 0


def test_red_gate_stays_the_ending_where_the_url_cannot_be_told(site: Stack) -> None:
    """Seen: exit 4 with no cause, since the model that Compose refuses has no port either."""
    configure(site, COMPOSE)
    site.write({"docker-compose.yml": "services:\n  web:\n    ports: [not, a, port]\n"})
    site.commit("no model")
    refused = site.deploy()

    assert refused.code == 1, refused
    assert [cause["code"] for cause in refused.document["causes"]]
    assert "before the first touch" in refused.document["ending"]
