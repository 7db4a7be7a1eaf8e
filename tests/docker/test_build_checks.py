"""The checks of images and containers, asked by real gates: one image as it should be, one with every fault."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.types import LogConfig

from gonogo.config import load_project
from gonogo.gates.subject import Subject
from gonogo.host.runner import LocalHost
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.engine import archive, connect, scratch, scratch_label
from gonogo.runtimes.compose.held import holds_nothing
from gonogo.runtimes.compose.inside import ComposeArtifact
from gonogo.runtimes.compose.runtime import ComposeRuntime
from gonogo.runtimes.place import make_place
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Outcome, Role
from tests.support.gates import Gates, Repository, Run
from tests.support.sites import eventually

from .base_images import ensure

__all__: list[str] = []

SERVER = 'import time\n\nVERSION = "today"\n\nif __name__ == "__main__":\n    time.sleep(600)\n'
DOCKERFILE = """\
FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1
RUN useradd --system app
WORKDIR /srv/app
COPY server.py ./
RUN cp -p server.py "$(python -c "import site; print(site.getsitepackages()[0])")"
USER app
WORKDIR /srv
CMD ["python", "app/server.py"]
"""
FAULTY = """\
FROM python:3.11-slim
WORKDIR /srv/app
COPY server.py ./
RUN python -m compileall -q --invalidation-mode unchecked-hash server.py
CMD ["python", "server.py"]
"""
MODEL = """\
services:
  api:
    build: .
    init: true
    restart: always
    healthcheck:
      test: @TEST@
      interval: 1s
      retries: 20
"""
CRASHING = SERVER.replace("sleep(600)", "sleep(5)\n    raise SystemExit(3)")
WELL = '[CMD, python, -c, "import server"]'
CURL = '[CMD-SHELL, "curl -f http://127.0.0.1:8000/ || exit 1"]'
TOML = """\
[app]
name = "tiny"
required = ["server.py"]

[service.api]
entrypoint = "server"
code = { "." = "/srv/app" }

[env.test]
tier = "dev"
project = "@PROJECT@"
health = { stable_for = "1s", timeout = "60s" }
"""


@dataclass
class Images:
    """Two releases of one project: ``well`` and ``faulty``."""

    gates: Gates
    repository: Repository
    root: Path
    state: State
    project: str
    folder: Path
    host: LocalHost
    runtime: ComposeRuntime
    minutes: int = 0

    def release(self, dockerfile: str, test: str, *, built: str | None = None) -> Release:
        """Commit these files and build them; ``built`` is what server.py held while it was built."""
        model = MODEL.replace("@TEST@", test)
        self.repository.write(self.root, {"Dockerfile": dockerfile, "docker-compose.yml": model})
        commit = self.repository.commit(self.root)
        self.minutes += 1
        now = datetime(2026, 11, 21, 22, tzinfo=UTC) + timedelta(minutes=self.minutes)
        release = self.repository.checked_out(self.root, self.state, commit, runtime="compose", now=now)
        release = self.runtime.pin(self.place(release), release)
        (release.root / "server.py").write_text(built or SERVER)
        for command in self.runtime.build(self.place(release), release, no_cache=False):
            self.host.run(command).require()
        (release.root / "server.py").write_text(SERVER)
        release = self.runtime.measure(self.place(release), release)
        self.state.save(release)
        return release

    def place(self, release: Release) -> Place:
        """Where the runtime works."""
        project = load_project(release.root)
        environment = project.environments["test"]
        return make_place(project, environment, state=self.state.root, path=self.folder, host=self.host)

    def ask(self, stage: str, release: Release, chosen: str = "", **changed: Any) -> Run:
        """Ask a gate about a release, or about one that differs in ``changed``."""
        subject = Subject(
            role=Role.CANDIDATE,
            env="test",
            root=release.root,
            path=self.folder,
            state=self.state.root,
            checkout=self.root,
            release=release.model_copy(update=changed),
        )
        return self.gates(release.root, "-m", stage, *(("-k", chosen) if chosen else ()), subject=subject)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Images]:
    """A project of its own; its containers and images are removed afterwards, and no others."""
    ensure("python:3.11-slim")
    folder = tmp_path_factory.mktemp("images")
    project = f"gonogochecks-{secrets.token_hex(4)}"
    repository, state = Repository(folder), State(folder / "state")
    state.create()
    root = repository({"server.py": SERVER, "gonogo.toml": TOML.replace("@PROJECT@", project)})
    made = Images(Gates(folder / "gates"), repository, root, state, project, folder, LocalHost(), ComposeRuntime())
    yield made
    label = f"com.docker.compose.project={project}"
    for container in engine.containers.list(all=True, filters={"label": label}):
        container.remove(force=True, v=True)
    for network in engine.networks.list(filters={"label": label}):
        network.remove()
    for release in state.releases():
        for tag in release.tags.values():
            engine.images.remove(tag, force=True)


@pytest.fixture(scope="module")
def well(images: Images) -> Release:
    """A release as it should be, which runs."""
    release = images.release(DOCKERFILE, WELL)
    images.runtime.start(images.place(release), release, None)
    return release


@pytest.fixture(scope="module")
def faulty(images: Images) -> Release:
    """A release whose image holds yesterday's code, stale bytecode, root, and a health check without its program."""
    return images.release(FAULTY, CURL, built=SERVER.replace("today", "yesterday"))


