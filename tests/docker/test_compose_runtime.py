"""A release under Compose: pinned, built, started, replaced, and back again, on a real Engine."""

import json
import secrets
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import docker
import httpx
import pytest

from gonogo.config import load_project
from gonogo.demo.ports import free_port
from gonogo.errors import CommandError, RefusedError, UsageError
from gonogo.host.runner import Command, LocalHost
from gonogo.inspection.code.contents import digest_of
from gonogo.runtimes.base import Place, RuntimeUnreachableError
from gonogo.runtimes.compose.engine import SCRATCH_LABEL
from gonogo.runtimes.compose.runtime import ComposeRuntime
from gonogo.runtimes.place import make_place
from gonogo.state.release import Release, release_id
from gonogo.state.store import State

from .base_images import ensure
from .stack import tags

__all__: list[str] = []

SERVER = """\
import http.server
import os
import socket

VERSION = {version!r}


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{{VERSION}} {{os.environ['GONOGO_RELEASE']}} {{os.environ['API_TOKEN']}}".encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)


print("\\x1b[31mversion", VERSION, "\\x1b[0m", flush=True)
http.server.ThreadingHTTPServer(("", 8000), Page).serve_forever()
"""
DOCKERFILE = """\
FROM python:3.11-slim
WORKDIR /srv/app
COPY server.py ./
CMD ["python", "server.py"]
"""
MODEL = """\
services:
  db:
    image: redis:7
    volumes: [data:/data]
    command: [redis-server, --appendonly, "yes"]
    healthcheck: {test: [CMD, redis-cli, ping], interval: 1s, retries: 20}
  seed:
    build: .
    command: [python, -c, "print('seeded')"]
  api:
    build: .
    init: true
    env_file: .env
    depends_on:
      db: {condition: service_healthy}
      seed: {condition: service_completed_successfully}
    healthcheck:
      test: [CMD, python, -c, "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/')"]
      interval: 5s
      start_period: 20s
      start_interval: 500ms
      retries: 1
  web:
    image: nginx:1
    depends_on: [api]
    ports: ["127.0.0.1:${HTTP_PORT:?}:80"]
    volumes:
      - ./web/default.conf:/etc/nginx/conf.d/default.conf:ro
      - ./uploads:/uploads
volumes:
  data:
"""
QUICK = MODEL.replace("interval: 5s\n      start_period: 20s\n      start_interval: 500ms\n", "interval: 1s\n")
CONF = "server { listen 80; location / { proxy_pass http://api:8000; } }\n"
COUNT = """\
import os, pathlib

def line(process):
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # it has ended meanwhile, as health checks do
        return b""

lines = [line(process) for process in pathlib.Path("/proc").glob("[0-9]*")]
print(sum(one in (b"python\\0-I\\0-\\0", b"sleep\\0" + b"600\\0") for one in lines))
"""
TOML = """\
[app]
name = "tiny"

[env.test]
project = "{project}"
env_file = ".env"
path = "{path}"
state = "{state}"
health = {{ live = "/", timeout = "40s" }}

[service.api]
"""


