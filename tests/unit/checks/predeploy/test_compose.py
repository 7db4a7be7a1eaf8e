"""P12, P16 and P43: compose files that a real Compose reads, and real listeners."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psutil
import pytest

from gonogo.records.findings import findings
from gonogo.words import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from gonogo.records.results import CheckResult
    from tests.support.gates import Gates, Repository, Run

__all__: list[str] = []

RENDERS = ("-m", "predeploy", "-k", "compose_accepts_its_files")
PORTS = ("-m", "predeploy", "-k", "published_ports_are_free")
NAMES = ("-m", "predeploy", "-k", "container_names_are_free")
COMPOSE = """\
services:
  web:
    build: .
    environment:
      PASSWORD: ${PASSWORD:?set it in .env}
    ports: ["127.0.0.1:18089:80"]
"""
needs_compose = pytest.mark.skipif(
    shutil.which("docker") is None and shutil.which("docker-compose") is None, reason="no Compose client is installed"
)


@pytest.fixture
def listener() -> Iterator[int]:
    """A port that this process holds."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@needs_compose
def test_compose_renders_its_files(repository: Repository, gate: Gates) -> None:
    """P12 is green where Compose renders the files with the env file; it needs no daemon."""
    root = repository({"gonogo.toml": repository.minimal, "docker-compose.yml": COMPOSE})
    repository.write(root, {".env": "PASSWORD=not-in-git\n"})

    check = gate(root, *RENDERS).only()

    assert (check.outcome, check.found) == (Outcome.PASSED, "")
    assert check.evidence[0].value == "services: web"


@needs_compose
def test_forgotten_tag_of_what_is_built_here_warns(repository: Repository, gate: Gates) -> None:
    """P12 warns of a worker that would keep the code of an earlier version, since nothing builds its tag."""
    files = "services:\n  web: {build: ., image: 'shop/app:2'}\n  jobs: {image: 'shop/app:1'}\n"
    check = gate(repository({"gonogo.toml": repository.minimal, "docker-compose.yml": files}), *RENDERS).only()

    assert (check.outcome, check.found) == (
        Outcome.WARNED,
        "service jobs: found image shop/app:1, expected shop/app:2, which is built here; as it is, jobs is not "
        "deployed and keeps the code that it has",
    )


@needs_compose
def test_compose_refuses_its_files(repository: Repository, gate: Gates) -> None:
    """P12 shows what Compose says of a variable that is missing."""
    root = repository({"gonogo.toml": repository.minimal, "docker-compose.yml": COMPOSE})

    check = gate(root, *RENDERS).only()

    assert check.outcome is Outcome.FAILED
    assert check.found.startswith(
        "docker-compose.yml: found a model that Compose refuses, expected one that `docker compose config` renders. "
        "Mend the files or the env file. Compose says:"
    )
    assert "required variable PASSWORD is missing a value: set it in .env" in check.found
    assert check.found.endswith(f"The env file is looked for at {root}/.env: found none there.")


@needs_compose
def test_a_missing_compose_file_is_named(repository: Repository, gate: Gates) -> None:
    """P12 names the file that is not in the commit, and what is there instead."""
    root = repository({"gonogo.toml": repository.minimal, "compose.yaml": COMPOSE})

    assert gate(root, *RENDERS).only().found == (
        f"{root}/docker-compose.yml: found no file (but compose.yaml), expected the compose file that env.test.compose names. "
        "Commit it, or correct the name in gonogo.toml."
    )