def said(run: Run, code: str) -> tuple[Outcome, str]:
    """One check's outcome and message."""
    return run.check(code).outcome, run.check(code).found


def test_a_good_image_is_green(images: Images, well: Release) -> None:
    """Every build check that applies passes; an installed copy that is imported is no fault where it is the commit's."""
    run = images.ask("build", well)
    codes = ("B01", "B02", "B03", "B04", "B08", "B10", "B11", "B12", "B13", "B14")

    assert {code: said(run, f"{code}[api]") for code in codes} == dict.fromkeys(codes, (Outcome.PASSED, ""))


def test_a_running_container_is_green(images: Images, well: Release) -> None:
    """Every check of instances and their code passes."""
    run = images.ask("postdeploy", well)
    codes = ("D01", "D02", "D03", "D04", "D05[api]")

    assert {code: said(run, code) for code in codes} == dict.fromkeys(codes, (Outcome.PASSED, ""))


def test_yesterdays_code_is_red(images: Images, faulty: Release) -> None:
    """A file in the image that is not the commit's is named with both digests."""
    outcome, message = said(images.ask("build", faulty, "holds_the_commit"), "B02[api]")

    assert outcome is Outcome.FAILED
    assert message.startswith(
        f"1 files in image {faulty.tags['api']} are not those of {faulty.short}; /srv/app/server.py: found "
    )


def test_stale_bytecode_is_red(images: Images, faulty: Release) -> None:
    """Bytecode that runs whatever its source says is named, judged by the image's own Python."""
    outcome, message = said(images.ask("build", faulty, "bytecode"), "B03[api]")

    assert outcome is Outcome.FAILED
    assert message.startswith(
        f"1 compiled files in image {faulty.tags['api']}: "
        "/srv/app/__pycache__/server.cpython-311.pyc: never checked against /srv/app/server.py: "
    )


def test_curl_that_is_not_there_is_red(images: Images, faulty: Release) -> None:
    """The health check of the compose file names a program that a slim image has not."""
    assert said(images.ask("build", faulty, "healthcheck"), "B12[api]") == (
        Outcome.FAILED,
        f"image {faulty.tags['api']}: health check: found no curl, expected what CMD-SHELL runs",
    )


def test_a_health_check_of_the_images_own_is_found_in_its_working_folder(images: Images, well: Release) -> None:
    """``./app/server.py`` stands below the image's WORKDIR, and below the service's own where it has one."""
    artifact = images.runtime.inspector(images.place(well), well).artifacts()[0]
    assert isinstance(artifact, ComposeArtifact)
    inside = replace(artifact, workdir="/srv/app")

    asked = [artifact.exists(one) for one in ("./app/server.py", "app/server.py", "./server.py")]
    asked += [inside.exists(one) for one in ("./server.py", "../app/server.py", "app/server.py")]

    assert asked == [True, True, False, True, True, False]


def test_root_warns(images: Images, faulty: Release) -> None:
    """An image without USER warns and does not block."""
    assert said(images.ask("build", faulty, "root"), "B11[api]") == (
        Outcome.WARNED,
        f"image {faulty.tags['api']}: user: found root, expected another",
    )


