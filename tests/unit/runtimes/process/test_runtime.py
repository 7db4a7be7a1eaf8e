"""The commands, pinned files and addresses of the runtime ``process``: data, nothing runs."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.config import parse_project
from gonogo.errors import CommandError, UsageError
from gonogo.host.runner import this_machine
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Place
from gonogo.runtimes.place import kept_variables, make_place
from gonogo.runtimes.process.instances import Instances
from gonogo.runtimes.process.pinned import fill, settings, venv
from gonogo.runtimes.process.runtime import ProcessRuntime
from gonogo.runtimes.protocols import Runtime
from gonogo.state.release import Release

CONFIG = """\
[app]
name = "shop"
root = "src"

[service.web]
command = ["uvicorn", "app:app", "--port", "{port}", "--log-config={source}/log.json", "{other}"]
port = 8001
health = { live = "/alive", timeout = "3s", live_status = 204 }

[service.jobs]
command = "sh -c './start.sh --python {python}'"

[env.test]
runtime = "process"
project = "shop-test"
env_file = ".env"
secrets = { LICENCE = {} }
"""


def make(folder: Path, config: str = CONFIG) -> tuple[Place, Release]:
    """A place and a release whose worktree is not made yet; the checkout and the env file are there."""
    checkout = folder / "checkout"
    (checkout / "src").mkdir(parents=True, exist_ok=True)
    project = parse_project(config, root=checkout)
    release = Release(
        id="20261121T221003-9a41b7d",
        commit="9a41b7d" + "0" * 33,
        env="test",
        runtime="process",
        created=datetime(2026, 11, 21, tzinfo=UTC),
        folder=folder / "state" / "releases" / "20261121T221003-9a41b7d",
        root=folder / "state" / "releases" / "20261121T221003-9a41b7d" / "source",
    )
    place = make_place(
        project,
        project.environments["test"],
        state=folder / "state",
        path=checkout,
        host=this_machine(),
        variables={},
    )
    return place, release


def with_variables(place: Place, **variables: str) -> Place:
    """The same place with another current env file."""
    return replace(place, variables=variables)


def test_the_table_of_runtimes_names_it() -> None:
    """``runtime = "process"`` gives this runtime, which is a whole ``Runtime``."""
    runtime: Runtime = ProcessRuntime()

    assert isinstance(runtime_of("process"), ProcessRuntime)
    assert runtime.name == "process"


def test_build_makes_an_environment_and_installs_requirements(tmp_path: Path) -> None:
    """The default build is venv and pip, of the interpreter behind the deployer's own environment."""
    place, release = make(tmp_path)
    (place.project.source_root / "requirements.txt").touch()
    (place.project.source_root / "pyproject.toml").touch()
    make_environment, install = ProcessRuntime().build(place, release, no_cache=False)
    venv, folder = str(release.folder / "venv"), str(release.root / "src")
    pip = (f"{venv}/bin/python", "-I", "-m", "pip", "install", "--disable-pip-version-check")

    assert make_environment.argv[1:] == ("-P", "-m", "venv", "--clear", venv)
    assert make_environment.argv[0].startswith(sys.base_prefix)
    assert install.argv == (*pip, "-r", "requirements.txt")
    assert (make_environment.cwd, install.cwd) == (folder, folder)
    assert (install.env["VIRTUAL_ENV"], install.env["PYTHONPATH"]) == (venv, "")
    assert install.env["PATH"].startswith(f"{venv}/bin:")


@pytest.mark.parametrize(("name", "words"), [("setup.py", [(".",)]), ("pyproject.toml", []), ("readme.txt", [])])
def test_build_follows_what_the_application_holds(tmp_path: Path, name: str, words: list[tuple[str, ...]]) -> None:
    """A project file is installed as a package; without either file nothing is installed."""
    place, release = make(tmp_path)
    (place.project.source_root / name).touch()
    commands = ProcessRuntime().build(place, release, no_cache=True)

    assert [command.argv[-2:] for command in commands[1:]] == [("--no-cache-dir", *word) for word in words]


def test_build_reads_the_worktree_once_it_stands(tmp_path: Path) -> None:
    """What is installed is decided by the release, not by the desk."""
    place, release = make(tmp_path)
    (release.root / "src").mkdir(parents=True)
    (place.project.source_root / "requirements.txt").touch()

    assert len(ProcessRuntime().build(place, release, no_cache=False)) == 1


