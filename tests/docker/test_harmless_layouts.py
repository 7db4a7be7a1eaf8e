"""Good releases of layouts that other people use: each is GO, without a warning."""

from __future__ import annotations

import os
import py_compile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from .small import GREEN, create, migration, pages, serving
from .stack import Stack, stack

__all__: list[str] = []

pytestmark = pytest.mark.thorough

DOCKERFILE = """\
FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/app
RUN python -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check alembic==1.16.5 \\
 && mkdir /data && chown 65534:65534 /data
COPY app ./
USER 65534:65534
CMD ["./start.sh"]
"""
START = """\
#!/bin/sh
sleep 6
. .venv/bin/activate
exec python server.py
"""


@pytest.fixture
def site(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Stack]:
    """An application with an environment of its own that no PATH names, no health check, and caches in git."""
    with stack(tmp_path, engine, "layouts") as made:
        create(made)
        made.write({"Dockerfile": DOCKERFILE, "app/start.sh": START})
        (made.root / "app/start.sh").chmod(0o755)
        made.replace("app/server.py", "import http.server", "import alembic, http.server")
        made.replace("docker-compose.yml", _health_check(made), "")
        _compiled(made.root / "app/server.py")
        made.commit("First release")
        yield made


def test_application_in_its_own_environment_that_starts_slowly_is_go(site: Stack) -> None:
    """It is asked under its own Python and migrated with its own alembic, it is waited for, and its caches are git's."""
    first = site.deploy("--json")
    assert first.code == 0, first

    pages(site, GREEN | {"/third": 200})
    site.replace("app/server.py", "import http.server", "import alembic, http.server")
    migration(site, "0002", before="0001")
    site.commit("Second release")
    second = site.deploy("--json")

    assert second.code == 0, second
    assert serving(site) == second.document["release"]
    assert "\nwarning" not in second.err  # the first is told that nothing asks its health


def _health_check(site: Stack) -> str:
    """The model's lines of it."""
    model = (site.root / "docker-compose.yml").read_text()
    return model[model.index("    healthcheck:") : model.index("volumes:\n  data:")]


def _compiled(source: Path) -> None:
    """Leave the cache of an older source beside it."""
    os.utime(source, (1_000_000_000, 1_000_000_000))
    py_compile.compile(str(source), doraise=True)


def test_code_that_only_a_mount_brings_is_go(tmp_path: Path, engine: docker.DockerClient) -> None:
    """The image holds no code, settings are a file of the host's, and a log that git tracks grows; then the red twin."""
    with stack(tmp_path, engine, "mounted") as site:
        create(site)
        site.replace("Dockerfile", "COPY app ./\n", "")
        site.replace(
            "docker-compose.yml",
            '["data:/data"]',
            '["data:/data", "./app:/srv/app", "./local.env:/srv/local.env", "/etc/localtime:/etc/localtime:ro", "/etc/hosts:/etc/hosts:ro"]',
        )
        site.write({".gitignore": "reports/\nlocal.env\n", "local.env": "LEVEL=1\n", "app/logs/app.log": "began\n"})
        own = "import http.server\nopen('logs/app.log', 'a').write(open('/srv/local.env').read())\n"
        site.replace("app/server.py", "import http.server", own + "import http.server")
        site.commit("First release")
        os.chown(site.root / "app/logs/app.log", 65534, 65534)
        first = site.deploy("--json")
        site.replace("app/server.py", "import http.server\nopen", "import gone_away, http.server\nopen")
        site.commit("Imports what is nowhere")
        second = site.deploy("--json")

    assert first.code == 0, first
    assert "\nwarning" not in first.err, first
    assert (second.code, second.document["causes"][0]["code"]) == (1, "B04[web]"), second
    assert "gone_away" in second.document["reason"]