@dataclass
class Desk:
    """A repository, the host's folder with the env file, and the state folder."""

    repository: Path
    path: Path
    state: Path
    project: str
    port: int
    host: LocalHost = field(default_factory=LocalHost)
    runtime: ComposeRuntime = field(default_factory=ComposeRuntime)

    def git(self, *words: str) -> str:
        """Run git in the repository."""
        identity = ("-c", "user.name=T", "-c", "user.email=t@example.com")
        done = subprocess.run(
            ["git", *identity, *words], cwd=self.repository, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, files: Mapping[str, str]) -> None:
        """Write files and commit everything."""
        for name, text in files.items():
            path = self.repository / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A version")

    def secrets(self, token: str) -> None:
        """Write the host's env file."""
        (self.path / ".env").write_text(f"HTTP_PORT={self.port}\nAPI_TOKEN={token}\nCOST='5$'\n")

    @property
    def place(self) -> Place:
        """Where the runtime works, with today's variables."""
        project = load_project(self.repository)
        return make_place(project, project.environments["test"], state=self.state, path=self.path, host=self.host)

    def release(self, *, minute: int) -> Release:
        """A release of HEAD that is not pinned yet."""
        commit = self.git("rev-parse", "HEAD")
        now = datetime(2026, 11, 21, 22, minute, tzinfo=UTC)
        folder = self.state / "releases" / release_id(commit, now=now)
        self.git("worktree", "add", "--quiet", "--detach", str(folder / "source"), commit)
        return Release(
            id=folder.name,
            commit=commit,
            env="test",
            runtime="compose",
            created=now,
            folder=folder,
            root=folder / "source",
        )

    def built(self, *, minute: int) -> Release:
        """A release of HEAD, pinned, built and measured."""
        release = self.runtime.pin(self.place, self.release(minute=minute))
        for command in self.runtime.build(self.place, release, no_cache=False):
            self.host.run(command).require()
        release = self.runtime.measure(self.place, release)
        State(self.state).save(release)
        return release

    def start(self, release: Release, outgoing: Release | None) -> None:
        """Prepare and start, as a deploy does."""
        for command in self.runtime.prepare(self.place, release):
            self.host.run(command).require()
        self.runtime.start(self.place, release, outgoing)

    def answer(self) -> str:
        """What the front says."""
        return httpx.get(f"http://127.0.0.1:{self.port}/", timeout=10, trust_env=False).text

    def count(self, engine: docker.DockerClient, service: str) -> int:
        """How many containers of a service run."""
        labels = [f"com.docker.compose.project={self.project}", f"com.docker.compose.service={service}"]
        return len(engine.containers.list(filters={"label": labels}))

    def container(self, engine: docker.DockerClient, service: str) -> str:
        """The id of a service's container."""
        labels = [f"com.docker.compose.project={self.project}", f"com.docker.compose.service={service}"]
        (found,) = engine.containers.list(all=True, filters={"label": labels})
        return str(found.id)


@pytest.fixture
def desk(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Desk]:
    """A committed version 1 with everything around it; all that it starts is removed at the end."""
    for image in ("python:3.11-slim", "nginx:1", "redis:7"):
        ensure(image)
    desk = Desk(
        repository=tmp_path / "repository",
        path=tmp_path / "host",
        state=tmp_path / "state",
        project=f"gonogotest-{secrets.token_hex(4)}",
        port=free_port(),
    )
    desk.repository.mkdir()
    desk.path.mkdir()
    desk.secrets("old-token-000")
    desk.git("init", "--quiet", "--initial-branch", "main")
    try:
        desk.write(
            {
                "Dockerfile": DOCKERFILE,
                "server.py": SERVER.format(version="v1"),
                "web/default.conf": CONF,
                ".gitignore": ".env\nuploads\n",
                "docker-compose.yml": MODEL,
                "gonogo.toml": TOML.format(project=desk.project, path=desk.path, state=desk.state),
            }
        )
        yield desk
    finally:
        clean(engine, desk.project)


def clean(engine: docker.DockerClient, project: str) -> None:
    """Remove everything that belongs to a project: containers, networks, volumes, images."""
    mine: dict[str, str | list[str] | bool] = {"label": f"com.docker.compose.project={project}"}
    for container in engine.containers.list(all=True, filters=mine):
        container.remove(force=True, v=True)
    for network in engine.networks.list(filters=mine):
        network.remove()
    for volume in engine.volumes.list(filters=mine):
        volume.remove(force=True)
    for tag in tags(engine):
        if tag.startswith(f"{project}-"):
            engine.images.remove(tag, force=True)


