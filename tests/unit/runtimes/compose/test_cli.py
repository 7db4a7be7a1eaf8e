"""Which Compose is used, and what is said when none will do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gonogo.errors import RefusedError, UsageError
from gonogo.host.runner import LocalHost
from gonogo.runtimes.compose import cli

__all__: list[str] = []


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder that is the whole PATH; what was found before is forgotten."""
    monkeypatch.setenv("PATH", str(tmp_path))
    cli.forget()
    yield tmp_path
    cli.forget()


def program(folder: Path, name: str, *lines: str) -> None:
    """Put a shell script on the PATH."""
    path = folder / name
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2.26.1-4", (2, 26, 1)),
        ("v2.5.0", (2, 5, 0)),
        ("docker-compose version 1.29.2, build 5becea4c", (1, 29, 2)),
        ("2.0", (2, 0, 0)),
        ("dev", None),
        ("", None),
    ],
)
def test_version_is_read(text: str, version: tuple[int, int, int] | None) -> None:
    """Every spelling of a version is understood; anything else is none."""
    assert cli.parse_version(text) == version


def test_plugin_is_preferred(programs: Path) -> None:
    """`docker compose` is used where both spellings are new enough."""
    program(programs, "docker", "echo 2.26.1-4")
    program(programs, "docker-compose", "echo 2.26.1")

    assert cli.cli(LocalHost()) == ("docker", "compose")


def test_standalone_is_used_where_there_is_no_plugin(programs: Path) -> None:
    """`docker-compose` 2 is used where `docker compose` is no command."""
    program(programs, "docker", "echo \"docker: 'compose' is not a docker command.\" >&2", "exit 1")
    program(programs, "docker-compose", "echo v2.12.0")

    assert cli.cli(LocalHost()) == ("docker-compose",)


def test_answer_is_kept(programs: Path) -> None:
    """The programs are asked once a process."""
    program(programs, "docker", "echo 2.26.1")
    first = cli.cli(LocalHost())
    (programs / "docker").unlink()

    assert cli.cli(LocalHost()) == first


def test_answer_is_of_one_search_path(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen: one spelling was remembered for the whole process, also where another was to be found."""
    program(programs, "docker", "echo 2.26.1")
    first = cli.cli(LocalHost())
    (tmp_path / "other").mkdir()
    program(tmp_path / "other", "docker-compose", "echo v2.12.0")
    monkeypatch.setenv("PATH", str(tmp_path / "other"))

    assert (first, cli.cli(LocalHost())) == (("docker", "compose"), ("docker-compose",))


def test_version_one_is_refused_with_the_way_to_upgrade(programs: Path) -> None:
    """Compose 1 alone is refused."""
    program(programs, "docker-compose", "echo 1.29.2")
    with pytest.raises(RefusedError) as caught:
        cli.cli(LocalHost())

    assert str(caught.value) == (
        "docker-compose 1.29.2: it cannot recreate containers on new engines, expected 2.0 or newer. Install the "
        "Compose v2 plugin: apt-get install docker-compose-plugin (Docker's repository), or see "
        "https://docs.docker.com/compose/install/"
    )


def test_no_compose_is_a_usage_error() -> None:
    """Neither spelling: what to install is said."""
    with pytest.raises(UsageError) as caught:
        cli.cli(LocalHost())

    assert str(caught.value) == (
        "docker compose: found neither `docker compose` nor `docker-compose`, expected one. Install the Compose v2 "
        "plugin: apt-get install docker-compose-plugin (Docker's repository), or see https://docs.docker.com/compose/install/"
    )


def test_dead_daemon_is_one_clear_message(programs: Path) -> None:
    """No daemon: what the client said, and what to start."""
    program(programs, "docker", "echo 'Cannot connect to the Docker daemon at unix:///run/d.sock.' >&2", "exit 1")
    with pytest.raises(RefusedError) as caught:
        cli.require_daemon(LocalHost())

    assert str(caught.value) == (
        "Docker: found no daemon that answers (Cannot connect to the Docker daemon at unix:///run/d.sock.), expected a "
        "running Docker Engine. Start it (sudo systemctl start docker), or point DOCKER_HOST at one; then try "
        "`docker version`."
    )


def test_a_socket_of_others_is_one_clear_message(programs: Path) -> None:
    """A user who may not use it is told how to, and why sudo is not called."""
    program(programs, "docker", "echo 'permission denied while trying to connect to the socket' >&2", "exit 1")
    with pytest.raises(RefusedError) as caught:
        cli.require_daemon(LocalHost())

    assert str(caught.value) == (
        "Docker: found a socket that this user may not use (permission denied while trying to connect to the socket), "
        "expected one that it may. Let the user into its group (sudo usermod --append --groups docker USER, then log in "
        "again), or run Docker without root (dockerd-rootless-setuptool.sh install). gonogo does not call sudo: its checks "
        "ask the same socket."
    )


def test_an_engine_behind_ssh_is_refused(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its checks could not ask it, and what is mounted is elsewhere: the host runs gonogo instead."""
    program(programs, "docker", "echo 26.1.5")
    monkeypatch.setenv("DOCKER_HOST", "ssh://deploy@app.example.com")
    with pytest.raises(RefusedError) as caught:
        cli.require_daemon(LocalHost())

    assert str(caught.value) == (
        "Docker: found an Engine behind ssh://deploy@app.example.com, expected one on the machine that gonogo runs on: what "
        'is mounted is there, as the env file and the state are. Say host = "ssh://deploy@app.example.com" and path under '
        "[env.NAME]: then gonogo runs there (docs/hosts.md)."
    )


def test_missing_client_is_a_usage_error() -> None:
    """No docker program at all."""
    with pytest.raises(UsageError) as caught:
        cli.require_daemon(LocalHost())

    assert str(caught.value) == ("docker: found no such program on PATH, expected a Docker client. Install Docker.")


def test_living_daemon_passes(programs: Path) -> None:
    """A daemon that answers is no error."""
    program(programs, "docker", "echo 26.1.5")

    cli.require_daemon(LocalHost())


def test_project_command_is_what_a_person_would_type(programs: Path) -> None:
    """The model, the project and nothing of the folder's own .env."""
    program(programs, "docker", "echo 2.26.1")
    command = cli.project_command(Path("/s/compose.json"), "ps", project="shop", folder=Path("/opt/s"))

    assert str(command) == (
        "docker compose --project-name shop --env-file /dev/null --file /s/compose.json --project-directory /opt/s ps"
    )
    assert command.env["COMPOSE_PROFILES"] == ""