def test_build_commands_can_be_replaced(tmp_path: Path) -> None:
    """``commands.environment`` and ``commands.install`` replace the defaults, ``commands.build`` both."""
    two = '\n[env.test.commands]\nenvironment = "uv venv -p {python} {venv}"\ninstall = "{python} -m x {source}"\n'
    place, release = make(tmp_path, CONFIG + two)
    first, second = ProcessRuntime().build(place, release, no_cache=False)
    place, release = make(tmp_path, CONFIG + '\n[env.test.commands]\nbuild = "make {venv}"\n')
    (whole,) = ProcessRuntime().build(place, release, no_cache=False)
    venv = str(release.folder / "venv")

    assert first.argv[:3] == ("uv", "venv", "-p")
    assert first.argv[3].startswith(sys.base_prefix)
    assert first.argv[4] == venv
    assert second.argv == (f"{venv}/bin/python", "-m", "x", str(release.root / "src"))
    assert whole.argv == ("make", venv)


def test_pin_writes_what_starts_the_release(tmp_path: Path) -> None:
    """The pinned file holds filled commands, ports and health addresses; both files are closed to others."""
    place, release = make(tmp_path)
    (place.path / ".env").write_text("# kept\nA=1\n")
    found = ProcessRuntime().pin(place, release)
    document = json.loads((release.folder / "process.json").read_text())
    folder = str(release.root / "src")

    assert found.services == ("web", "jobs")
    assert document == {
        "format": 1,
        "folder": folder,
        "services": {
            "web": {
                "command": ["uvicorn", "app:app", "--port", "8001", f"--log-config={folder}/log.json", "{other}"],
                "port": 8001,
                "live": "/alive",
                "live_status": 204,
                "leads_on": [],
                "timeout": 3.0,
                "name": "",
            },
            "jobs": {
                "command": ["sh", "-c", f"./start.sh --python {release.folder}/venv/bin/python"],
                "port": None,
                "live": "/healthz",
                "live_status": 200,
                "leads_on": [301, 302, 303, 307, 308],
                "timeout": 120.0,
                "name": "",
            },
        },
    }
    assert (release.folder / "env").read_text() == "# kept\nA=1\n"
    assert [(release.folder / name).stat().st_mode & 0o777 for name in ("env", "process.json")] == [0o600, 0o600]


def test_pin_without_an_env_file_pins_an_empty_one(tmp_path: Path) -> None:
    """An env file that is not there yet is nothing, and stays nothing when the release starts again."""
    place, release = make(tmp_path)
    ProcessRuntime().pin(place, release)

    assert (release.folder / "env").read_text() == ""
    assert "LATER" not in settings(with_variables(place, LATER="1"), release)


def test_pin_refuses_a_port_that_is_not_configured(tmp_path: Path) -> None:
    """A command that asks for a port needs one."""
    place, release = make(tmp_path, CONFIG.replace("port = 8001\n", ""))
    with pytest.raises(UsageError) as caught:
        ProcessRuntime().pin(place, release)

    assert str(caught.value) == (
        'gonogo.toml: service.web.command: found "{port}" but no port, expected service.web.port. '
        "Add port = 8000 (a free one) to [service.web] or [env.test.service.web]."
    )


def test_what_is_pinned_wins_over_the_configuration(tmp_path: Path) -> None:
    """A release starts as it was pinned, whatever another release's configuration says."""
    place, release = make(tmp_path)
    ProcessRuntime().pin(place, release)
    changed = CONFIG.replace("8001", "9999").replace('root = "src"', 'root = "other"')
    other, _ = make(tmp_path, changed)
    lines = ProcessRuntime().describe_start(other, release, None)

    assert lines[0].startswith(f"cd {release.root}/src && uvicorn app:app --port 8001 ")
    assert lines[1] == "curl http://127.0.0.1:8001/alive  # until it answers 204, at most 3 s"


def test_a_broken_pinned_file_is_told(tmp_path: Path) -> None:
    """A pinned file that cannot be read names itself and what to do."""
    place, release = make(tmp_path)
    release.folder.mkdir(parents=True)
    (release.folder / "process.json").write_text("{")
    with pytest.raises(CommandError) as caught:
        ProcessRuntime().describe_stop(place, release)

    assert str(caught.value) == (
        f"{release.folder / 'process.json'}: found 1 validation error for Pinned, expected the pinned commands "
        "of release 20261121T221003-9a41b7d. Deploy this commit again."
    )


