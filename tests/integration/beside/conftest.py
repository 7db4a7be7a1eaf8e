"""A Django project with unit tests of its own, in one environment with gonogo and the usual pytest plugins."""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from gonogo.demo.ports import free_port
from gonogo.records.results import GateResult, read_gate
from tests.support.gates import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["beside", "team", "without"]

ROOT = Path(__file__).resolve().parents[3]
TEAM = (
    "django~=5.2",
    "pytest~=9.2",
    "pytest-cov~=7.1",
    "pytest-django~=4.14",
    "pytest-playwright~=0.10",
    "pytest-randomly~=5.1",
)
KEPT_OUT = re.findall(r"^addopts = (-p no:.*)$", (ROOT / "docs" / "own-checks.md").read_text(), re.MULTILINE)
"""How the page on own checks keeps the plugins that gonogo depends on out of unit tests."""

PROJECT = """\
[tool.pytest.ini_options]
DJANGO_SETTINGS_MODULE = "team.settings"
testpaths = ["tests"]
addopts = "--cov=team --cov-fail-under=90 -W error -x -p no:cacheprovider"

[tool.coverage.run]
parallel = true
"""
CONFTEST = '''\
"""What grew by hand: an option, fixtures of common names, and one that destroys."""

from pathlib import Path

import pytest

USED = Path(__file__).with_name("used.txt")


def used(name):
    with USED.open("a") as stream:
        stream.write(f"{name}\\n")


used("conftest")


def pytest_addoption(parser):
    parser.addoption("--env", default="unit", help="which settings the unit tests use")


@pytest.fixture
def settings():
    used("settings")
    return "the team's settings"


@pytest.fixture
def page():
    used("page")
    return "the team's page"


@pytest.fixture(autouse=True)
def drop_all():
    used("drop_all")
'''
UNIT = """\
def test_home(client):
    assert client.get("/").content == b"hello"


def test_settings(settings, page, pytestconfig):
    assert (settings, page, pytestconfig.getoption("--env")) == ("the team's settings", "the team's page", "unit")
"""
RED = """\
import warnings


def test_one():
    warnings.warn("this is old", DeprecationWarning)


def test_two():
    assert 1 + 1 == 3
"""
CHECKS = '''\
import warnings
from pathlib import Path

import pytest

TEAM = {"_cov", "django", "playwright", "randomly", "cacheprovider", "base_url"}


@pytest.mark.predeploy("T03")
def test_c(project):
    """Red where somebody says so."""
    assert not (project.root / "RED").exists()


@pytest.mark.predeploy("T02")
def test_b(project):
    """Red where somebody says so, too."""
    assert not (project.root / "RED").exists()


@pytest.mark.predeploy("T04")
def test_a(request):
    """A warning is no failure here, and the plugins of the unit tests are not loaded."""
    warnings.warn("this is old", DeprecationWarning)
    loaded = {name for name, plugin in request.config.pluginmanager.list_name_plugin() if plugin is not None}
    assert not loaded & TEAM


@pytest.mark.postdeploy("T05")
def test_home(http):
    """The site says hello."""
    assert http.get("/").text == "hello"
'''
CONFIG = """\
[app]
name = "team"

[service.web]
command = "{python} -m django runserver --noreload --settings team.settings --pythonpath . 127.0.0.1:{port}"
port = {port}

[env.x]
tier = "dev"
runtime = "process"
project = "team-x"
state = "{state}"
health = {{ live = "/healthz", stable_for = "1s" }}

[env.x.commands]
environment = "{python} -m venv --without-pip {{venv}}"
install = "true"
"""
SETTINGS = """\
SECRET_KEY = "unit"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "team.urls"
USE_TZ = True
"""
URLS = """\
from django.http import HttpResponse
from django.urls import path


def home(request):
    return HttpResponse("hello")


urlpatterns = [path("", home), path("healthz", home)]
"""


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def install(venv: Path, packages: tuple[str, ...]) -> None:
    """Make a virtual environment that holds these packages."""
    uv = [sys.executable, "-m", "uv"]
    python = str(venv / "bin" / "python")
    shutil.rmtree(venv, ignore_errors=True)
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(venv)], check=True)
    subprocess.run([*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *packages], check=True)
    (venv / "complete").touch()


