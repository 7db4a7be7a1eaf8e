"""An old container gets requests that are meant for the new release, of an application that never says which it is.

What is found is tried on containers alone; ``GONOGO_ALL_CRASHES=1`` deploys, and goes to each ending.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import docker
import pytest
from docker.models.containers import Container
from docker.types import EndpointConfig

from gonogo.demo.ports import free_port
from gonogo.host.runner import LocalHost
from gonogo.runtimes.compose.ways import strangers

from .base_images import ensure
from .page import DOCKERFILE, HEALTH, server
from .stack import Ended, Stack, stack

__all__: list[str] = []

pytestmark = pytest.mark.xdist_group("who-answers")
every = pytest.mark.skipif(not os.environ.get("GONOGO_ALL_CRASHES"), reason="GONOGO_ALL_CRASHES=1 tries every way")

MODEL = """\
services:
  web:
    build: .
    init: true
@HEALTH@@MORE@  front:
    image: caddy:2
    command: [caddy, run, --config, /etc/caddy/Caddyfile]
    depends_on: [web]
    ports: ["127.0.0.1:@PORT@:80"]
    volumes: ["./Caddyfile:/etc/caddy/Caddyfile:ro"]
"""
CADDYFILE = """\
{
    auto_https off
}
:80 {
    reverse_proxy @UPSTREAM@
}
"""
DIRECT = MODEL.partition("@MORE@")[0].replace("    init:", '    ports: ["127.0.0.1:@PORT@:8000"]\n    init:')
ORPHANED = """\
  extra:
    build: .
    ports: ["127.0.0.1:@EXTRA@:8000"]
"""
TOML = """\
[app]
name = "who"

[service.web]

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
health = { stable_for = "100ms", timeout = "30s" }
attempts = 1
max_downtime = "1h"

[[env.staging.endpoint]]
request = "GET /"
contains = "price"
@STEP@
"""
STEP = """
[[env.staging.step]]
name = "somebody"
before = "@BEFORE@"
run = "@RUN@"
undo = "true"
"""


@dataclass
class Site:
    """The application, and the containers that somebody started by hand."""

    app: Stack
    engine: docker.DockerClient
    by_hand: list[str] = field(default_factory=list)
    first: str = ""
    image: str = ""

    def write(self, *, model: str = MODEL, upstream: str = "web:8000", step: str = "", more: str = "") -> str:
        """Commit a release; returns the commit's short id."""
        app = self.app
        toml = TOML.replace("@PROJECT@", app.project).replace("@STATE@", str(app.state)).replace("@STEP@", step)
        app.write(
            {
                "server.py": server(repr(f"price {secrets.token_hex(4)}")),
                "docker-compose.yml": model.replace("@HEALTH@", HEALTH)
                .replace("@MORE@", more)
                .replace("@PORT@", str(app.port)),
                "Caddyfile": CADDYFILE.replace("@UPSTREAM@", upstream),
                "gonogo.toml": toml.replace("@PORT@", str(app.port)),
            }
        )
        return app.commit("another")

    def run(self, *options: str) -> str:
        """The command by which somebody starts an old container, as a step may run it; its name is the last word."""
        name = f"{self.app.project}-old-{secrets.token_hex(2)}"
        self.by_hand.append(name)
        return " ".join(("docker", "run", "--detach", "--init", "--name", name, *options, self.image))

    @property
    def old(self) -> str:
        """The newest container that somebody started, or will."""
        return self.by_hand[-1]

    def start(self, *options: str) -> str:
        """Somebody starts an old container; returns its name."""
        subprocess.run(self.run(*options).split(), check=True, capture_output=True, timeout=60)
        return self.old

    def remove(self) -> None:
        """Take away what somebody started."""
        while self.by_hand:
            with contextlib.suppress(docker.errors.NotFound):
                self.engine.containers.get(self.by_hand.pop()).remove(force=True, v=True)

    def rollback(self) -> Ended:
        """Go back to the first release by hand."""
        return self.app.gonogo("rollback", "--env", "staging", "--to", self.first, "--json")


@pytest.fixture(scope="module")
def module_site(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Site]:
    """One good release behind Caddy."""
    for image in ("python:3.11-slim", "caddy:2"):
        ensure(image)
    with stack(tmp_path_factory.mktemp("who"), engine, "who") as app:
        app.create({"Dockerfile": DOCKERFILE, ".gitignore": "reports/\n"})
        made = Site(app, engine)
        made.write()
        ended = app.deploy()
        assert ended.code == 0, ended
        made.first = str(ended.document["release"])
        made.image = f"{app.project}-web:{made.first}"
        yield made


@pytest.fixture
def site(module_site: Site) -> Iterator[Site]:
    """The first release serves, and nobody started anything."""
    yield module_site
    module_site.remove()


