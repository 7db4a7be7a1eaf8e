"""Where the application's files are in its images: read from each Dockerfile, found by content, or asked for.

Each release here is a good one that an earlier gonogo refused, or its twin with a real fault.
"""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import docker
import pytest

from gonogo.config import load_project
from gonogo.gates.subject import Subject
from gonogo.host.runner import LocalHost
from gonogo.runtimes.compose.runtime import ComposeRuntime
from gonogo.runtimes.place import make_place
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Outcome, Role
from tests.support.gates import Gates, Repository, Run

from .base_images import ensure

__all__: list[str] = []

API = """\
FROM python:3.11-slim AS base
WORKDIR /app/backend
FROM base
COPY requirements.txt /tmp/
COPY backend/app /app/backend/app
RUN echo 'VERSION = "1.2"' > app/version.py
"""
EDGE = "FROM python:3.11-slim\nCOPY deploy/nginx.conf /etc/nginx/conf.d/\n"
INSTALLED = """\
FROM python:3.11-slim
COPY . /src
RUN cp -r /src/backend/app "$(python -c "import site; print(site.getsitepackages()[0])")" && rm -rf /src
"""
MODEL = """\
services:
  api: {build: {context: ., dockerfile: deploy/api.Dockerfile}}
  edge: {build: {context: ., dockerfile: deploy/edge.Dockerfile}}
"""
TOML = """\
[app]
name = "mono"
required = ["backend/app", "deploy/nginx.conf"]

[service.api]
entrypoint = "app.main"

[env.test]
tier = "dev"
project = "@PROJECT@"
"""
FILES = {
    "backend/app/__init__.py": "",
    "backend/app/main.py": "def page():\n    from app.pdf import draw\n    return draw() + 'a page that is long enough'\n",
    "backend/app/pdf.py": "def draw():\n    return 'a drawing that is long enough to be told from others, by its bytes'\n",
    "backend/app/version.py": 'VERSION = "development"\n',
    "keys/dev.pem": "a key\n",
    "docs/index.md": "a page\n",
    "requirements.txt": "\n",
    "deploy/nginx.conf": "events {}\nhttp { server { listen 80; location / { return 200; } } }\n# long enough to tell\n",
    "deploy/api.Dockerfile": API,
    "deploy/edge.Dockerfile": EDGE,
    "docker-compose.yml": MODEL,
}


@dataclass
class Mono:
    """A monorepo whose images are built, release after release, and never started."""

    gates: Gates
    repository: Repository
    root: Path
    state: State
    project: str
    serving: Release | None = None
    minutes: int = 0

    def release(self, files: Mapping[str, str]) -> Release:
        """Commit these files beside the usual ones, and build."""
        self.repository.git(self.root, "rm", "-rq", "--ignore-unmatch", "*.dockerignore", ".dockerignore")
        self.repository.write(self.root, {**FILES, **files})
        commit, host, runtime = self.repository.commit(self.root), LocalHost(), ComposeRuntime()
        self.minutes += 1
        now = datetime(2026, 11, 21, 22, tzinfo=UTC) + timedelta(minutes=self.minutes)
        release = self.repository.checked_out(self.root, self.state, commit, runtime="compose", now=now)
        project = load_project(release.root)
        place = make_place(project, project.environments["test"], state=self.state.root, path=self.root, host=host)
        release = runtime.pin(place, release)
        for command in runtime.build(place, release, no_cache=False):
            host.run(command).require()
        release = runtime.measure(place, release)
        self.state.save(release)
        return release

    def ask(self, release: Release, chosen: str = "contents or provenance or imports") -> Run:
        """Ask the build gate about a release that replaces what serves."""
        subject = Subject(
            role=Role.CANDIDATE,
            env="test",
            root=release.root,
            path=self.root,
            state=self.state.root,
            checkout=self.root,
            release=release,
            serving=self.serving,
        )
        return self.gates(release.root, "-m", "build", "-k", chosen, subject=subject)


@pytest.fixture(scope="module")
def mono(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Mono]:
    """The first release serves: its image holds what the Dockerfiles bring."""
    ensure("python:3.11-slim")
    folder = tmp_path_factory.mktemp("mono")
    project = f"gonogolayouts-{secrets.token_hex(4)}"
    repository, state = Repository(folder), State(folder / "state")
    state.create()
    root = repository({"gonogo.toml": TOML.replace("@PROJECT@", project), "old.txt": "yesterday\n"})
    made = Mono(Gates(folder / "gates"), repository, root, state, project)
    made.serving = made.release({"deploy/edge.Dockerfile": EDGE + "COPY . /src\n"})
    yield made
    for release in state.releases():
        for tag in release.tags.values():
            engine.images.remove(tag, force=True)


def outcomes(run: Run, *codes: str) -> dict[str, tuple[Outcome, str]]:
    """Outcome and message of each check."""
    return {code: (run.check(code).outcome, run.check(code).found) for code in codes}


def test_a_monorepos_first_release_is_green(mono: Mono) -> None:
    """`COPY backend/app /app/backend/app` and `COPY nginx.conf /etc/nginx/conf.d/` need no `code`; nor does a RUN that writes."""
    assert mono.serving is not None
    release, mono.serving = mono.serving, None
    try:
        run = mono.ask(release)
    finally:
        mono.serving = release
    seen = outcomes(run, "B01[api]", "B01[edge]", "B02[api]", "B02[edge]", "B04[api]", "B08[api]", "B08[edge]")

    assert seen == dict.fromkeys(seen, (Outcome.PASSED, ""))