@needs_compose
def test_compose_files_that_leave_nothing_to_deploy_are_refused(repository: Repository, gate: Gates) -> None:
    """P12 says it before the build would; what is declared needs no ``build:``."""
    files = "services:\n  db: {image: 'postgres:15'}\n  web: {image: 'nginx:alpine'}\n"
    declared = f"{repository.minimal}\n[service.web]\n"

    check = gate(repository({"gonogo.toml": repository.minimal, "docker-compose.yml": files}), *RENDERS).only()
    other = gate(repository({"gonogo.toml": declared, "docker-compose.yml": files}, name="other"), *RENDERS).only()

    assert check.found == (
        "docker-compose.yml: found no service with `build:` among db (postgres:15), web (nginx:alpine), expected at "
        "least one"
    )
    assert check.remedy == "Give the application's service `build: .`, or name what is deployed: [service.NAME]"
    assert other.outcome is Outcome.PASSED


@needs_compose
def test_a_container_name_that_somebody_else_holds_is_red(repository: Repository, gate: Gates, tmp_path: Path) -> None:
    """P43 names who holds it, before anything is stopped; what this project's own service holds is free."""
    model = "services: {web: {build: ., container_name: shop-front}, jobs: {build: .}}\n"
    root = repository({"gonogo.toml": repository.minimal, "docker-compose.yml": model})
    docker, real = tmp_path / "bin/docker", shutil.which("docker") or "false"
    environ = gate.path_without(tmp_path / "bin", "docker")

    def held(project: str) -> CheckResult:
        row = f"printf 'shop-front\\t{project}\\tweb\\trunning\\n'"
        docker.write_text(f'#!/bin/sh\ncase "$1" in ps) {row} ;; *) exec {real} "$@" ;; esac\n', encoding="utf-8")
        docker.chmod(0o755)
        return gate(root, *NAMES, environ=environ).only()

    taken, own = held("blog"), held("shop-test")

    assert (taken.outcome, taken.found) == (
        Outcome.FAILED,
        "container name shop-front for web is held by a container of project blog (running); expected free names",
    )
    assert (own.outcome, own.found) == (Outcome.PASSED, "")


@needs_compose
@pytest.mark.parametrize(
    ("toml", "model", "make", "remedy", "behind"),
    [
        ("", COMPOSE, "", "Set PASSWORD in the env file, on this machine", {"P19"}),
        (
            'env_file = ".env"\n',
            COMPOSE.replace("${PASSWORD:?set it in .env}", "x"),
            "folder",
            "Put the env file there, readable by this user alone: {root}/.env",
            {"P19"},
        ),
        (
            "",
            "services: [\n",
            "",
            "Mend the compose files or the env file, then look again: docker compose config --quiet",
            set(),
        ),
    ],
    ids=["no value", "a folder for the env file", "no YAML"],
)
def test_what_compose_refuses_is_one_finding(
    repository: Repository, gate: Gates, *, toml: str, model: str, make: str, remedy: str, behind: set[str]
) -> None:
    """P12 names the cause and what mends it; nobody is sent to a port, a debug mode or a volume that was not asked."""
    configured = repository.minimal.replace('tier = "dev"', 'tier = "staging"') + toml
    root = repository({"gonogo.toml": configured, "docker-compose.yml": model})
    if make:
        (root / ".env").mkdir()

    run = gate(root, "-m", "predeploy")

    found = _findings(run)
    assert found == [("P12", behind, {"P16", "P21", "P23", "P45"})]
    assert run.check("P12").remedy == remedy.format(root=root)
    assert ("found a folder" in run.check("P12").found) is bool(make)


def _findings(run: Run) -> list[tuple[str | None, set[str | None], set[str | None]]]:
    """Of each cause its check, who is red for it, and who was not asked for it; the engine may be missing (P27)."""
    listed = findings(run.checks)
    return [
        (one.check.code, {check.code for check in one.red}, {check.code for check in one.unasked})
        for one in listed
        if one.check.code not in {"P25", "P27"}
    ]


def test_a_process_has_no_compose_files(repository: Repository, gate: Gates) -> None:
    """P12 skips where the runtime needs no compose files."""
    check = gate(repository({"gonogo.toml": repository.process}), *RENDERS).only()

    assert (check.outcome, check.found) == (Outcome.SKIPPED, "runtime process has no compose files")


