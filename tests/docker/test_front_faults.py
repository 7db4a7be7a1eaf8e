"""A proxy that was changed wrongly is the finding, not the application that answers well behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import docker
import pytest

from gonogo.records.findings import findings
from gonogo.records.run_results import RunResult

from .base_images import ensure
from .small import GREEN, SERVER
from .stack import Stack, stack

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600), pytest.mark.thorough]

MODEL = """\
services:
  web:
    build: .
    init: true
    expose: ["8000"]
  front:
    image: caddy:2
    init: true
    depends_on: [web]
    ports: ["127.0.0.1:@PORT@:80"]
    volumes: ["./Caddyfile:/etc/caddy/Caddyfile:ro"]
"""
TOML = """\
[app]
name = "small"

[service.web]
code = { "app" = "/srv/app" }

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
attempts = 1
health = { stable_for = "100ms", timeout = "40s" }

[[env.staging.endpoint]]
request = "GET /page"

[[env.staging.endpoint]]
request = "GET /second"
"""
DOCKERFILE = """\
FROM python:3.12-slim
WORKDIR /srv/app
COPY app ./
USER 65534
CMD ["python", "server.py"]
"""
CADDYFILE = ":80 {\n\treverse_proxy web:8000\n}\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Stack]:
    """An application behind a Caddy of its own, whose first release went GO."""
    ensure("python:3.12-slim")
    ensure("caddy:2")
    with stack(tmp_path_factory.mktemp("front"), engine, "front") as app:
        names = {"@PORT@": str(app.port), "@PROJECT@": app.project, "@STATE@": str(app.state)}
        files = {"docker-compose.yml": MODEL, "gonogo.toml": TOML, "Dockerfile": DOCKERFILE, "Caddyfile": CADDYFILE}
        files |= {"app/server.py": SERVER.replace("@PAGES@", repr(GREEN)), ".gitignore": "reports/\n"}
        for old, new in names.items():
            files = {name: text.replace(old, new) for name, text in files.items()}
        app.create(files)
        app.commit("first")
        first = app.deploy()
        assert first.code == 0, first
        yield app


def causes(document: Any) -> dict[str | None, list[str | None]]:
    """Code of each cause → the codes that are red for it."""
    run = RunResult.model_validate(document)
    return {one.check.code: [check.code for check in one.red] for one in findings(run.causes)}


def test_a_proxy_that_was_changed_to_a_wrong_port_is_the_one_finding(site: Stack) -> None:
    """The finding names the proxy, its file with the lines that changed, and that the service answers well itself."""
    site.replace("Caddyfile", "web:8000", "web:9000")
    site.commit("a wrong port")
    ended = site.deploy()
    document = ended.document

    assert ended.code == 1, ended
    assert causes(document) == {"D06": ["D09[GET /page]", "D09[GET /second]", "D29"]}
    (cause,) = [check for check in document["causes"] if check["code"] == "D06"]
    assert (
        "found 502, expected 200 from front; web answers 200 on port 8000 when it is asked directly" in cause["found"]
    )
    assert "front sends requests to web:9000" in cause["found"]
    changes = "/etc/caddy/Caddyfile: -\treverse_proxy web:8000 +\treverse_proxy web:9000"
    assert cause["found"].endswith(f"; this release changes {changes}")
    assert cause["remedy"].startswith("Mend what the release changes of it (/etc/caddy/Caddyfile)")
    site.replace("Caddyfile", "web:9000", "web:8000")


def test_a_service_that_only_its_container_reaches_is_the_services_finding(site: Stack) -> None:
    """The proxy is as it was; the application listens where nobody else comes: the finding says that, not the proxy."""
    site.replace("app/server.py", '("", 8000)', '("127.0.0.1", 8000)')
    site.commit("listens on loopback")
    ended = site.deploy()
    document = ended.document

    assert ended.code == 1, ended
    (cause,) = [check for check in document["causes"] if check["code"] == "D06"]
    assert "web listens on 127.0.0.1:8000 only, where front cannot reach it" in cause["found"]
    assert cause["remedy"].startswith("Let web listen on 0.0.0.0:8000")
    site.replace("app/server.py", '("127.0.0.1", 8000)', '("", 8000)')


def test_an_application_that_answers_badly_itself_accuses_no_proxy(site: Stack) -> None:
    """The proxy passes on what the application says: it is no part of the finding."""
    site.replace("app/server.py", "status = PAGES.get(self.path, 404)", "status = 500")
    site.commit("broken")
    ended = site.deploy()

    assert ended.code == 1, ended
    (cause,) = [check for check in ended.document["causes"] if check["code"] == "D06"]
    assert "front" not in cause["found"]
    assert "found 500, expected 200" in cause["found"]
