"""A release of many services is pinned with all it runs on: two releases of one application, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from .base_images import ensure
from .page import HEALTH, server
from .stack import Ended, Stack, stack

__all__: list[str] = []

pytestmark = pytest.mark.thorough

SERVER = server(
    "' '.join([VERSION, *(pathlib.Path(name).read_text().strip() for name in FILES)])",
    before="""\
import pathlib

VERSION = "@VERSION@"
FILES = ("/etc/shop/greeting", "/run/secrets/token", "/banner", "/uploads/photo")
""",
)
ALEMBIC = """\
#!/usr/bin/env python3
import pathlib
import sys

known = "@REVISIONS@".split()
database = pathlib.Path("/database/revision")
now = database.read_text() if database.exists() else known[0]
if now not in known:
    sys.exit(f"Can't locate revision identified by '{now}'")
database.write_text(known[-1])
"""
DOCKERFILE = """\
FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1
COPY --chmod=755 bin/alembic /usr/local/bin/alembic
WORKDIR /srv/app
COPY app ./app
CMD ["python", "app/server.py"]
"""
MODEL = """\
include: [jobs.yml]
services:
  web:
    build: .
    init: true
    ports: ["127.0.0.1:@PORT@:8000"]
    depends_on:
      migrate: {condition: service_completed_successfully}
    volumes: ["./etc:/etc/shop:ro", "./uploads:/uploads"]
    secrets: [token]
    configs: [{source: banner, target: /banner}]
@HEALTH@  migrate:
    build: .
    command: [alembic, upgrade, head]
    volumes: ["database:/database"]
  @ONLY@:
    build: .
    init: true
    command: [python, -c, "import time; time.sleep(600)"]
  admin:
    build: .
    init: true
    profiles: [office]
    command: [python, -c, "import time; time.sleep(600)"]
  someday:
    build: .
    scale: 0
  debugger:
    build: .
    profiles: [desk]
secrets:
  token: {file: ./token.txt}
configs:
  banner: {file: ./banner.txt}
volumes:
  database:
"""
JOBS = """\
services:
  worker:
    build: .
    init: true
    command: [python, -c, "import time; time.sleep(600)"]
    deploy: {replicas: 2}
"""
TOML = """\
[app]
name = "pins"

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
profiles = ["office"]
health = { live = "/", stable_for = "1s", timeout = "60s" }
"""


@dataclass
class Shop:
    """The stack, and its two versions."""

    stack: Stack
    engine: docker.DockerClient

    def commit(self, version: str, *, only: str, revisions: str) -> None:
        """A version, with the one service that only it has."""
        values = {"VERSION": version, "ONLY": only, "REVISIONS": revisions, "PROJECT": self.stack.project}
        values |= {"PORT": str(self.stack.port), "STATE": str(self.stack.state)}
        files = {
            "app/server.py": SERVER,
            "bin/alembic": ALEMBIC,
            "Dockerfile": DOCKERFILE,
            "docker-compose.yml": MODEL.replace("@HEALTH@", HEALTH.replace("/healthz", "/")),
            "jobs.yml": JOBS,
            "etc/greeting": f"greeting-{version}\n",
            "banner.txt": f"banner-{version}\n",
            "gonogo.toml": TOML,
            ".gitignore": "reports/\ntoken.txt\nuploads/\n",
        }
        for key, value in values.items():
            files = {name: text.replace(f"@{key}@", value) for name, text in files.items()}
        self.stack.write(files)
        self.stack.commit(version)

    def rollback(self) -> Ended:
        """Go back to the release before."""
        return self.stack.gonogo("rollback", "--env", "staging", "--json")

    def page(self) -> str:
        """What the application says of itself and of its files."""
        with self.stack.client() as client:
            return client.get("/").text

    def states(self) -> dict[str, list[str]]:
        """Service → the states of its containers."""
        mine: dict[str, str | list[str] | bool] = {"label": f"com.docker.compose.project={self.stack.project}"}
        found: dict[str, list[str]] = {}
        for one in self.engine.containers.list(all=True, filters=mine):
            found.setdefault(one.labels["com.docker.compose.service"], []).append(one.status)
        return found

    def leave_behind(self, image: str) -> Container:
        """A container that an old release forgot."""
        labels = {"project": self.stack.project, "service": "ghost", "oneoff": "False", "container-number": "1"}
        named = {f"com.docker.compose.{key}": value for key, value in labels.items()}
        command = ["python", "-c", "import time; time.sleep(600)"]
        name = f"{self.stack.project}-ghost-1"
        labels = named | {"gonogo.release": "yesterday"}
        return self.engine.containers.run(image, command, detach=True, init=True, name=name, labels=labels)


@pytest.fixture
def shop(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Shop]:
    """A repository without a commit; what the host has and git does not know stands in it."""
    ensure("python:3.11-slim")
    with stack(tmp_path, engine, "pins") as made:
        made.create({"token.txt": "token-old\n", "uploads/photo": "photo-1\n"})
        yield Shop(made, engine)


def test_release_goes_there_and_back_with_all_it_runs_on(shop: Shop) -> None:
    """Services, replicas, profiles, one-shots and tracked files are the release's; uploads and secrets are today's.

    Nobody misses an instance of the service that is scaled to none.
    """
    shop.commit("v1", only="mailer", revisions="r1")
    first = shop.stack.deploy()
    assert first.code == 0, first
    pages, seen = [shop.page()], [shop.states()]
    old = shop.stack.release(first.document["release"])

    shop.commit("v2", only="courier", revisions="r1 r2")
    second = shop.stack.deploy()
    assert second.code == 0, second
    pages.append(shop.page())
    seen.append(shop.states())

    shop.stack.write({"token.txt": "token-new\n", "uploads/photo": "photo-2\n"})
    image = old["images"]["web"]
    forgotten = shop.leave_behind(image)
    not_alone = shop.rollback()
    forgotten.remove(force=True)
    back = shop.rollback()
    assert back.code == 0, back
    pages.append(shop.page())
    seen.append(shop.states())

    both = {"web": ["running"], "worker": ["running"] * 2, "admin": ["running"]}
    assert pages == [
        "v1 greeting-v1 token-old banner-v1 photo-1",
        "v2 greeting-v2 token-old banner-v2 photo-1",
        "v1 greeting-v1 token-new banner-v1 photo-2",
    ]
    assert seen == [
        both | {"migrate": ["exited"], "mailer": ["running"]},
        both | {"migrate": ["exited"], "courier": ["running"]},
        both | {"migrate": ["created"], "mailer": ["running"]},
    ]
    assert old["migrating"] == ["migrate"]
    (restored,) = [step for step in back.document["steps"] if step["name"] == "restore"]
    assert restored["said"].endswith(" healthy; migrate not run again: the schema stays ahead")
    assert (shop.stack.root / "uploads/photo").read_text() == "photo-2\n"
    assert not_alone.code == 6, not_alone
    assert (
        f"service ghost: container {shop.stack.project}-ghost-1 of release yesterday is left with image {image:.19}, "
        "expected none: the release has no such service."
    ) in not_alone.err + not_alone.out