def test_a_broken_pid_file_is_told(tmp_path: Path) -> None:
    """A pid file that cannot be read is never taken for "nothing runs"."""
    (tmp_path / "instances").mkdir()
    (tmp_path / "instances" / "web.json").write_text('{"pid": 1}')
    with pytest.raises(CommandError) as caught:
        Instances(tmp_path).all()

    assert str(caught.value) == (
        f"{tmp_path / 'instances' / 'web.json'}: found 5 validation errors for Instance, expected a pid file. "
        "Stop the process of web by hand, then delete the file."
    )


def test_commands_resolve_programs_of_the_environment(tmp_path: Path) -> None:
    """A bare program is the environment's where it has one; others and paths stay as they are."""
    place, release = make(tmp_path)
    programs = release.folder / "venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "alembic").touch()
    runtime = ProcessRuntime()
    first = [
        runtime.in_service(place, release, "web", (word, "x")).argv[0] for word in ("alembic", "psql", "./alembic")
    ]

    assert first == [str(programs / "alembic"), "psql", "./alembic"]


def test_own_variables_win_over_the_env_file(tmp_path: Path) -> None:
    """The env file cannot change which release, port or environment an instance has; its PATH comes after ours."""
    place, release = make(tmp_path)
    place = with_variables(place, PORT="1", GONOGO_RELEASE="x", VIRTUAL_ENV="/y", PATH="/opt/bin", OWN="kept")
    found = settings(place, release, "web")

    assert found == {
        "OWN": "kept",
        "PORT": "8001",
        "GONOGO_RELEASE": release.id,
        "GONOGO_COMMIT": release.commit,
        "VIRTUAL_ENV": str(release.folder / "venv"),
        "PATH": f"{release.folder}/venv/bin:/opt/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    assert settings(place, release, "jobs")["PORT"] == "1"


def test_kept_variables_take_the_current_secrets() -> None:
    """Names that say secret, declared ones, and passwords in otherwise equal URLs are current; all others as before."""
    before = {
        "LOG_LEVEL": "debug",
        "JWT_SECRET": "old",
        "LICENCE": "old",
        "REVOKED_TOKEN": "old",
        "DATABASE_URL": "postgresql://shop:old@db/shop",
        "CACHE_URL": "redis://:old@cache/0",
    }
    now = {
        "LOG_LEVEL": "info",
        "JWT_SECRET": "new",
        "LICENCE": "new",
        "DATABASE_URL": "postgresql://shop:new@db/shop",
        "CACHE_URL": "redis://:new@elsewhere/0",
        "ADDED": "1",
    }

    assert kept_variables(before, now, {"LICENCE"}) == {
        "LOG_LEVEL": "debug",
        "JWT_SECRET": "new",
        "LICENCE": "new",
        "DATABASE_URL": "postgresql://shop:new@db/shop",
        "CACHE_URL": "redis://:old@cache/0",
    }
    assert kept_variables(before, {}, {"LICENCE"}) == before


NAMES = st.sampled_from(["A", "B", "API_TOKEN", "DB_PASSWORD", "DATABASE_URL"])
VALUES = st.sampled_from(["", "1", "two", "postgresql://u:p@h/d", "postgresql://u:q@h/d", "http://h/?token=abcdef"])
VARIABLES = st.dictionaries(NAMES, VALUES)


@given(VARIABLES, VARIABLES)
def test_kept_variables_invent_nothing(before: dict[str, str], now: dict[str, str]) -> None:
    """Every kept value is one of the two, no name is added, and the same file twice changes nothing."""
    kept = kept_variables(before, now, {"A"})

    assert kept.keys() <= before.keys()
    assert all(value in (before[name], now.get(name)) for name, value in kept.items())
    assert all(kept[name] == now[name] for name in kept if name in ("A", "API_TOKEN", "DB_PASSWORD") and now)
    assert kept_variables(before, before, {"A"}) == before


@given(st.text())
def test_fill_leaves_other_braces_alone(word: str) -> None:
    """Only known names in braces are replaced; JSON and shell words survive."""
    assert fill([word], {}) == (word,)
    assert fill(['{"a": {port}}', "${HOME}/{x}"], {"port": "1"}) == ('{"a": 1}', "${HOME}/{x}")


def test_facts_hold_the_scripts_that_commands_name(tmp_path: Path) -> None:
    """Texts of named files are given, also of files that these name; nothing outside the application is read."""
    place, release = make(tmp_path)
    folder = release.root / "src"
    folder.mkdir(parents=True)
    (folder / "start.sh").write_text("sh ./bin/migrate.sh && exec python jobs.py\ncat ../../../secret /etc/hostname\n")
    (folder / "bin").mkdir()
    (folder / "bin" / "migrate.sh").write_text("alembic upgrade head; ./start.sh\n")
    (folder / "other.sh").write_text("unnamed")
    (tmp_path / "state" / "secret").write_text("secret")
    found = ProcessRuntime().facts(place, release)

    assert found["entry"]["jobs"][:2] == ("sh", "-c")
    assert set(found["scripts"]) == {"./start.sh", "./bin/migrate.sh"}
    assert found["scripts"]["./bin/migrate.sh"] == "alembic upgrade head; ./start.sh\n"


def test_nothing_is_prepared_and_nothing_measured(tmp_path: Path) -> None:
    """The runtime starts no database and a release has no image ids."""
    place, release = make(tmp_path)
    program = venv(release) / "bin" / "uvicorn"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)

    assert ProcessRuntime().prepare(place, release) == ()
    assert ProcessRuntime().measure(place, release) is release
    assert ProcessRuntime().save_logs(place, None) == ()