def test_a_better_ignore_file_is_green(mono: Mono) -> None:
    """Keys, papers and Dockerfiles that the serving image had are left out on purpose, by a Dockerfile's own ignore file."""
    edge = EDGE + "COPY . /src\nRUN rm -f /src/old.txt\n"
    release = mono.release(
        {
            "deploy/edge.Dockerfile": edge,
            "deploy/edge.Dockerfile.dockerignore": "**/*.pem\n*\n!backend\n!deploy/nginx.conf\n!old.txt\n",
            ".dockerignore": "backend\n",
            "deploy/api.Dockerfile": EDGE + "COPY . /src\n",
        }
    )
    run = mono.ask(release, "contents and commit")

    assert outcomes(run, "B02[edge]") == {"B02[edge]": (Outcome.PASSED, "")}


def test_an_ignore_file_that_takes_a_module_is_red(mono: Mono) -> None:
    """What a source in the image still imports was not left out on purpose."""
    release = mono.release({"deploy/api.Dockerfile.dockerignore": "**/pdf.py\n"})
    outcome, message = outcomes(mono.ask(release, "contents and commit"), "B02[api]")["B02[api]"]

    assert outcome is Outcome.FAILED
    assert message == (
        f"1 files in image {release.tags['api']} are not those of {release.short}; /app/backend/app/pdf.py: found nothing, "
        "expected the file (backend/app/main.py imports it, the serving image has it)"
    )


def test_a_stale_file_is_red_whatever_the_build_does(mono: Mono) -> None:
    """A RUN may write app/version.py, but not what an earlier commit had there."""
    stale = API.replace("1.2", "development").replace("echo 'VERSION", "printf '%s\\n' 'VERSION")
    release = mono.release({"backend/app/version.py": 'VERSION = "3"\n', "deploy/api.Dockerfile": stale})
    outcome, message = outcomes(mono.ask(release, "contents and commit"), "B02[api]")["B02[api]"]

    assert outcome is Outcome.FAILED
    assert "; /app/backend/app/version.py: found 24 bytes" in message


def test_an_installed_application_is_found_by_its_content(mono: Mono) -> None:
    """What was installed is compared where Python imports it; a stage that is gone is no loss."""
    release = mono.release({"deploy/api.Dockerfile": INSTALLED, "backend/app/version.py": 'VERSION = "1.2"\n'})
    run = mono.ask(release)
    seen = outcomes(run, "B02[api]", "B04[api]", "B08[api]")

    assert seen == dict.fromkeys(seen, (Outcome.PASSED, ""))


MOVED = "FROM python:3.11-slim\nWORKDIR /app\nENV PYTHONPATH=/app/backend\nCOPY backend /app/backend\nCMD {}\n"
HERE = {"backend/app/start.py": "import settings_here\n\n\ndef app():\n    return settings_here.NAME\n"}
HERE |= {"backend/app/settings_here.py": "from app.pdf import draw\n\nNAME = draw()\n"}


@pytest.mark.parametrize(
    ("command", "chdir", "imported"),
    [
        ('["uvicorn", "start:app", "--app-dir", "backend/app"]', "", True),
        ('["sh", "-c", "cd backend/app && exec gunicorn start:app"]', "", True),
        ('["python", "backend/app/start.py"]', "", True),
        ('["make", "run"]', "backend/app", True),
        ('["uvicorn", "start:app"]', "", False),
    ],
    ids=["app-dir", "cd", "file", "chdir", "nowhere"],
)
def test_the_entry_point_is_imported_where_its_server_does(
    mono: Mono, command: str, chdir: str, *, imported: bool
) -> None:
    """A folder that the command moves to or looks in, beside PYTHONPATH; where nothing says one, the release is red."""
    said = f'chdir = "{chdir}"\n' if chdir else ""
    toml = TOML.replace("@PROJECT@", mono.project).replace('"app.main"', f'"start:app"\n{said}')
    release = mono.release({**HERE, "gonogo.toml": toml, "deploy/api.Dockerfile": MOVED.format(command)})
    check = mono.ask(release, "entry").check("B04[api]")

    assert check.outcome is (Outcome.PASSED if imported else Outcome.FAILED), check.found
    assert imported or "found ModuleNotFoundError: No module named 'start'" in check.found


def test_what_nobody_knows_is_a_question(mono: Mono) -> None:
    """An image that tells nothing asks for the line to write, and one that is made elsewhere is not built without cache."""
    edge = "FROM python:3.11-slim\nCOPY $NOWHERE/ /app/\n"
    tag = f"{mono.project}-elsewhere:1"
    subprocess.run(["docker", "build", "--quiet", "--tag", tag, "-"], input=b"FROM python:3.11-slim\n", check=True)
    model = MODEL.replace("{build: {context: ., dockerfile: deploy/api.Dockerfile}}", f"{{image: '{tag}'}}")
    release = mono.release({"docker-compose.yml": model, "deploy/edge.Dockerfile": edge})  # its tags go with the others
    run = mono.ask(release, "contents or provenance")
    question, label = run.check("B02[api]"), run.check("B01[api]")

    assert question.outcome is Outcome.WARNED
    assert 'Say it in gonogo.toml under [service.api]: code = { "." = "/its/folder" }' in question.found
    assert label.outcome is Outcome.FAILED
    assert label.remedy.startswith(
        "No Dockerfile of this repository is known to make this image: make it from the commit"
    )
