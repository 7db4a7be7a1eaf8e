"""An application that migrates by a tool gonogo was not told of: a one-shot service runs it before the others start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from .base_images import ensure
from .small import create, serving
from .stack import Stack, stack

__all__: list[str] = []

pytestmark = pytest.mark.thorough

MANAGE = """\
import glob, runpy, sys

if sys.argv[1] == "migrate":
    for path in sorted(glob.glob("migrations/*.py")):
        runpy.run_path(path)
"""
INIT = """\
  init:
    build: .
    command: sh -c "python manage.py migrate && python manage.py seed"
volumes:
"""
WAITS = """\
    build: .
    depends_on:
      init: {condition: service_completed_successfully}
    init: true
"""


@pytest.fixture
def site(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Stack]:
    """One release of it serves."""
    ensure("python:3.11-slim")
    with stack(tmp_path, engine, "foreign") as made:
        create(made, base="python:3.11-slim")
        made.replace("docker-compose.yml", "volumes:\n  data:", f"{INIT}  data:")
        made.replace("docker-compose.yml", "    build: .\n    init: true\n", WAITS)
        made.replace("gonogo.toml", 'migrations = "alembic"\nmigrations_config = "app/alembic.ini"\n', "")
        made.write({"app/manage.py": MANAGE, "app/migrations/0001.py": "print('tables')\n"})
        made.commit("First release")
        ended = made.deploy()
        assert ended.code == 0, ended
        yield made


def test_migration_that_fails_before_anything_is_replaced_leaves_what_serves(site: Stack) -> None:
    """The run holds, names the release that still serves, and shows the migration's last words; a rollback ends it."""
    old, before = serving(site), site.lives()
    site.write({"app/migrations/0002.py": "print('first half')\nraise SystemExit('relation gone does not exist')\n"})
    new = site.commit("Half a migration")
    ended = site.gonogo("deploy", "--env", "staging")

    assert ended.code == 6, ended
    assert f"HELD: {new} did not start, {old[-7:] if old else ''} still serves, a person decides" in ended.err
    assert "    relation gone does not exist" in ended.err
    assert f"until then {old[-7:] if old else ''} serves." in " ".join(ended.err.split())
    assert (serving(site), site.lives()["web"]) == (old, before["web"])
    assert f"HELD: {new} did not start, {old[-7:] if old else ''} still serves" in site.gonogo("status").err

    back = site.gonogo("rollback", "--env", "staging")

    assert back.code == 0, back
    assert (serving(site), site.containers()["init"].labels["gonogo.release"]) == (old, old)