def test_a_free_port_passes(repository: Repository, gate: Gates) -> None:
    """P16 is green where nobody listens on the port."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        free = server.getsockname()[1]
    toml = repository.process.replace("[service.web]\n", f"[service.web]\nport = {free}\n")

    assert gate(repository({"gonogo.toml": toml}), *PORTS).only().outcome is Outcome.PASSED


def test_a_taken_port_names_its_holder(repository: Repository, gate: Gates, listener: int) -> None:
    """P16 names the process that holds a port, in a checkout that was never deployed."""
    toml = repository.process.replace("[service.web]\n", f"[service.web]\nport = {listener}\n")

    check = gate(repository({"gonogo.toml": toml}), *PORTS).only()

    assert check.outcome is Outcome.FAILED
    command = " ".join(psutil.Process().cmdline())[:160].strip()
    assert check.found == (
        f"127.0.0.1:{listener}/tcp for web is held by `{command}` (pid {os.getpid()}); expected free ports"
    )


@needs_compose
def test_a_taken_port_of_compose(repository: Repository, gate: Gates, listener: int) -> None:
    """P16 takes the ports from the rendered model; who holds one is known only when the daemon answers."""
    compose = COMPOSE.replace("18089", str(listener)).replace("${PASSWORD:?set it in .env}", "x")
    root = repository({"gonogo.toml": repository.minimal, "docker-compose.yml": compose})

    check = gate(root, *PORTS, environ=gate.no_daemon(root)).only()

    assert check.outcome is Outcome.INCONCLUSIVE
    assert check.found.startswith("Docker: found no usable answer (")


@needs_compose
def test_a_scaled_service_with_one_port_is_red(repository: Repository, gate: Gates) -> None:
    """P16 knows it before anything is stopped; a range is enough for as many, and what publishes nothing needs none."""
    scaled = "services:\n  web: {image: 'a:1', deploy: {replicas: 2}, ports: ['127.0.0.1:18089:80']}\n"
    each = "  jobs: {image: 'a:1', deploy: {replicas: 3}}\n"
    root = repository({"gonogo.toml": repository.minimal, "docker-compose.yml": scaled + each})

    red = gate(root, *PORTS, environ=gate.no_daemon(root)).only()
    repository.write(root, {"docker-compose.yml": scaled.replace("18089:", "18089-18090:") + each})
    repository.commit(root)
    green = gate(root, *PORTS).only()

    assert (red.outcome, red.found) == (
        Outcome.FAILED,
        "127.0.0.1:18089/tcp: found 2 instances of web that ask for it, expected one for each port",
    )
    assert red.remedy.startswith("Let one web run, or publish a range of 2 ports, or none")
    assert green.outcome is Outcome.PASSED


def test_two_services_on_one_port_are_the_cause(repository: Repository, gate: Gates, listener: int) -> None:
    """P16 names both services, and sends nobody to stop what holds the port now.

    The remedy of the check is for a stranger; here it would take down what serves.
    """
    toml = repository.process.replace("[service.web]\n", f"[service.web]\nport = {listener}\n")
    toml += f'[service.admin]\ncommand = ["{{python}}", "-m", "http.server", "{{port}}"]\nport = {listener}\n'

    check = gate(repository({"gonogo.toml": toml}), *PORTS).only()

    assert check.outcome is Outcome.FAILED
    assert check.found == (
        f"127.0.0.1:{listener}/tcp is asked for by web and by admin: two services of this release; "
        "expected one for each port"
    )
    assert check.remedy.startswith("Give web or admin another port")
    assert "stop what holds" not in check.remedy


def test_no_port_is_a_skip(repository: Repository, gate: Gates) -> None:
    """P16 has nothing to ask where nothing is published."""
    toml = repository.process.replace('"{port}"', '"8000"')
    check = gate(repository({"gonogo.toml": toml}), *PORTS).only()

    assert (check.outcome, check.found) == (Outcome.SKIPPED, "the release publishes no port")