def test_code_that_the_images_user_cannot_read_or_start_is_red(images: Images) -> None:
    """The file's mode and its owner are named; a program that lost its executable bit is what is started first."""
    shut = images.release(DOCKERFILE.replace("USER app\n", "RUN chmod 600 server.py\nUSER app\n"), WELL)
    idle = images.release(DOCKERFILE.replace('["python", "app/server.py"]', '["./app/server.py"]'), WELL)

    assert said(images.ask("build", shut, "read_and_start"), "B14[api]") == (
        Outcome.FAILED,
        f"image {shut.tags['api']}: found /srv/app/server.py (mode 600, owner 0), which app cannot read; "
        "expected readable code",
    )
    assert said(images.ask("build", idle, "read_and_start"), "B14[api]") == (
        Outcome.FAILED,
        f"image {idle.tags['api']}: found /srv/app/server.py (mode 644, owner 0), which app cannot start; "
        "expected a program",
    )


def test_script_that_cannot_be_started_is_red(images: Images) -> None:
    """Windows line ends behind the interpreter's name: it is there, is executable, and ends before its first line."""
    script = "RUN printf '#!/bin/sh\\r\\nexec \"$@\"\\r\\n' > /start && chmod 755 /start\n"
    ending = images.release(DOCKERFILE.replace("USER app\n", f'{script}USER app\nENTRYPOINT ["/start"]\n'), WELL)
    check = images.ask("build", ending, "read_and_start").check("B14[api]")

    assert (check.outcome, check.found) == (
        Outcome.FAILED,
        f"image {ending.tags['api']}: /start: found Windows line ends behind #!/bin/sh; expected Unix ones",
    )
    assert check.remedy.startswith("Write `*.sh text eol=lf` into .gitattributes")


def test_key_and_history_in_an_image_are_told(images: Images) -> None:
    """What stands in the image's own folders is found through the Engine; in tier dev it warns."""
    key = "RUN mkdir -p .git/objects/ab && touch .git/objects/ab/cd && printf -- '-----BEGIN PRIVATE KEY-----\\nMIIE\\n"
    telling = images.release(
        DOCKERFILE.replace("USER app\n", f"{key}-----END PRIVATE KEY-----' > deploy.pem\nUSER app\n"), WELL
    )

    assert said(images.ask("build", telling, "no_secrets"), "B13[api]") == (
        Outcome.WARNED,
        "the image of api: found the private key /srv/app/deploy.pem (58 bytes); git's history in /srv/app/.git; "
        "expected no secrets in an image",
    )


def test_an_image_of_another_commit_is_red(images: Images, well: Release) -> None:
    """The image's own label is compared with the release's commit."""
    assert said(images.ask("build", well, "names_the_commit", commit="0" * 40), "B01[api]") == (
        Outcome.FAILED,
        f"image {well.tags['api']}: org.opencontainers.image.revision: found {well.commit}, expected {'0' * 40}",
    )


def test_nothing_is_compared_where_nothing_of_the_repository_is(images: Images, faulty: Release) -> None:
    """``code = {}`` is said of an image that another repository builds: it names another commit, and other files."""
    toml = faulty.root / "gonogo.toml"
    text = toml.read_text()
    try:
        toml.write_text(text.replace('code = { "." = "/srv/app" }', "code = {}"))
        run = images.ask("build", faulty, "provenance or contents or bytecode", commit="0" * 40)
    finally:
        toml.write_text(text)
    seen = {code: run.check(f"{code}[api]").outcome for code in ("B01", "B02", "B03", "B08")}

    assert seen == {"B01": Outcome.PASSED, **dict.fromkeys(("B02", "B03", "B08"), Outcome.SKIPPED)}


def test_a_container_of_another_image_is_red(images: Images, well: Release, faulty: Release) -> None:
    """The container that runs was made from another image than the release's."""
    outcome, message = said(images.ask("postdeploy", well, "of_this_release", images=faulty.images), "D04")

    assert outcome is Outcome.FAILED
    assert message == (
        f"found {images.project}-api-1 of image {well.images['api'][:19]}; expected 1 instances of release {well.id}"
    )