def test_release_goes_out_and_comes_back(desk: Desk, engine: docker.DockerClient) -> None:
    """v1, v2 and v1 again: the front answers each, the store is never replaced, nothing is built in the rollback.

    Nor does it matter that Compose cannot wait for the front, whose health check is switched off.
    """
    off = MODEL.replace("depends_on: [api]\n", "depends_on: [api]\n    healthcheck: {disable: true}\n")
    desk.write({"docker-compose.yml": off})
    first = desk.built(minute=1)
    desk.start(first, None)
    said = [desk.answer()]
    store, front = desk.container(engine, "db"), desk.container(engine, "web")
    engine.containers.get(store).exec_run(["redis-cli", "set", "kept", "yes"])
    desk.write({"server.py": SERVER.format(version="v2")})
    desk.secrets("new-token-111")
    second = desk.built(minute=2)
    before = desk.answer()
    desk.start(second, first)
    said.append(desk.answer())
    images = {row.service: row.image for row in desk.runtime.inspector(desk.place, second).instances()}
    desk.start(first, second)
    said.append(desk.answer())

    assert said == [f"v1 {first.id} old-token-000", f"v2 {second.id} new-token-111", f"v1 {first.id} new-token-111"]
    assert before == said[0], "a build touched what serves"
    assert images == second.images
    assert desk.container(engine, "db") == store
    assert desk.container(engine, "web") == front
    assert engine.containers.get(store).exec_run(["redis-cli", "get", "kept"]).output == b"yes\n"
    rows = desk.runtime.inspector(desk.place, first).instances()
    assert [
        (row.service, row.status, row.health, row.image, row.release, row.exit_code, row.one_shot) for row in rows
    ] == [
        ("api", "running", "healthy", first.images["api"], first.id, None, False),
        ("seed", "exited", None, first.images["seed"], first.id, 0, True),
    ]


def test_room_of_a_build_is_that_of_its_own_layers(desk: Desk) -> None:
    """Neither the base image nor what is cached counts, and what two services have in common counts once."""
    desk.built(minute=1)
    now = datetime.now(UTC)
    desk.write({"server.py": SERVER.format(version="v2") + f"# {uuid.uuid4().hex * 62_500}\n"})

    took = desk.runtime.image_bytes(desk.place, desk.built(minute=2).model_copy(update={"created": now}))

    assert 2_000_000 <= took < 4_000_000


def test_pin_keeps_secrets_out_of_the_worktree(desk: Desk) -> None:
    """What is pinned is closed to others, no env file stays in the build context, mounts have lasting paths."""
    uploads = desk.path / "uploads"
    uploads.mkdir()
    release = desk.runtime.pin(desk.place, desk.release(minute=1))
    model = json.loads((release.folder / "compose.json").read_text())
    desk.write({"README": "changed"})
    again = desk.runtime.pin(desk.place, desk.release(minute=2))
    mounts = [
        [
            volume["source"]
            for volume in json.loads((one.folder / "compose.json").read_text())["services"]["web"]["volumes"]
        ]
        for one in (release, again)
    ]

    assert release.services == ("api", "seed")
    assert release.tags == {name: f"{desk.project}-{name}:{release.id}" for name in ("api", "seed")}
    assert not (release.worktree / ".env").exists()
    assert desk.host.run(command(release, "git", "status", "--porcelain", "--ignored")).output == ""
    assert {path.name: path.stat().st_mode & 0o777 for path in release.folder.iterdir() if path.is_file()} == {
        "build.json": 0o600,
        "compose.json": 0o600,
        "env": 0o600,
    }
    assert model["services"]["api"]["environment"]["COST"] == "5$$"
    assert "build" not in model["services"]["api"]
    assert mounts[0] == mounts[1]
    assert mounts[0][1] == str(uploads)
    assert Path(mounts[0][0]).read_text() == CONF
    assert Path(mounts[0][0]).name == "default.conf"
    assert Path(mounts[0][0]).is_relative_to(desk.state / "files")


@pytest.mark.thorough
def test_failed_start_says_what_the_service_said(desk: Desk) -> None:
    """A release that ends at once fails with the last lines of the service that failed, and v1 can come back."""
    first = desk.built(minute=1)
    desk.start(first, None)
    desk.write({"server.py": "raise SystemExit('no DATABASE_URL in sight')\n"})
    second = desk.built(minute=2)
    with pytest.raises(CommandError) as caught:
        desk.start(second, first)
    desk.start(first, second)

    assert f"found {desk.project}-api-1 exited, expected running and healthy within 40 s" in str(caught.value)
    assert str(caught.value).endswith(
        "\n  Last lines of api, which ended with exit code 1:\n    no DATABASE_URL in sight"
    )
    assert caught.value.services == ("api",)
    assert " Recreated" not in str(caught.value)
    assert desk.answer() == f"v1 {first.id} old-token-000"


