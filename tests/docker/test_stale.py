"""A release whose image holds yesterday's code is caught by the build gate, before anything was stopped."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import docker
import pytest

from . import page
from .base_images import ensure
from .page import HEALTH, server
from .stack import Ended, Stack, stack

__all__: list[str] = []

pytestmark = pytest.mark.xdist_group("stale")

SERVER = server("price.TEXT", before="import price")
DOCKERFILE = page.DOCKERFILE.replace("server.py ./", "app ./")
FROM_BUILDER = """\
FROM @PROJECT@-builder:latest AS builder
FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/app
COPY --from=builder /srv/app ./
USER nobody
CMD ["python", "server.py"]
"""
COMPILE = """
RUN sed 's/cents/marks/' price.py > /tmp/price.py && touch --reference=price.py /tmp/price.py \\
 && python -c "import py_compile as p; p.compile('/tmp/price.py', '__pycache__/price.cpython-311.pyc', 'price.py'@MODE@)"
"""
CACHED = """
USER root
RUN --mount=type=cache,id=@PROJECT@,target=/cache [ -f /cache/price.py ] || sed 's/cents/marks/' price.py > /cache/price.py
RUN --mount=type=cache,id=@PROJECT@,target=/cache cp /cache/price.py price.py
"""
SOURCELESS = """
USER root
RUN python -c "import py_compile as p; p.compile('price.py', 'price.pyc')" && rm price.py
"""
INSTALLED = """\
FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv
COPY app ./app
RUN packages="$(python -c "import site; print(site.getsitepackages()[0])")" && mkdir -p "$packages" \\
 && cp app/server.py "$packages" && sed 's/cents/marks/' app/price.py > "$packages/price.py"
USER nobody
CMD ["python", "-m", "server"]
"""
MODEL = """\
services:
  web:
    build: .
    init: true
    ports: ["127.0.0.1:@PORT@:8000"]
@HEALTH@"""
WORKER = """\
  worker:
    image: @PROJECT@-worker:latest
    init: true
    command: [python, -c, "import time; time.sleep(600)"]
"""
TOML = """\
[app]
name = "stale"

[service.web]
entrypoint = "server"
code = { "app" = "/srv/app" }

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
attempts = 1
health = { stable_for = "1s", timeout = "60s" }
"""
MOUNT = '    volumes: ["./old:/srv/app:ro"]\n'
BUILT_WORKER = """\
  worker:
    build: .
    init: true
    command: [python, -c, "import time; time.sleep(600)"]
"""
LEFT_BEHIND = """
[[env.staging.step]]
name = "leave-behind"
after = "start"
run = [
  "docker", "run", "--detach", "--init", "--name", "@PROJECT@-worker-9",
  "--label", "com.docker.compose.project=@PROJECT@", "--label", "com.docker.compose.service=worker",
  "--label", "com.docker.compose.oneoff=False", "--label", "com.docker.compose.container-number=9",
  "@IMAGE@", "python", "-c", "import time; time.sleep(600)",
]
"""
WORKER_SERVICE = '\n[service.worker]\ncode = { "app" = "/srv/app" }\n'


@dataclass
class Site:
    """The stack, and its files as today's commit has them."""

    stack: Stack
    prices: int = 0
    before: dict[str, tuple[str, str]] = field(default_factory=dict)

    def text(self, template: str) -> str:
        """A template with this stack's names."""
        filled = template.replace("@PROJECT@", self.stack.project).replace("@PORT@", str(self.stack.port))
        return filled.replace("@STATE@", str(self.stack.state))

    def commit(self, *, dockerfile: str = DOCKERFILE, worker: bool = False, left: str = "") -> str:
        """A commit with a new price; ``left`` is the image of a worker that comes up after the start."""
        self.prices += 1
        model, toml = MODEL.replace("@HEALTH@", HEALTH) + WORKER * worker, TOML + WORKER_SERVICE * worker
        if left:
            model = model + MOUNT + BUILT_WORKER
            toml += WORKER_SERVICE + LEFT_BEHIND.replace("@IMAGE@", left)
        self.stack.write(
            {
                "app/server.py": SERVER,
                "app/price.py": f'TEXT = "{self.prices} cents"\n',
                "Dockerfile": self.text(dockerfile),
                "docker-compose.yml": self.text(model),
                "gonogo.toml": self.text(toml),
                ".gitignore": "reports/\nold/\n",
            }
        )
        return self.stack.commit(f"{self.prices} cents")

    def build(self, name: str) -> None:
        """An image of what the checkout holds now, tagged ``latest``."""
        tag = f"{self.stack.project}-{name}:latest"
        subprocess.run(["docker", "build", "--quiet", "--tag", tag, str(self.stack.root)], check=True, timeout=120)

    def deploy(self) -> Ended:
        """Deploy, and keep what served before it."""
        self.before = self.stack.lives()
        return self.stack.deploy()

    def page(self) -> str:
        """What serves now says."""
        with self.stack.client() as client:
            return client.get("/").text


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Site]:
    """The first price, deployed and serving; ``latest`` images of that day stay behind."""
    ensure("python:3.11-slim")
    with stack(tmp_path_factory.mktemp("stale"), engine, "stale") as made:
        made.create({})
        built = Site(made)
        built.commit()
        for name in ("builder", "worker"):
            built.build(name)
        ended = made.deploy()
        assert ended.code == 0, ended
        assert built.page() == "1 cents"
        yield built