def test_a_daemon_that_does_not_answer_is_inconclusive(images: Images, well: Release, tmp_path: Path) -> None:
    """A dead Docker API says nothing about the image: could not find out, never broken."""
    subject = Subject(
        role=Role.CANDIDATE,
        env="test",
        root=well.root,
        path=images.folder,
        state=images.state.root,
        checkout=images.root,
        release=well,
    )
    nobody = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    run = images.gates(well.root, "-m", "build", "-k", "holds_the_commit", subject=subject, environ=nobody)

    assert run.check("B02[api]").outcome is Outcome.INCONCLUSIVE


@pytest.mark.thorough
def test_a_crash_that_comes_round_slowly_is_red(images: Images, engine: docker.DockerClient) -> None:
    """What restarted before it was watched is watched for longer than it lived, not for the second of ``stable_for``."""
    release = images.release(DOCKERFILE, WELL, built=CRASHING)
    images.runtime.start(images.place(release), release, None)
    name = f"{images.project}-api-1"
    eventually(lambda: bool(engine.containers.get(name).attrs["RestartCount"] == 1), within=30)
    outcome, message = said(images.ask("postdeploy", release, "restarts"), "D03")

    assert outcome is Outcome.FAILED
    assert message.startswith(f"found {name} ")
    assert message.endswith(" s; expected instances that keep running")


def test_an_image_is_looked_at_through_one_container(
    well: Release, images: Images, engine: docker.DockerClient
) -> None:
    """Inside ``looking`` it is made once, anew where somebody removed it, and gone at the end."""
    inspector = images.runtime.inspector(images.place(well), well)

    def scratched() -> list[str]:
        label = "=".join(scratch_label(images.project))
        return [str(one.id) for one in engine.containers.list(all=True, filters={"label": label})]

    with inspector.looking():
        artifact = inspector.artifacts()[0]
        with scratch(engine, artifact.image, project=images.project) as container, archive(container, "/usr") as unread:
            assert unread is not None
            assert unread.is_folder
        read = artifact.text("/etc/os-release")  # a link
        first = scratched()
        engine.containers.get(first[0]).remove(force=True)
        missing = (artifact.text("/etc"), artifact.text("/etc/none"), artifact.exists("/etc"))
        second = scratched()

    assert read is not None
    assert "NAME=" in read
    assert missing == (None, None, True)
    assert (len(first), len(second), first == second) == (1, 1, False)
    assert scratched() == []


def test_last_lines_of_a_container_are_those_since_a_moment(well: Release, images: Images) -> None:
    """So many of them, and nothing of what was written before."""
    inspector = images.runtime.inspector(images.place(well), well)
    (name,) = inspector.last_lines(datetime.now(UTC) + timedelta(hours=1), most=3)
    inspector.inside(name).python("open('/proc/1/fd/1', 'w').write('first\\nsecond\\nthird\\n')").require()

    assert inspector.last_lines(datetime.now(UTC) - timedelta(minutes=1), most=2) == {name: ["second", "third"]}
    assert inspector.last_lines(datetime.now(UTC) + timedelta(hours=1), most=2) == {name: []}


def test_a_log_that_the_engine_does_not_keep_is_no_lost_engine(well: Release, images: Images) -> None:
    """Whose logging driver is ``none`` wrote nothing that is known, and is named; the Engine's 501 is no silence."""
    inspector = images.runtime.inspector(images.place(well), well)
    (name,) = inspector.services
    labels = {"com.docker.compose.project": images.project, "com.docker.compose.service": name}
    labels |= {"com.docker.compose.oneoff": "False"}
    seen = inspector.unread()
    with connect() as client:
        mute = client.containers.run(
            well.images[name], ["sleep", "60"], detach=True, labels=labels, log_config=LogConfig(type="none")
        )
        try:
            later = datetime.now(UTC) + timedelta(hours=1)
            read = inspector.log_lines(later), inspector.logs(later), inspector.last_lines(later, most=1)
            assert (list(seen), inspector.unread()) == ([], [name])
            assert read == ({name: []}, {name: []}, {name: []})
        finally:
            mute.remove(force=True)


def test_a_place_without_a_file_holds_nothing(well: Release, images: Images) -> None:
    """Folders alone are no data (P44); of a service without a container nobody knows."""
    (name,) = images.runtime.inspector(images.place(well), well).services

    assert not holds_nothing(images.project, name, "/srv/app")
    assert holds_nothing(images.project, name, "/media")
    assert holds_nothing(images.project, name, "/not/there")
    assert not holds_nothing(images.project, "nobody", "/srv/app")