@pytest.mark.thorough
def test_failed_start_says_what_the_health_check_said(desk: Desk) -> None:
    """A service that listens elsewhere logs nothing wrong; its health check knows, and its last answer is told."""
    desk.write({"server.py": SERVER.format(version="v1").replace("8000", "9000"), "docker-compose.yml": QUICK})
    with pytest.raises(CommandError) as caught:
        desk.start(desk.built(minute=1), None)

    *_, log, answer, longer = str(caught.value).splitlines()
    assert log.strip() == "version v1"
    assert answer.startswith("    its health check, exit code 1: ")
    assert answer.endswith("urllib.error.URLError: <urlopen error [Errno 111] Connection refused>")
    assert longer.startswith("    it runs still, ")


@pytest.mark.thorough
def test_failed_start_says_that_memory_was_lacking(desk: Desk) -> None:
    """The Engine knows why it was killed; the application could not log it."""
    eats = "import time\nprint('eats', flush=True)\nhog = bytearray(200 * 2**20)\ntime.sleep(60)\n"
    limited = QUICK.replace("    env_file: .env\n", "    env_file: .env\n    mem_limit: 50m\n    memswap_limit: 50m\n")
    desk.write({"server.py": eats, "docker-compose.yml": limited})
    with pytest.raises(CommandError) as caught:
        desk.start(desk.built(minute=1), None)

    assert "\n  Last lines of api, which was killed for want of memory:\n    eats" in str(caught.value)


@pytest.mark.thorough
def test_image_that_is_gone_refuses_and_a_moved_tag_is_mended(desk: Desk, engine: docker.DockerClient) -> None:
    """The recorded image id decides: a tag that moved is put back, an image that is gone ends in one clear message."""
    release = desk.built(minute=1)
    tag = release.tags["api"]
    engine.images.get("python:3.11-slim").tag(tag)
    desk.start(release, None)
    mended = engine.images.get(tag).id
    lost = release.model_copy(update={"images": {"api": "sha256:" + "0" * 64}})
    with pytest.raises(CommandError) as caught:
        desk.start(lost, None)

    assert mended == release.images["api"]
    assert str(caught.value) == (
        f"release {release.id}: found no image sha256:000000000000 ({tag}) for service api, expected the one that was "
        f"built. It cannot be started again; deploy its commit: gonogo deploy --env test --ref {release.short}"
    )


@pytest.mark.thorough
def test_image_can_be_asked_without_starting_the_application(desk: Desk, engine: docker.DockerClient) -> None:
    """An artifact runs scripts, names its files and programs; a script that hangs is ended; nothing is left over."""
    release = desk.built(minute=1)
    artifacts = desk.runtime.inspector(desk.place, release).artifacts()
    artifact = next(one for one in artifacts if one.service == "api")
    script = "import os, sys; print(os.environ['API_TOKEN'], sys.argv[1], os.getcwd(), sys.flags.isolated)"
    said = artifact.python(script, "word")
    imported = artifact.python("import importlib.util as u; print(u.find_spec('server').origin)", isolated=False)
    hung = artifact.python("import time; time.sleep(600)", timeout=4)
    found = artifact.files(["/srv/app", "/nowhere"])
    programs = [name for name in ("python", "/bin/sh", "curl", "/nowhere") if artifact.exists(name)]
    left = engine.containers.list(all=True, filters={"label": SCRATCH_LABEL, "ancestor": release.images["api"]})

    assert said.output == "old-token-000 word /srv/app 1\n"
    assert "old-token-000" not in str(said.command)
    assert imported.output == "/srv/app/server.py\n"
    assert hung.timed_out
    assert found == {"/srv/app/server.py": digest_of(desk.repository / "server.py")}
    assert programs == ["python", "/bin/sh"]
    assert artifact.code == {"server.py": "/srv/app/server.py"}
    assert artifact.label == f"image {release.tags['api']}"
    assert artifact.facts is not None
    assert artifact.facts.labels["org.opencontainers.image.revision"] == release.commit
    assert left == []


