"""P25, P26 and P27 on machines that lack something."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gonogo.plugins.browser import PROGRAMS
from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

TOOLS = ("-m", "predeploy", "-k", "tools_are_there")
ROOM = ("-m", "predeploy", "-k", "room_on_disk")
DAEMON = ("-m", "predeploy", "-k", "docker_daemon_answers")


def script(folder: Path, name: str, body: str) -> None:
    """A program that stands in for one that this machine has not: an old Docker, a Compose of version 1."""
    link = folder / name
    link.unlink(missing_ok=True)
    link.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    link.chmod(0o755)


def test_the_tools_of_a_process_are_git_alone(repository: Repository, gate: Gates, tmp_path: Path) -> None:
    """P25 asks for no Docker where the runtime needs none."""
    path = gate.path_without(tmp_path / "bin", "docker", "docker-compose")

    check = gate(repository({"gonogo.toml": repository.process}), *TOOLS, environ=path).only()

    assert (check.outcome, check.found) == (Outcome.PASSED, "")


def test_missing_tools_are_named(repository: Repository, gate: Gates, tmp_path: Path) -> None:
    """P25 names every tool that is not there, with the way to get it."""
    path = gate.path_without(tmp_path / "bin", "docker", "docker-compose")

    check = gate(repository({"gonogo.toml": repository.minimal}), *TOOLS, environ=path).only()

    assert check.outcome is Outcome.FAILED
    assert check.found == (
        "Docker: found no `docker` that runs, expected Docker 20.10 or newer; "
        "follow https://docs.docker.com/engine/install/; "
        "docker compose: found neither `docker compose` nor `docker-compose`, expected one. Install the Compose v2 "
        "plugin: apt-get install docker-compose-plugin (Docker's repository), or see "
        "https://docs.docker.com/compose/install/"
    )


def test_missing_browser_is_named_where_pages_are_configured(
    repository: Repository, gate: Gates, tmp_path: Path
) -> None:
    """P25 asks for Chromium before anything is touched, and only where D19 will need it."""
    path = gate.path_without(tmp_path / "bin", *PROGRAMS)
    environ = {**path, "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    pages = f'{repository.process}\n[[env.test.page]]\npath = "/"\n'

    check = gate(repository({"gonogo.toml": pages}), *TOOLS, environ=environ).only()

    assert check.outcome is Outcome.FAILED
    assert check.found == ("found no Chromium, expected one: playwright install chromium, or install your system's")


def test_compose_1_is_refused(repository: Repository, gate: Gates, tmp_path: Path) -> None:
    """P25 refuses an old Docker, and Compose 1 with the way to upgrade."""
    path = gate.path_without(tmp_path / "bin", "docker", "docker-compose")
    old = 'case "$1" in --version) echo "Docker version 19.03.8, build afacb8b";; *) exit 1;; esac'
    script(tmp_path / "bin", "docker", old)
    script(tmp_path / "bin", "docker-compose", "echo 1.29.2")

    check = gate(repository({"gonogo.toml": repository.minimal}), *TOOLS, environ=path).only()

    assert check.found == (
        "Docker: found 19.03.8, expected Docker 20.10 or newer; follow https://docs.docker.com/engine/install/; "
        "docker-compose 1.29.2: it cannot recreate containers on new engines, expected 2.0 or newer. Install the "
        "Compose v2 plugin: apt-get install docker-compose-plugin (Docker's repository), or see "
        "https://docs.docker.com/compose/install/"
    )
    assert check.remedy == (
        "Install what is missing, open a new shell, then: python -m pytest -m predeploy --env test -k tools"
    )


def test_there_is_room(repository: Repository, gate: Gates) -> None:
    """P26 is green with more free than is asked for."""
    toml = repository.process + "min_free_disk = 1\nmin_free_memory = 1\n"

    assert gate(repository({"gonogo.toml": toml}), *ROOM).only().outcome is Outcome.PASSED


def test_there_is_too_little_room(repository: Repository, gate: Gates) -> None:
    """P26 says what is free and what was expected, for the state folder (which need not exist) and for memory."""
    toml = repository.process + "min_free_disk = 1000000000\nmin_free_memory = 1000000000\n"

    check = gate(repository({"gonogo.toml": toml}), *ROOM).only()

    state = gate.state_home / "gonogo/shop/test"
    disk, memory = check.evidence[0].value[1][2], check.evidence[0].value[2][2]
    assert check.outcome is Outcome.FAILED
    assert check.found == (
        f"the state folder ({state}): found {disk} MiB free, expected at least 1000000000; "
        f"memory: found {memory} MiB free, expected at least 1000000000"
    )


def test_room_of_a_dead_daemon_is_not_known(repository: Repository, gate: Gates, tmp_path: Path) -> None:
    """P26 is inconclusive about Docker's data root, and P27 failed, where no daemon answers."""
    root = repository({"gonogo.toml": repository.minimal})

    run = gate(root, "-m", "predeploy", "-k", f"{ROOM[-1]} or {DAEMON[-1]}", environ=gate.no_daemon(tmp_path / "none"))

    assert run.code == 1
    assert run.outcomes() == {"P26": Outcome.INCONCLUSIVE, "P27": Outcome.FAILED}
    assert run.check("P26").found == ("Docker's data root is not known, because the daemon does not answer (see P27)")
    assert run.check("P27").found == (
        "found no answer from the Docker daemon (Cannot connect to the Docker daemon at "
        f"unix://{tmp_path}/none/none.sock. Is the docker daemon running?), expected its version"
    )
    assert run.check("P27").remedy == "Start it: sudo systemctl start docker; then: docker info"


def test_a_daemon_that_answers_passes(repository: Repository, gate: Gates, tmp_path: Path) -> None:
    """P27 is green where a daemon tells its version, whatever else it says."""
    path = gate.path_without(tmp_path / "bin", "docker")
    script(
        tmp_path / "bin", "docker", """echo '{"ServerVersion": "26.1.5+dfsg1", "DockerRootDir": "/var/lib/docker"}'"""
    )

    check = gate(repository({"gonogo.toml": repository.minimal}), *DAEMON, environ=path).only()

    assert (check.outcome, check.evidence[0].value) == (
        Outcome.PASSED,
        "Engine 26.1.5+dfsg1, data root /var/lib/docker",
    )


def test_the_daemon_is_not_asked_for_a_process(repository: Repository, gate: Gates) -> None:
    """P27 skips where the runtime needs no Docker."""
    check = gate(repository({"gonogo.toml": repository.process}), *DAEMON).only()

    assert (check.outcome, check.found) == (Outcome.SKIPPED, "runtime process needs no Docker")
