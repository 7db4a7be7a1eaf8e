"""The runtime ``process`` with real processes: git worktrees, environments, ports, signals."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from gonogo.config import load_project
from gonogo.errors import CommandError
from gonogo.host import LocalHost
from gonogo.inspection.envfile import parse as parse_env
from gonogo.release import Release, release_id
from gonogo.runtimes.base import Place
from gonogo.runtimes.process import ProcessRuntime
from gonogo.runtimes.process_health import wait_until_healthy
from gonogo.runtimes.process_instances import Instance, Instances, family, marked
from gonogo.runtimes.process_pinned import pinned
from gonogo.state import State

pytestmark = pytest.mark.integration

SERVER = """\
import http.server, json, os, signal, subprocess, sys, time

import version

mode = os.environ.get("MODE", "")
print(f"starting {version.NAME}", flush=True)
if mode == "exit":
    sys.exit("no database: s3cr3t-value")
if mode == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = 503 if mode == "sick" and self.path == "/healthz" else 200
        body = json.dumps({"version": version.NAME, "pid": os.getpid(), "env": dict(os.environ)}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
WORKER = """\
import os, sys, time

print("worker", os.environ.get("MODE"), flush=True)
if os.environ.get("MODE") == "lazy":
    sys.exit(0)
time.sleep(300)
"""
CONFIG = """\
[app]
name = "tiny"
root = "site"

[service.web]
command = "{python} server.py {port}"
port = @PORT@
@WORKER@
[env.test]
tier = "dev"
runtime = "process"
project = "tiny-test"
env_file = ".env"
health = { timeout = "@TIMEOUT@" }
secrets = { LICENCE = {} }

[env.test.commands]
environment = "{python} -m venv --without-pip --clear {venv}"
install = "{python} -c 'print(1)'"
"""
WORKER_CONFIG = """
[service.jobs]
command = "python worker.py"
"""


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Site:
    """A throwaway application, its environment's state, and everything that was started from it."""

    def __init__(self, folder: Path, repository: Any) -> None:
        """Make the repository with its first commit."""
        self.port = free_port()
        self.repository = repository
        self.state = State(folder / "state")
        self.state.create()
        self.root: Path = repository({"site/server.py": SERVER, "site/worker.py": WORKER, "site/version.py": ""})
        self.runtime = ProcessRuntime(grace=0.5)
        self.host = LocalHost(redact=lambda text: text.replace("s3cr3t-value", "[redacted]"))
        self.count = 0

    def release(self, env: str = "", *, worker: bool = False, timeout: str = "20s", build: bool = True) -> Release:
        """Commit a new version, with this env file beside, and make a release of it."""
        self.count += 1
        self.write_env(env)
        config = CONFIG.replace("@PORT@", str(self.port)).replace("@TIMEOUT@", timeout)
        config = config.replace("@WORKER@", WORKER_CONFIG if worker else "")
        self.repository.write(self.root, {"gonogo.toml": config, "site/version.py": f'NAME = "v{self.count}"\n'})
        commit = self.repository.commit(self.root)
        name = release_id(commit)
        folder = self.state.release_folder(name)
        self.repository.git(self.root, "worktree", "add", "--quiet", "--detach", str(folder / "source"), commit)
        made = Release(
            id=name,
            commit=commit,
            env="test",
            runtime="process",
            created=datetime.now(UTC),
            folder=folder,
            root=folder / "source",
        )
        made = self.runtime.pin(self.place(made), made, self.host)
        if build:
            for command in self.runtime.build(self.place(made), made, no_cache=False):
                self.host.run(command).require()
        self.state.save(made)
        return made

    def write_env(self, text: str) -> None:
        """Write the env file that is current from now on; it stays out of git."""
        (self.root.parent / ".env").write_text(text)

    def place(self, release: Release) -> Place:
        """Where the runtime works, with the release's own configuration and the current env file."""
        project = load_project(release.root)
        variables = dict(parse_env((self.root.parent / ".env").read_text()).values)
        return Place(
            project=project,
            environment=project.environments["test"],
            state=self.state.root,
            path=self.root.parent,
            variables=variables,
        )

    def start(self, release: Release, outgoing: Release | None = None) -> None:
        """Start a release."""
        self.runtime.start(self.place(release), release, outgoing, self.host)

    def inspect(self, release: Release) -> Any:
        """The read-only side."""
        return self.runtime.inspector(self.place(release), release, self.host)

    def record(self, service: str = "web") -> Instance:
        """What the pid file of a service says."""
        found = Instances(self.state.root).read(service)
        assert found is not None
        return found

    def ask(self) -> dict[str, Any]:
        """What the running application answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def clean(self) -> None:
        """Stop what was started."""
        for instance in Instances(self.state.root).all():
            for process in family(instance):
                process.kill()
        marks = [Instances(self.state.root).mark(name) for name in ("web", "jobs")]
        eventually(lambda: not any(map(marked, marks)))


@pytest.fixture
def site(tmp_path: Path, repository: Any) -> Iterator[Site]:
    """An application of one or two services, stopped after the test."""
    made = Site(tmp_path, repository)
    yield made
    made.clean()


def runs(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def eventually(condition: Callable[[], bool], *, within: float = 10.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{condition} did not hold within {within} s"
        time.sleep(0.02)


def test_start_serves_the_release(site: Site) -> None:
    """A started release answers on its port, with its own code, programs and variables, and leaves no bytecode."""
    release = site.release("GREETING='hello there'\nPORT=1\n")
    os.environ["GONOGO_TEST_LEAK"] = "1"
    try:
        site.start(release)
    finally:
        del os.environ["GONOGO_TEST_LEAK"]
    answer = site.ask()
    env = answer["env"]

    assert answer["version"] == "v1"
    assert env["GREETING"] == "hello there"
    assert env["GONOGO_RELEASE"] == release.id
    assert env["GONOGO_COMMIT"] == release.commit
    assert env["PORT"] == str(site.port)
    assert env["VIRTUAL_ENV"] == str(release.folder / "venv")
    assert env["PATH"].split(":")[0] == str(release.folder / "venv" / "bin")
    assert "GONOGO_TEST_LEAK" not in env
    assert not list(release.worktree.rglob("*.pyc"))
    assert site.record().pid == answer["pid"]
    assert site.record().log == site.state.root / "instances" / "web" / f"{release.id}.log"


def test_the_inspector_sees_what_runs(site: Site) -> None:
    """A running instance is running and healthy; its log, address and port are known."""
    release = site.release()
    site.start(release)
    inspector = site.inspect(release)
    (state,) = inspector.instances()

    assert (state.service, state.status, state.health, state.release) == ("web", "running", "healthy", release.id)
    assert state.name == f"web (pid {site.record().pid})"
    assert inspector.logs(None)["web"][0] == "starting v1"
    assert inspector.holders() == {site.port: state.name}
    assert inspector.published() == [("web", "127.0.0.1", site.port)]
    assert inspector.url() == inspector.url("web") == f"http://127.0.0.1:{site.port}"


def test_the_inspector_sees_what_does_not_run(site: Site) -> None:
    """An instance that was killed is exited, one that was never started is missing, and neither has an inside."""
    release = site.release(worker=True)
    inspector = site.inspect(release)
    before = [state.status for state in inspector.instances()]
    site.start(release)
    psutil.Process(site.record().pid).kill()
    eventually(lambda: not runs(site.record().pid))
    web, jobs = inspector.instances()

    assert before == ["missing", "missing"]
    assert (web.status, web.health, web.exit_code) == ("exited", None, -9)
    assert (jobs.status, jobs.health) == ("running", None)
    assert inspector.holders() == {}
    with pytest.raises(CommandError) as caught:
        inspector.inside("web")
    assert str(caught.value) == (
        f"web: found {site.record()} ended, expected a running instance. "
        f"See its log below {site.state.root / 'instances' / 'web'}."
    )


def test_artifact_is_asked_under_its_own_python(site: Site) -> None:
    """An artifact runs scripts under the environment's Python; only when not isolated as the application would."""
    release = site.release("GREETING=hello\n")
    (artifact,) = site.inspect(release).artifacts()
    script = "import sys, os; print(sys.prefix, os.getcwd(), sys.argv[1:]); import version; print(version.NAME)"
    isolated = artifact.python(script, "a", "b c")
    plain = artifact.python(script + "; print(os.environ['GREETING'])", isolated=False)
    folder = release.worktree / "site"

    assert artifact.label == f"environment of release {release.id}"
    assert artifact.facts is None
    assert artifact.code == {".": str(folder)}
    assert isolated.output == f"{release.folder / 'venv'} {folder} ['a', 'b c']\n"
    assert "No module named 'version'" in isolated.errors
    assert plain.output == f"{release.folder / 'venv'} {folder} []\nv1\nhello\n"
    assert not list(release.worktree.rglob("*.pyc"))


def test_artifact_shows_its_files_and_programs(site: Site) -> None:
    """Files are digested below folders and by name, missing ones left out; programs are found as a shell would."""
    release = site.release()
    (artifact,) = site.inspect(release).artifacts()
    folder = release.worktree / "site"
    found = artifact.files([str(folder), str(folder / "nothing"), str(release.root / "gonogo.toml")])
    top = artifact.files([str(release.worktree)])

    assert set(found) == {
        *(str(folder / name) for name in ("server.py", "version.py", "worker.py")),
        str(release.root / "gonogo.toml"),
    }
    assert found[str(folder / "version.py")].size == len('NAME = "v1"\n')
    assert str(release.worktree / ".git") not in top
    assert [artifact.exists(name) for name in ("python", "git", "server.py", "nothing-of-this-name")] == [
        *(True, True, False, False)
    ]
    assert artifact.exists(str(folder / "server.py"))
    assert not artifact.exists("/nothing/of/this/name")


def test_inside_is_the_release_that_runs(site: Site) -> None:
    """While the old release runs, the inside of a service is the old release, whichever release asks."""
    old = site.release()
    new = site.release()
    site.start(old)
    inside = site.inspect(new).inside("web")
    (state,) = site.inspect(new).instances()

    assert inside.code == {".": str(old.worktree / "site")}
    assert inside.label == f"web (pid {site.record().pid}) of release {old.id}"
    assert (state.release, state.health) == (old.id, "healthy")


def test_start_replaces_and_stops_what_vanished(site: Site) -> None:
    """Starting the next release ends the old instances, also of a service that it no longer has."""
    old = site.release(worker=True)
    new = site.release()
    site.start(old)
    before = [site.record(name).pid for name in ("web", "jobs")]
    site.start(new, old)

    assert site.ask()["version"] == "v2"
    assert not [pid for pid in before if runs(pid)]
    assert [instance.service for instance in Instances(site.state.root).all()] == ["web"]


def test_start_again_replaces_its_own_instance(site: Site) -> None:
    """Starting the same release twice leaves one instance, whose log begins with its own start."""
    release = site.release()
    site.start(release)
    first = site.record()
    site.start(release)
    second = site.record()

    assert not runs(first.pid)
    assert site.ask()["pid"] == second.pid != first.pid
    assert second.offset > 0
    assert site.inspect(release).logs(None)["web"].count("starting v1") == 1
    assert second.log.read_text().count("starting v1") == 2


def test_rollback_keeps_the_env_file_but_not_old_secrets(site: Site) -> None:
    """The previous release starts with the variables it had, except that a secret keeps the value it has now."""
    old = site.release("MODE=fast\nAPI_TOKEN=old-token\nLICENCE=old\nREVOKED_KEY=x\nREVOKED_SECRET=y\nGONE=1\n")
    site.start(old)
    new = site.release("MODE=slow\nAPI_TOKEN=new-token\nLICENCE=new\nADDED=1\n")
    site.start(new, old)
    during = site.ask()["env"]
    site.start(old, new)
    after = site.ask()["env"]
    names = ("MODE", "API_TOKEN", "LICENCE", "REVOKED_SECRET", "GONE", "ADDED")

    assert site.ask()["version"] == "v1"
    assert [during.get(name) for name in names] == ["slow", "new-token", "new", None, None, "1"]
    assert [after.get(name) for name in names] == ["fast", "new-token", "new", None, "1", None]
    assert (old.folder / "env").stat().st_mode & 0o777 == 0o600


def test_start_reports_an_early_exit(site: Site) -> None:
    """A process that ends is reported at once, with its exit code and what it said, redacted."""
    release = site.release("MODE=exit\n", timeout="60s")
    begin = time.monotonic()
    with pytest.raises(CommandError) as caught:
        site.start(release)
    log = site.state.root / "instances" / "web" / f"{release.id}.log"

    assert time.monotonic() - begin < 30
    assert re.sub(r"after [\d.]+ s", "after 0.1 s", str(caught.value)) == (
        f"web: found exit code 1 after 0.1 s, expected 200 from http://127.0.0.1:{site.port}/healthz. "
        f"The last lines of {log}:\n    starting v1\n    no database: [redacted]"
    )


def test_start_reports_what_never_gets_healthy(site: Site) -> None:
    """An instance that answers wrongly until its time is over is reported with its last answer."""
    release = site.release("MODE=sick\n", timeout="1s")
    with pytest.raises(CommandError) as caught:
        site.start(release)

    assert re.sub(r"for [\d.]+ s,", "for 1.0 s,", str(caught.value)).splitlines()[0] == (
        f"web: found status 503 for 1.0 s, expected 200 from http://127.0.0.1:{site.port}/healthz "
        f"within 1 s (health.timeout). The last lines of {site.record().log}:"
    )
    assert site.inspect(release).instances()[0].health == "unhealthy"


def test_start_reports_a_worker_that_does_not_stay(site: Site) -> None:
    """A service without a port must stay alive; one that ends well is reported as well."""
    release = site.release("MODE=lazy\n", worker=True)
    with pytest.raises(CommandError) as caught:
        site.start(release)

    assert re.sub(r"after [\d.]+ s", "after 0.1 s", str(caught.value)) == (
        "jobs: found exit code 0 after 0.1 s, expected a process that stays. "
        f"The last lines of {site.record('jobs').log}:\n    worker lazy"
    )


def test_start_refuses_a_port_that_a_stranger_holds(site: Site) -> None:
    """A port that is not ours is never taken; the message names who holds it, and the stranger lives on."""
    release = site.release()
    script = f"import socket, time; s = socket.create_server(('127.0.0.1', {site.port})); print(1, flush=True); time.sleep(99)"  # noqa: E501
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as stranger:
        try:
            assert stranger.stdout is not None
            stranger.stdout.readline()
            with pytest.raises(CommandError) as caught:
                site.start(release)

            shown = f"{sys.executable} -c {script}"[:160]
            assert str(caught.value) == (
                f"web: found port {site.port} held by pid {stranger.pid} ({shown}), expected it free. "
                "Stop that process, or give web another port in gonogo.toml."
            )
            assert stranger.poll() is None
            assert Instances(site.state.root).read("web") is None
        finally:
            stranger.kill()


def test_an_answer_by_a_stranger_is_no_health(site: Site) -> None:
    """Health counts only when the process that answers is the one that was started."""
    release = site.release(worker=True, timeout="1s")
    site.start(release)
    web = pinned(site.place(release), release).services["web"]
    with pytest.raises(CommandError) as caught:
        wait_until_healthy(site.record("jobs"), web, site.host)

    assert str(caught.value).startswith(f"jobs: found an answer by pid {site.record().pid} ({release.folder}/venv/bin/")


def test_stop_kills_what_ignores_term(site: Site) -> None:
    """A process that ignores TERM is killed after the grace time, with its children, and forgotten."""
    release = site.release("MODE=deaf\n")
    site.start(release)
    members = [process.pid for process in family(site.record())]
    begin = time.monotonic()
    site.runtime.stop(site.place(release), release, site.host)

    assert len(members) == 2
    assert 0.5 <= time.monotonic() - begin < 5
    assert not [pid for pid in members if runs(pid)]
    assert Instances(site.state.root).all() == []


def test_stop_finds_children_whose_parent_was_killed(site: Site) -> None:
    """When only the leader died, its children are still ours and are ended too."""
    release = site.release("MODE=deaf\n")
    site.start(release)
    (child,) = [process.pid for process in family(site.record()) if process.pid != site.record().pid]
    psutil.Process(site.record().pid).kill()
    eventually(lambda: not runs(site.record().pid))
    left = runs(child)
    site.runtime.stop(site.place(release), release, site.host)

    assert left
    assert not runs(child)


def test_start_ends_an_instance_that_lost_its_pid_file(site: Site) -> None:
    """A run that was killed before it wrote the pid file leaves a process; it is ours and is replaced."""
    release = site.release()
    site.start(release)
    lost = site.record().pid
    Instances(site.state.root).forget("web")
    site.start(release)

    assert not runs(lost)
    assert site.ask()["pid"] == site.record().pid


def test_stop_ends_an_instance_that_lost_its_pid_file(site: Site) -> None:
    """Stopping a release ends its processes also where no pid file names them, and only its own."""
    old, new = site.release(), site.release()
    site.start(old)
    lost = site.record().pid
    Instances(site.state.root).forget("web")
    site.runtime.stop(site.place(new), new, site.host)
    others = runs(lost)
    site.runtime.stop(site.place(old), old, site.host)

    assert others
    assert not runs(lost)


def test_stop_leaves_another_release_alone(site: Site) -> None:
    """Stopping a release that does not run touches nothing of the one that does."""
    old, new = site.release(), site.release()
    site.start(old)
    site.runtime.stop(site.place(new), new, site.host)

    assert site.ask()["version"] == "v1"


def test_a_pid_that_was_given_to_a_stranger_is_not_ours(site: Site) -> None:
    """A pid file whose creation time differs names nobody: the stranger is neither counted nor signalled."""
    release = site.release()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as stranger:
        try:
            created = psutil.Process(stranger.pid).create_time()
            stale = Instance(
                service="web",
                pid=stranger.pid,
                started=created - 3600,
                release=release.id,
                log=site.state.root / "instances" / "web" / "x.log",
                started_at=datetime.now(UTC),
            )
            Instances(site.state.root).write(stale)
            (state,) = site.inspect(release).instances()
            site.start(release)

            assert state.status == "exited"
            assert stranger.poll() is None
            assert site.ask()["version"] == "v1"
        finally:
            stranger.kill()


def test_in_service_runs_with_the_release(site: Site) -> None:
    """A one-off command runs the environment's program in the application's folder with the variables."""
    release = site.release("GREETING=hello\n")
    place = site.place(release)
    argv = ("python", "-c", "import os, sys; print(sys.prefix, os.getcwd(), os.environ['GREETING'])")
    command = site.runtime.in_service(place, release, "web", argv)

    assert command.argv[0] == str(release.folder / "venv" / "bin" / "python")
    assert site.host.run(command).output == f"{release.folder / 'venv'} {release.worktree / 'site'} hello\n"
    assert site.runtime.in_instance(place, release, "web", argv) == command


def test_save_logs_shows_what_runs_now(site: Site) -> None:
    """The logs that are saved are those of the running release, not of the one that is deployed."""
    old, new = site.release(), site.release()
    site.start(old)
    (command,) = site.runtime.save_logs(site.place(new), new)

    assert command.argv == ("tail", "-n", "2000", str(site.record().log))
    assert site.host.run(command).output.startswith("starting v1\n")


def test_remove_throws_the_release_away(site: Site) -> None:
    """After removal neither folder, log nor git's own note of the worktree is left; half removed is removed as well."""
    release = site.release()
    site.start(release)
    site.runtime.stop(site.place(release), release, site.host)
    place = site.place(release)
    for command in site.runtime.remove(place, release):
        site.host.run(command).require()

    assert not release.folder.exists()
    assert not (site.state.root / "instances" / "web" / f"{release.id}.log").exists()
    assert site.repository.git(site.root, "worktree", "list").count("\n") == 1
    assert [command.argv[0] for command in site.runtime.remove(place, release)] == ["rm"]


def test_describe_start_is_what_start_runs(site: Site) -> None:
    """The plan shows the signals, the command line and the health question, as they would be typed."""
    old = site.release(worker=True)
    new = site.release()
    site.start(old)
    lines = site.runtime.describe_start(site.place(new), new, old)
    folder, log = new.folder, site.state.root / "instances" / "web" / f"{new.id}.log"

    assert lines == (
        "kill -TERM <pid of web>",
        f"cd {folder}/source/site && {folder}/venv/bin/python server.py {site.port} > {log} 2>&1 &",
        f"curl http://127.0.0.1:{site.port}/healthz  # until it answers 200, at most 20 s",
        "kill -TERM <pid of jobs>",
    )
    assert site.runtime.describe_stop(site.place(old), old) == ("kill -TERM <pid of jobs>", "kill -TERM <pid of web>")


def test_pip_installs_with_the_defaults(site: Site) -> None:
    """Without overrides an environment with pip is made and pip installs what requirements.txt names, offline here."""
    release = site.release(build=False)
    package = release.worktree / "site" / "lib"
    package.mkdir()
    (package / "tiny_lib-1.0-py3-none-any.whl").write_bytes(wheel())
    (release.worktree / "site" / "requirements.txt").write_text("--no-index\n./lib/tiny_lib-1.0-py3-none-any.whl\n")
    place = site.place(release)
    plain = place.environment.model_copy(update={"commands": {}})
    place = Place(project=place.project, environment=plain, state=place.state, path=place.path)
    for command in site.runtime.build(place, release, no_cache=True):
        site.host.run(command).require()
    (artifact,) = site.inspect(release).artifacts()

    assert artifact.python("import tiny_lib; print(tiny_lib.NAME)").output == "tiny\n"


def wheel() -> bytes:
    """The smallest wheel that pip installs."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("tiny_lib.py", "NAME = 'tiny'\n")
        archive.writestr("tiny_lib-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-lib\nVersion: 1.0\n")
        archive.writestr(
            "tiny_lib-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny_lib-1.0.dist-info/RECORD", "")
    return stream.getvalue()