@pytest.mark.thorough
def test_a_command_that_is_cut_off_leaves_no_container(desk: Desk) -> None:
    """A migration that waits for a lock would go on in its container, and migrate after the rollback."""
    release = desk.built(minute=1)
    deaf = ["sh", "-c", "trap '' TERM INT; while :; do sleep 1; done"]
    done = desk.host.run(replace(desk.runtime.in_service(desk.place, release, "api", deaf), timeout=4.0))
    label = f"label=com.docker.compose.project={desk.project}"
    left = desk.host.run(Command(argv=("docker", "ps", "--all", "--quiet", "--filter", label)))

    assert done.timed_out
    assert left.output == ""


@pytest.mark.thorough
def test_running_release_can_be_asked(desk: Desk, tmp_path: Path) -> None:
    """The inspector sees what runs: code, logs without colours, ports and who holds them; what is gone is missing."""
    before = datetime.now(UTC) - timedelta(seconds=5)
    release = desk.built(minute=1)
    desk.start(release, None)
    inspector = desk.runtime.inspector(desk.place, release)
    inside = inspector.inside("api")
    said = inside.python("print(6 * 7)")
    hung = inside.python("import time; time.sleep(600)", timeout=3)
    waiting = desk.runtime.in_instance(desk.place, release, "api", ["sleep", "600"])
    cut = desk.host.run(replace(waiting, timeout=3.0, firm=True))
    processes = inside.python(COUNT)
    without = json.loads((release.folder / "compose.json").read_text())
    del without["services"]["web"]
    (tmp_path / "compose.json").write_text(json.dumps(without))
    next_one = desk.runtime.inspector(desk.place, release.model_copy(update={"folder": tmp_path}))
    asks = ["python", "-c", "import os; print(1 + 1, os.environ['PGOPTIONS'])"]
    given = {"PGOPTIONS": "-c lock_timeout=5000"}
    in_service = desk.host.run(desk.runtime.in_service(desk.place, release, "api", asks, variables=given))
    in_instance = desk.host.run(desk.runtime.in_instance(desk.place, release, "api", ["cat", "server.py"]))
    desk.host.run(command(release, "docker", "rm", "--force", f"{desk.project}-api-1")).require()
    gone = [row for row in inspector.instances() if row.service == "api"]
    with pytest.raises(CommandError) as caught:
        inspector.inside("api")

    assert said.output == "42\n"
    assert hung.timed_out
    assert cut.timed_out
    assert processes.output == "1\n", "only the script that counts is left"
    assert inside.label == f"container {desk.project}-api-1"
    assert inside.code == {"server.py": "/srv/app/server.py"}
    assert in_service.output == "2 -c lock_timeout=5000\n"
    assert in_instance.output == SERVER.format(version="v1")
    assert inspector.logs(before)["seed"] == ["seeded"]
    assert inspector.url() == f"http://127.0.0.1:{desk.port}"
    assert inspector.published() == (("web", "127.0.0.1", desk.port),)
    assert inspector.holders(None) == {desk.port: f"{desk.project}-web-1"}
    assert next_one.holders(release) == inspector.holders(None), "the start takes away what the new release has not"
    assert next_one.holders(None) == {}, "nobody takes away what no release has"
    assert [(row.name, row.status) for row in gone] == [(f"{desk.project}-api-1", "missing")]
    assert str(caught.value).startswith("service api: found no container, expected a running container of project")


@pytest.mark.thorough
def test_old_logs_are_colourless_and_bounded_by_time(desk: Desk) -> None:
    """Logs come without escape sequences, and only those since the asked moment."""
    release = desk.built(minute=1)
    desk.start(release, None)
    inspector = desk.runtime.inspector(desk.place, release)

    assert inspector.logs(None)["api"][0] == "version v1 "
    assert inspector.logs(datetime.now(UTC) + timedelta(hours=1)) == {"api": [], "seed": []}