def environment(packages: tuple[str, ...]) -> Path:
    """The Python of an environment with these packages, kept from run to run by what was asked for."""
    material = repr((packages, sys.version, (ROOT / "pyproject.toml").read_text()))
    digest = hashlib.sha256(material.encode()).hexdigest()[:16]
    cache = Path(tempfile.gettempdir()) / f"gonogo-test-venvs-{os.geteuid()}"
    cache.mkdir(mode=0o700, exist_ok=True)
    with cache.joinpath(f"{digest}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers of a parallel run share the cache
        if not (cache / digest / "complete").is_file():
            install(cache / digest, packages)
    return cache / digest / "bin" / "python"


@pytest.fixture(scope="session")
def beside() -> Path:
    """The Python of the environment in which the team's plugins and gonogo are."""
    return environment((*TEAM, "--editable", str(ROOT)))


@pytest.fixture(scope="session")
def without(beside: Path) -> Path:
    """The same without gonogo itself: what it depends on stays."""
    freeze = [sys.executable, "-m", "uv", "pip", "freeze", "--exclude-editable", "--python", str(beside)]
    listed = subprocess.run(freeze, check=True, capture_output=True, text=True).stdout
    return environment(tuple(listed.split()))


class Team:
    """The project, and what a person types in it."""

    def __init__(self, folder: Path, python: Path) -> None:
        """Make the repository; ``python`` has gonogo and the team's plugins."""
        self.python, self.state, self._results = python, folder / "state", folder / "results.json"
        port = free_port()
        files = {
            "pyproject.toml": PROJECT,
            "conftest.py": CONFTEST,
            "gonogo.toml": CONFIG.format(python=python, port=port, state=self.state),
            ".gitignore": "reports/\n.coverage*\nused.txt\nRED\n__pycache__/\n",
            "team/__init__.py": "",
            "team/settings.py": SETTINGS,
            "team/urls.py": URLS,
            "tests/test_pages.py": UNIT,
            "tests/test_red.py": RED,
            "checks/test_own.py": CHECKS,
        }
        self.root = Repository(folder)(files, name="team")

    def run(self, *arguments: str, python: Path | None = None, environ: Mapping[str, str] | None = None) -> Ended:
        """Run ``python -m …`` in the project, with nothing of this test run in its environment."""
        given = {"PATH": os.environ["PATH"], "HOME": str(self.state.parent), "COLUMNS": "120"}
        done = subprocess.run(
            [str(python or self.python), "-m", *arguments],
            cwd=self.root,
            env={**given, "PYTHONDONTWRITEBYTECODE": "1", **(environ or {})},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def gate(self, *arguments: str) -> tuple[Ended, GateResult]:
        """A bare ``pytest -m STAGE``, where coverage measures every process that it can and our plugins are kept out."""
        self.forget()
        (kept_out,) = KEPT_OUT
        environ = {"COVERAGE_PROCESS_START": str(self.root / "pyproject.toml"), "PYTEST_ADDOPTS": kept_out}
        ended = self.run("pytest", *arguments, f"--gonogo-results={self._results}", environ=environ)
        result = read_gate(self._results)
        assert result is not None, ended
        return ended, result

    def forget(self) -> None:
        """Remove what unit tests left."""
        for path in (self.root / "used.txt", self._results, *self.root.glob(".coverage*")):
            path.unlink(missing_ok=True)

    def left(self) -> list[str]:
        """What the unit tests' set-up leaves: the file in which its fixtures write, and coverage's data."""
        return sorted(path.name for path in (*self.root.glob("used.txt"), *self.root.glob(".coverage*")))

    def close(self) -> None:
        """End the instance by its own pid."""
        for path in self.state.glob("instances/*.json"):
            process = psutil.Process(int(json.loads(path.read_text())["pid"]))
            for one in [*process.children(recursive=True), process]:
                one.kill()
            process.wait(10)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, beside: Path) -> Iterator[Team]:
    """The project, once for a module; nothing is deployed yet."""
    made = Team(tmp_path_factory.mktemp("beside"), beside)
    yield made
    made.close()
