"""The runtime ``process`` with real processes: git worktrees, environments, ports, signals."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from gonogo.errors import CommandError
from gonogo.host.runner import Command
from gonogo.runtimes.process.instances import Instance, Instances, family
from gonogo.runtimes.process.runtime import ProcessRuntime
from tests.support.sites import Site, eventually, runs

pytestmark = pytest.mark.integration


def test_start_serves_the_release(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A started release answers on its port, with its own code, programs and variables, and leaves no bytecode."""
    release = site.release("GREETING='hello there'\nPORT=1\n")
    monkeypatch.setenv("GONOGO_TEST_LEAK", "1")
    site.start(release)
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


def test_start_stops_nothing_for_a_release_that_is_not_whole(site: Site) -> None:
    """A release whose environment is gone is refused before the one that serves is stopped."""
    serving, gutted = site.release(), site.release()
    site.start(serving)
    shutil.rmtree(gutted.folder / "venv")
    with pytest.raises(CommandError) as caught:
        site.start(gutted, serving)

    assert str(caught.value) == (
        f"{gutted.folder}/venv/bin/python: found nothing, expected it to start release {gutted.id}. "
        "Nothing was stopped; deploy the commit again, or roll back to another kept release."
    )
    assert site.ask()["version"] == "v1"


def test_stop_kills_what_ignores_term(site: Site) -> None:
    """A process that ignores TERM is killed after the grace time, with its children, and forgotten."""
    release = site.release("MODE=deaf\n")
    site.start(release)
    members = [process.pid for process in family(site.record())]
    begin = time.monotonic()
    site.runtime.stop(site.place(release), release)

    assert len(members) == 2
    assert 0.5 <= time.monotonic() - begin < 5
    assert not [pid for pid in members if runs(pid)]
    assert Instances(site.state.root).all() == []


def test_stop_ends_what_another_run_started(site: Site, tmp_path: Path) -> None:
    """An instance that an earlier run started ends at once on TERM, even where nobody reaps it afterwards."""
    release = site.release()
    script = tmp_path / "earlier_run.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\n"
        "from gonogo.config import load_project\nfrom gonogo.host.runner import this_machine\n"
        "from gonogo.runtimes.place import make_place\nfrom gonogo.runtimes.process.runtime import ProcessRuntime\n"
        "from gonogo.state.store import State\n"
        "state, name, path = sys.argv[1:]\n"
        "release = State(Path(state)).load(name)\n"
        "project = load_project(release.root)\n"
        "where = {'state': Path(state), 'path': Path(path), 'host': this_machine()}\n"
        "place = make_place(project, project.environments['test'], **where)\n"
        "ProcessRuntime().start(place, release, None)\n"
    )
    argv = (sys.executable, str(script), str(site.state.root), release.id, str(site.root.parent))
    earlier = site.host.run(Command(argv=argv)).require()
    served = site.ask()["version"]
    pid = site.record().pid
    begin = time.monotonic()
    ProcessRuntime(grace=30).stop(site.place(release), release)

    assert (earlier.output, earlier.errors, served) == ("", "", "v1")
    assert time.monotonic() - begin < 15
    assert not runs(pid)


def test_stop_finds_children_whose_parent_was_killed(site: Site) -> None:
    """When only the leader died, its children are still ours and are ended too."""
    release = site.release("MODE=deaf\n")
    site.start(release)
    (child,) = [process.pid for process in family(site.record()) if process.pid != site.record().pid]
    psutil.Process(site.record().pid).kill()
    eventually(lambda: not runs(site.record().pid))
    left = runs(child)
    site.runtime.stop(site.place(release), release)

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
    site.runtime.stop(site.place(new), new)
    others = runs(lost)
    site.runtime.stop(site.place(old), old)

    assert others
    assert not runs(lost)


def test_stop_leaves_another_release_alone(site: Site) -> None:
    """Stopping a release that does not run touches nothing of the one that does."""
    old, new = site.release(), site.release()
    site.start(old)
    site.runtime.stop(site.place(new), new)

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
    other = site.runtime.in_service(place, release, "web", argv, variables={"GREETING": "good day"})

    assert command.argv[0] == str(release.folder / "venv" / "bin" / "python")
    assert site.host.run(command).output == f"{release.folder / 'venv'} {release.worktree / 'site'} hello\n"
    assert site.host.run(other).output.endswith(" good day\n")
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
    site.runtime.stop(site.place(release), release)
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


@pytest.mark.thorough
def test_pip_installs_with_the_defaults(site: Site) -> None:
    """Without overrides an environment with pip is made and pip installs what requirements.txt names, offline here."""
    release = site.release(build=False)
    package = release.worktree / "site" / "lib"
    package.mkdir()
    (package / "tiny_lib-1.0-py3-none-any.whl").write_bytes(wheel())
    (release.worktree / "site" / "requirements.txt").write_text("--no-index\n./lib/tiny_lib-1.0-py3-none-any.whl\n")
    place = site.place(release)
    plain = place.environment.model_copy(update={"commands": {}})
    place = replace(place, environment=plain, variables={})
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