@pytest.mark.thorough
def test_stop_keeps_the_data_and_remove_forgets_the_release(desk: Desk, engine: docker.DockerClient) -> None:
    """Stopping takes containers away and leaves volumes; removing takes the tags, the worktree and the folder."""
    release = desk.built(minute=1)
    desk.start(release, None)
    desk.runtime.stop(desk.place, release)
    mine: dict[str, str | list[str] | bool] = {"label": f"com.docker.compose.project={desk.project}"}
    containers, volumes = engine.containers.list(all=True, filters=mine), engine.volumes.list(filters=mine)
    for one in desk.runtime.remove(desk.place, release):
        desk.host.run(one).require()

    assert containers == []
    assert [volume.name for volume in volumes] == [f"{desk.project}_data"]
    assert not release.folder.exists()
    assert desk.git("worktree", "list").count("\n") == 0
    assert not [tag for tag in tags(engine) if tag.startswith(desk.project)]


@pytest.mark.thorough
def test_service_that_vanishes_is_stopped_and_comes_back(desk: Desk, engine: docker.DockerClient) -> None:
    """A worker that only the first release has runs with it, not with the second, and again in the rollback.

    One that the second release only names, and does not deploy, is no data store: it does not stay with the old code.
    """
    worker = "  {}:\n    build: .\n    init: true\n    env_file: .env\n"
    desk.write(
        {"docker-compose.yml": MODEL.replace("  web:\n", f"{worker.format('mail')}{worker.format('worker')}  web:\n")}
    )
    first = desk.built(minute=1)
    desk.start(first, None)
    desk.write({"docker-compose.yml": MODEL.replace("  web:\n", "  mail: {image: 'redis:7'}\n  web:\n")})
    second = desk.built(minute=2)
    described = desk.runtime.describe_start(desk.place, second, first)
    seen = [desk.count(engine, "worker")]
    desk.start(second, first)
    seen.append(desk.count(engine, "worker"))
    mail = engine.containers.get(desk.container(engine, "mail"))
    assert mail.image is not None
    assert "redis:7" in mail.image.tags
    desk.start(first, second)
    seen.append(desk.count(engine, "worker"))

    assert seen == [1, 0, 1]
    assert described[0].endswith("rm --stop --force worker")
    assert described[1].endswith("up --detach --no-build --pull missing --no-deps mail")


def test_plan_before_anything_is_pinned(desk: Desk) -> None:
    """A plan names the commands of a release that has no worktree yet; nothing is written."""
    commit = desk.git("rev-parse", "HEAD")
    folder = desk.state / "releases" / release_id(commit)
    release = Release(
        id=folder.name,
        commit=commit,
        env="test",
        runtime="compose",
        created=datetime.now(UTC),
        folder=folder,
        root=folder / "source",
    )
    built = desk.runtime.build(desk.place, release, no_cache=True)
    prepared = desk.runtime.prepare(desk.place, release)
    started = desk.runtime.describe_start(desk.place, release, None)
    compose = f"docker compose --project-name {desk.project} --env-file /dev/null"
    start = f"{compose} --file {folder}/compose.json --project-directory {desk.path}"
    up = f"{start} up --detach --no-build"

    assert not desk.state.exists()
    assert [str(one) for one in built] == [
        f"{compose} --file {folder}/build.json --project-directory {desk.path} build --no-cache api seed"
    ]
    assert started == (
        *map(str, prepared),
        f"{up} --force-recreate --pull never --no-deps seed",
        "docker wait <containers of seed>  # each must end with 0",
        f"{up} --pull never --no-deps api",
        "# api may take 40 s to become healthy",
        f"{up} --pull missing --no-deps --wait --wait-timeout 40 web",
        f"{start} restart web  # those that still look for the old containers",
    )
    assert [str(one) for one in prepared] == [
        f"{up} --no-recreate --pull missing db",
        f"{up} --no-recreate --pull never --no-deps --wait --wait-timeout 40 db",
    ]