def test_strangers_among_real_containers(engine: docker.DockerClient) -> None:
    """Who has the port, who shares the service's name, and where a real Caddy sends requests; nobody once they are gone."""
    ensure("caddy:2")
    project, port = f"gonogoways-{secrets.token_hex(4)}", free_port()
    net, web = f"{project}_default", {"com.docker.compose.oneoff": "False", "com.docker.compose.project": project}
    caddyfile = CADDYFILE.replace("@UPSTREAM@", f"web:8000 {project}-old:8000")
    words = ["sh", "-c", f"cat > /tmp/C <<'E'\n{caddyfile}E\nexec caddy run --config /tmp/C --adapter caddyfile"]
    model = {
        "name": project,
        "services": {
            "web": {"build": {}},
            "front": {"image": "caddy:2", "command": ["caddy", "run", "--config=/tmp/C", "--adapter=caddyfile"]},
        },
        "networks": {"default": {"name": net}},
    }
    url, host = f"http://127.0.0.1:{port}", LocalHost()

    def run(name: str, service: str, command: list[str], **more: Any) -> None:
        labels = {**web, "com.docker.compose.service": service} if service else {}
        made.append(engine.containers.run("caddy:2", command, name=name, labels=labels, detach=True, **more))

    def seen() -> list[str]:
        return list(strangers(model, ["web"], host, project=project, urls=[url]))

    network, made = engine.networks.create(net), list[Container]()
    try:
        run(f"{project}-web-1", "web", ["sleep", "60"], networking_config=named(net, "web"), network=net)
        run(f"{project}-front-1", "front", words, network=net)
        run(f"{project}-old", "", ["sleep", "60"], networking_config=named(net, "web"), network=net)
        run(f"{project}-kept", "", ["sleep", "60"], ports={"1/tcp": ("127.0.0.1", port)})
        who = f"container {project}-old (caddy:2, project none)"
        all_of_them = seen()
        for one in made[2:]:
            one.remove(force=True)
        left = seen()
    finally:
        for one in made:
            with contextlib.suppress(docker.errors.NotFound):
                one.remove(force=True)
        network.remove()

    assert all_of_them == [
        f"{url}: container {project}-kept (caddy:2, project none) has the port, and no way to this release",
        f"{who} answers to the name web too in network {net}, and gets its requests",
        f"front sends requests for web:8000 to {who}, which is not of this release",
    ]
    assert left == []


def named(network: str, alias: str) -> dict[str, EndpointConfig]:
    """How the SDK gives a container another name in a network."""
    return {network: EndpointConfig("1.44", aliases=[alias])}


def found(ended: Ended) -> list[tuple[str, str]]:
    """The red checks that ended a run."""
    return [(check["code"], check["found"]) for check in ended.document["causes"]]


@every
def test_proxy_that_is_pointed_at_an_old_container_is_turned_back(site: Site) -> None:
    """Exit 1: every page is good, the upstream is not the release; the old configuration is back, and proven."""
    old = site.start("--network", f"{site.app.project}_default")
    site.write(upstream=f"{old}:8000")
    ended = site.app.deploy()

    assert ended.code == 1, ended
    assert ended.document["ending"].startswith(f"REVERTED to {site.first[-7:]} after ")
    assert found(ended) == [
        (
            "D06",
            f"front sends requests for {old}:8000 to container {old} ({site.image}, project none), "
            "which is not of this release",
        )
    ]
    assert ended.document["verified"]["exitstatus"] == 0


@every
def test_old_container_with_the_name_of_the_service_needs_a_human(site: Site) -> None:
    """Exit 6: it shares the requests of whatever release runs; once it is gone, the rollback is proven."""
    network = f"{site.app.project}_default"
    run = site.run("--network", network, "--network-alias", "web")
    site.write(step=STEP.replace("@BEFORE@", "start").replace("@RUN@", run))
    ended = site.app.deploy()
    site.remove()
    mended = site.rollback()

    assert ended.code == 6, ended
    name = run.split("--name ")[1].split()[0]
    who = f"container {name} ({site.image}, project none)"
    ((code, said),) = found(ended)
    assert code == "D06"
    assert f"{who} answers to the name web too in network {network}, and gets its requests" in said
    assert ended.document["ending"].startswith(f"NEEDS A HUMAN: {site.first[-7:]} is back after ")
    assert "but its gate is red" in ended.document["ending"]
    assert mended.code == 0, mended
    assert mended.document["verified"]["exitstatus"] == 0


@every
def test_old_container_that_takes_the_port_needs_a_human(site: Site) -> None:
    """Exit 6: neither the new release nor the old one can start, and who is in the way is named; then rollback ends well."""
    run = site.run("--publish", f"127.0.0.1:{site.app.port}:8000")
    stop = f"docker stop {site.app.project}-front-1 && {run}"
    step = STEP.replace("@BEFORE@", "start").replace("@RUN@", f"sh -c '{stop}'")
    site.write(step=step)
    ended = site.app.deploy()
    old = site.old
    site.remove()
    mended = site.rollback()

    assert ended.code == 6, ended
    said = f"127.0.0.1:{site.app.port}: found container {old} of project"
    assert ended.document["ending"].startswith(f"NEEDS A HUMAN: {site.first[-7:]} could not be started again: {said}")
    assert mended.code == 0, mended
    assert mended.document["verified"]["exitstatus"] == 0


@every
def test_orphan_that_keeps_a_port_stops_the_deployment(site: Site) -> None:
    """Exit 1, untouched: a container of a service that no compose file names any more would not give up its port."""
    labels = [f"com.docker.compose.project={site.app.project}", "com.docker.compose.service=gone"]
    extra = str(free_port())
    options = [word for label in (*labels, "com.docker.compose.oneoff=False") for word in ("--label", label)]
    old = site.start(*options, "--publish", f"127.0.0.1:{extra}:8000")
    serving = site.app.lives()
    site.write(more=ORPHANED.replace("@EXTRA@", extra))
    ended = site.app.deploy()
    site.remove()

    assert ended.code == 1, ended
    assert ended.document["ending"].startswith("NO-GO before the first touch")
    assert [code for code, _ in found(ended)] == ["P16"]
    assert f'held by container {old} of project "{site.app.project}"' in found(ended)[0][1]
    serving.pop("gone")
    assert site.app.lives() == serving
