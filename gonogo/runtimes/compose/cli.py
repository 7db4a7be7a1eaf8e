"""Which spelling of Compose this machine has, and the words that every Compose command begins with."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from gonogo.errors import CommandError, RefusedError, UsageError
from gonogo.host.runner import Command, Completed, Host, this_machine
from gonogo.runtimes.base import RuntimeUnreachableError
from gonogo.runtimes.compose.address import address, is_far

__all__ = [
    "MINIMUM",
    "cli",
    "container_on",
    "forget",
    "parse_version",
    "project_command",
    "require_daemon",
    "shell_variables",
]

MINIMUM = (2, 0)
"""Compose 1 cannot recreate containers on new engines."""
_SPELLINGS: tuple[tuple[str, ...], ...] = (("docker", "compose"), ("docker-compose",))
_INSTALL = (
    "Install the Compose v2 plugin: apt-get install docker-compose-plugin (Docker's repository), "
    "or see https://docs.docker.com/compose/install/"
)
_VERSION = re.compile(r"\bv?(\d+)\.(\d+)(?:\.(\d+))?")
_SECONDS = 30.0
_FOUND: dict[tuple[str, str], tuple[str, ...]] = {}
"""Machine and search path → the spelling that was found there."""


def cli(host: Host | None = None) -> tuple[str, ...]:
    """The first spelling of Compose whose version is 2.0 or newer; asked once for a machine and its search path.

    Raises:
        RefusedError: only version 1 is installed.
        UsageError: neither spelling is installed.
    """
    asked = host or this_machine()
    where = (asked.name, os.environ.get("PATH", ""))
    if where not in _FOUND:
        _FOUND[where] = _ask(asked)
    return _FOUND[where]


def forget() -> None:
    """Asks again next time: another Compose was installed, or a test changed PATH."""
    _FOUND.clear()


def parse_version(text: str) -> tuple[int, int, int] | None:
    """Reads ``2.26.1-4``, ``v2.5.0`` or ``docker-compose version 1.29.2, build …``; None where no version stands."""
    match = _VERSION.search(text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def project_command(
    model: Path | None, *words: str, project: str, folder: Path | None = None, timeout: float | None = None
) -> Command:
    """A command of the environment's Compose project; no env file of the folder can change what the model says."""
    argv = [*cli(), "--project-name", project]
    if model is not None:
        argv += ["--env-file", "/dev/null", "--file", str(model)]
    if folder is not None:
        argv += ["--project-directory", str(folder)]
    return Command(argv=(*argv, *words), env=_QUIET, timeout=timeout)


def shell_variables(folder: Path | str) -> dict[str, str]:
    """The variables with which compose files are rendered in a folder, beside those that each clean environment keeps.

    Every shell says by ``PWD`` where somebody stands, so that compose files mount ``${PWD}``; it says nothing else
    that a release may rest on. The other names say where the Engine is.
    """
    return {"PWD": str(folder)} | {name: os.environ[name] for name in _PASSED if name in os.environ}


_PASSED = ("DOCKER_CONFIG", "DOCKER_HOST", "DOCKER_CONTEXT")
_QUIET: Mapping[str, str] = {"COMPOSE_PROFILES": "", "COMPOSE_FILE": "", "COMPOSE_IGNORE_ORPHANS": "true"}


def container_on(port: int, host: Host) -> str:
    """The container that publishes a port, as people would look it up; empty when it is none, or Docker is silent."""
    form = '{{.Names}} of project "{{.Label "com.docker.compose.project"}}"'
    command = Command(argv=("docker", "ps", "--filter", f"publish={port}", "--format", form), timeout=20.0)
    try:
        asked = host.run(command)
    except CommandError:
        return ""
    return f"container {asked.output.strip().splitlines()[0]}" if asked.ok and asked.output.strip() else ""


def require_daemon(host: Host) -> None:
    """Asks the Docker daemon for its version.

    Raises:
        RefusedError: none answers, or this user may not ask it, or it is behind ``ssh``; the text says what to do.
    """
    command = Command(argv=("docker", "version", "--format", "{{.Server.Version}}"), timeout=_SECONDS)
    try:
        answer = host.run(command)
    except CommandError as error:
        raise UsageError("docker: found no such program on PATH, expected a Docker client. Install Docker.") from error
    try:
        found = address()
    except RuntimeUnreachableError as error:
        raise RefusedError(
            f"{error}\n  Choose one that is there: docker context ls; docker context use NAME."
        ) from error
    where = os.environ["DOCKER_HOST"] if found is None else found.host
    if is_far(where):
        raise RefusedError(
            f"Docker: found an Engine behind {where}, expected one on the machine that gonogo runs on: what is mounted "
            f'is there, as the env file and the state are. Say host = "{where}" and path under [env.NAME]: then gonogo '
            "runs there (docs/hosts.md)."
        )
    if answer.ok:
        return
    said = answer.errors.strip().splitlines() or ["no answer"]
    if "permission denied" in answer.errors:
        raise RefusedError(
            f"Docker: found a socket that this user may not use ({said[-1]}), expected one that it may. Let the user "
            "into its group (sudo usermod --append --groups docker USER, then log in again), or run Docker without "
            "root (dockerd-rootless-setuptool.sh install). gonogo does not call sudo: its checks ask the same socket."
        )
    raise RefusedError(
        f"Docker: found no daemon that answers ({said[-1]}), expected a running Docker Engine. "
        "Start it (sudo systemctl start docker), or point DOCKER_HOST at one; then try `docker version`."
    )


def _ask(host: Host) -> tuple[str, ...]:
    old = ""
    for words in _SPELLINGS:
        answer = _version(host, words)
        version = parse_version(answer.output) if answer is not None and answer.ok else None
        if version is not None and version[:2] >= MINIMUM:
            return words
        if version is not None:
            old = old or f"{' '.join(words)} {'.'.join(map(str, version))}"
    if old:
        raise RefusedError(f"{old}: it cannot recreate containers on new engines, expected 2.0 or newer. {_INSTALL}")
    raise UsageError(f"docker compose: found neither `docker compose` nor `docker-compose`, expected one. {_INSTALL}")


def _version(host: Host, words: tuple[str, ...]) -> Completed | None:
    try:
        return host.run(Command(argv=(*words, "version", "--short"), timeout=_SECONDS))
    except CommandError:
        return None