def test_own_build_command_and_entry_facts(desk: Desk) -> None:
    """The team's build command gets the release and the tags; the entry commands are the model's or the image's."""
    toml = desk.repository / "gonogo.toml"
    own = (
        "\n[env.test.commands]\nbuild = \"sh -c 'docker build -q -t {tag:api} . && docker tag {tag:api} {tag:seed}'\"\n"
    )
    desk.write({"gonogo.toml": toml.read_text() + own})
    release = desk.built(minute=1)
    facts = desk.runtime.facts(desk.place, release)

    assert release.images["api"] == release.images["seed"]
    assert facts["entry"] == {
        "api": ("python", "server.py"),
        "seed": ("python", "-c", "print('seeded')"),
    }
    assert facts["scripts"] == {"server.py": SERVER.format(version="v1")}


def test_broken_models_are_refused_in_composes_own_words(desk: Desk) -> None:
    """A missing file, an invalid model, a missing env file and an unknown service each end in one clear message."""
    good = desk.release(minute=1)
    (desk.path / ".env").rename(desk.path / "env.away")
    with pytest.raises(UsageError) as no_env:
        desk.runtime.pin(desk.place, good)
    (desk.path / "env.away").rename(desk.path / ".env")
    desk.write({"docker-compose.yml": "services: {api: {build: ., ports: nonsense}}\n"})
    with pytest.raises(RefusedError) as invalid:
        desk.runtime.pin(desk.place, desk.release(minute=2))
    desk.write({"docker-compose.yml": "services: {backend: {build: .}}\n"})
    with pytest.raises(UsageError) as unknown:
        desk.runtime.pin(desk.place, desk.release(minute=3))
    desk.git("rm", "--quiet", "docker-compose.yml")
    desk.write({})
    absent = desk.release(minute=4)
    with pytest.raises(RefusedError) as missing:
        desk.runtime.pin(desk.place, absent)

    assert str(no_env.value) == (
        f"{desk.path}/.env: found no file, expected the env file of env.test. "
        "Create it (from .env.example), or correct env_file or path in gonogo.toml."
    )
    assert "docker-compose.yml: found a model that Compose refuses" in str(invalid.value)
    assert "services.api.ports" in str(invalid.value)
    assert str(unknown.value) == (
        "gonogo.toml: service.api: found no such service in docker-compose.yml, expected one of: backend. "
        "Correct the name, or activate its profile."
    )
    assert str(missing.value) == (
        f"{absent.root}/docker-compose.yml: found no file, expected the compose file that env.test.compose names. "
        "Commit it, or correct the name in gonogo.toml."
    )


def command(release: Release, *words: str) -> Command:
    """A command in the release's worktree."""
    return Command(argv=words, cwd=str(release.worktree))


@pytest.mark.thorough
@pytest.mark.parametrize("gone", [False, True], ids=["beside the old one", "the old one is gone"])
def test_half_made_container_of_a_killed_up_is_not_tripped_over(
    desk: Desk, engine: docker.DockerClient, *, gone: bool
) -> None:
    """Compose makes the new container under a name in between; killed there, its next ``up`` removes the old one and fails."""
    first = desk.built(minute=1)
    desk.start(first, None)
    desk.write({"server.py": SERVER.format(version="v2")})
    second = desk.built(minute=2)
    old = engine.containers.get(f"{desk.project}-api-1")
    half = f"{str(old.id)[:12]}_{desk.project}-api-1"
    named = {"replace": str(old.id), "config-hash": "the second's"}
    labels = {**old.labels, **{f"com.docker.compose.{name}": value for name, value in named.items()}}
    engine.containers.create(second.images["api"], name=half, labels=labels)
    if gone:
        old.remove(force=True)
    desk.start(first, second)

    assert desk.count(engine, "api") == 1
    assert engine.containers.get(f"{desk.project}-api-1").attrs["Image"] == first.images["api"]


def test_engine_that_does_not_answer_is_no_lost_image(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether an image is there could not be asked: that is what is said, not that it is gone."""
    release = desk.built(minute=1)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{desk.path}/nobody")
    with pytest.raises(RuntimeUnreachableError, match=r"the Docker Engine went away: .*docker image inspect") as caught:
        desk.runtime.start(desk.place, release, None)

    assert "found no image" not in str(caught.value)