@pytest.fixture
def refused(site: Site) -> Callable[[Ended, str], str]:
    """Says what a check found, once it is sure that the deploy ended before the first touch and touched nothing."""

    def found(ended: Ended, code: str) -> str:
        checks = {check["code"]: check for check in ended.document["causes"] or red(ended)}
        assert ended.code == 1, ended
        assert ended.document["ending"].startswith("NO-GO before the first touch: nothing that serves was changed; "), (
            ended
        )
        assert ended.document["steps"][-1]["name"] == "build gate"
        assert site.stack.lives() == site.before
        assert site.page() == "1 cents"
        assert code in checks, ended
        message: str = checks[code]["found"]
        return message

    return found


def red(ended: Ended) -> list[dict[str, str]]:
    """The red checks of the last gate."""
    gate = ended.document["steps"][-1]["gate"]
    return [check for check in gate["checks"] if check["outcome"] == "failed"]


@pytest.mark.thorough
def test_builder_that_is_a_stale_latest_is_caught(site: Site, refused: Callable[[Ended, str], str]) -> None:
    """A stage that comes from an image of yesterday gives yesterday's files: B02 names the one that differs."""
    commit = site.commit(dockerfile=FROM_BUILDER)
    message = refused(site.deploy(), "B02[web]")

    assert message.startswith("1 files in image ")
    assert f" are not those of {commit}; /srv/app/price.py: found " in message


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("", "header, time and size fit, but the code is not the source's"),
        (
            ", invalidation_mode=p.PycInvalidationMode.UNCHECKED_HASH",
            "Python runs it without ever looking at its source",
        ),
    ],
    ids=["impostor", "unchecked"],
)
def test_stale_bytecode_is_caught(site: Site, refused: Callable[[Ended, str], str], mode: str, said: str) -> None:
    """Bytecode of other code that Python takes for its source's, or never compares with it, is named by B03."""
    site.commit(dockerfile=DOCKERFILE.replace("USER nobody", COMPILE.replace("@MODE@", mode) + "USER nobody"))
    message = refused(site.deploy(), "B03[web]")

    assert f" compiled files in image {site.stack.project}-web:" in message
    assert ": /srv/app/__pycache__/price.cpython-311.pyc: " in message
    assert said in message


@pytest.mark.thorough
def test_image_that_was_not_rebuilt_is_caught(site: Site, refused: Callable[[Ended, str], str]) -> None:
    """A deployed service whose image Compose does not build is yesterday's: B01 asks for the commit, B02 for its files."""
    commit = site.commit(worker=True)
    ended = site.deploy()
    label, files = refused(ended, "B01[worker]"), refused(ended, "B02[worker]")

    assert ": org.opencontainers.image.revision: found " in label
    assert label.endswith(f"expected {site.stack.git('rev-parse', 'HEAD')}")
    assert f" are not those of {commit}; /srv/app/price.py: found " in files


@pytest.mark.thorough
def test_cache_mount_that_serves_an_old_artefact_is_caught(site: Site, refused: Callable[[Ended, str], str]) -> None:
    """What an earlier build left in a cache mount is copied over the commit's file: B02 names it."""
    commit = site.commit(dockerfile=DOCKERFILE.replace("USER nobody", CACHED + "USER nobody"))
    message = refused(site.deploy(), "B02[web]")

    assert f" are not those of {commit}; /srv/app/price.py: found " in message


@pytest.mark.thorough
def test_bytecode_without_source_is_caught(site: Site, refused: Callable[[Ended, str], str]) -> None:
    """A module that is there as bytecode alone is named by B03, and its lost source by B02."""
    commit = site.commit(dockerfile=DOCKERFILE.replace("USER nobody", SOURCELESS + "USER nobody"))
    ended = site.deploy()
    bytecode, files = refused(ended, "B03[web]"), refused(ended, "B02[web]")

    assert ": /srv/app/price.pyc: " in bytecode
    assert f" are not those of {commit}; /srv/app/price.py: found nothing" in files


@pytest.mark.thorough
def test_installed_copy_that_shadows_the_source_is_caught(site: Site, refused: Callable[[Ended, str], str]) -> None:
    """An installed copy of yesterday is imported although the source beside it is the commit's: B04 names the module."""
    commit = site.commit(dockerfile=INSTALLED)
    message = refused(site.deploy(), "B04[web]")

    assert ": server: found price imported from /" in message
    assert f"-packages/price.py, whose content is not app/price.py of {commit}; expected it from /srv/app (" in message


@pytest.mark.thorough
def test_old_worker_and_mount_over_the_code_are_caught(site: Site) -> None:
    """After the start D04 names a worker on the old image and D05 code that a mount hides; the old release is back."""
    old = site.stack.images()["web"]
    site.stack.write({"old/server.py": SERVER, "old/price.py": 'TEXT = "0 cents"\n'})
    commit = site.commit(left=old)
    ended = site.deploy()
    assert ended.code == 1, ended
    said = {check["code"]: check["found"] for check in ended.document["causes"]}

    assert site.page() == "1 cents"
    assert f"{site.stack.project}-worker-9 of image {old:.19}" in said["D04"]
    assert f"are not those of {commit}; /srv/app/price.py: found " in said["D05[web]"]