def test_program_that_nobody_installed_is_refused_after_the_build(tmp_path: Path) -> None:
    """Start would find it out too late: after the old instance was told to end."""
    place, release = make(tmp_path)

    with pytest.raises(CommandError) as caught:
        ProcessRuntime().measure(place, release)

    assert str(caught.value) == (
        "gonogo.toml: service.web.command: found no program uvicorn in the release's environment or on PATH, "
        "expected one that can be run. Add it to the dependencies that the build installs, or mend the command."
    )


def test_remove_of_a_standing_worktree_asks_git_first(tmp_path: Path) -> None:
    """An older gonogo made it: git takes it out of the checkout's list, while there is one; folder and logs go."""
    place, release = make(tmp_path)
    home = tmp_path / "checkout/.git/worktrees/source"
    home.mkdir(parents=True)
    release.worktree.mkdir(parents=True)
    (release.worktree / ".git").write_text(f"gitdir: {home}\n")
    release = release.model_copy(update={"services": ("web",)})
    git, rm = ProcessRuntime().remove(place, release)
    home.rmdir()
    (alone,) = ProcessRuntime().remove(place, release)
    (release.worktree / ".git").write_text("gitdir: ../git\n")
    (own,) = ProcessRuntime().remove(place, release)

    worktree = str(release.worktree)
    assert (git.argv, git.cwd) == (("git", "-C", worktree, "worktree", "remove", "--force", worktree), None)
    assert alone.argv == own.argv == rm.argv
    assert rm.argv == ("rm", "-rf", "--", str(release.folder), f"{place.state}/instances/web/{release.id}.log")


def test_addresses_without_anything_running(tmp_path: Path) -> None:
    """Addresses come from the configuration: a service's url, else its port; the environment's url first of all."""
    place, _ = make(tmp_path)
    inspector = ProcessRuntime().inspector(place, None)
    url = CONFIG.replace('env_file = ".env"', 'env_file = ".env"\nurl = "https://shop.example"')
    own = CONFIG.replace("port = 8001", 'port = 8001\nurl = "http://web.example"')
    public, _ = make(tmp_path, url)
    named, _ = make(tmp_path, own)

    assert [inspector.url(name) for name in (None, "web", "jobs", "nobody")] == [
        *("http://127.0.0.1:8001", "http://127.0.0.1:8001", None, None)
    ]
    assert ProcessRuntime().inspector(public, None).url() == "https://shop.example"
    assert ProcessRuntime().inspector(named, None).url("web") == "http://web.example"
    assert inspector.published() == [("web", "127.0.0.1", 8001)]
    assert inspector.artifacts() == ()
    assert [state.status for state in inspector.instances()] == ["missing", "missing"]
    assert inspector.logs(None) == {}
