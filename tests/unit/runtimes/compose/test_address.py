"""Which Docker Engine is meant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gonogo.runtimes.base import RuntimeUnreachableError
from gonogo.runtimes.compose import address
from gonogo.runtimes.compose.address import Address

from .test_cli import program

TCP = {"docker": {"Host": "tcp://10.0.0.7:2376", "SkipTLSVerify": True}}


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder that is the whole PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    address._of_context.cache_clear()
    yield tmp_path
    address._of_context.cache_clear()


def says(folder: Path, endpoints: object, held: object, where: Path) -> None:
    """A docker command that knows one context."""
    document = [{"Endpoints": endpoints, "TLSMaterial": held, "Storage": {"TLSPath": str(where)}}]
    program(folder, "docker", f"echo '{json.dumps(document)}'")


def test_where_nothing_is_chosen_no_command_is_run(tmp_path: Path) -> None:
    """There is none on the PATH; an empty DOCKER_HOST chooses nothing."""
    nothing = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_HOST": "", "DOCKER_CONTEXT": ""}

    assert address.address(nothing) == Address(host="unix:///var/run/docker.sock")
    (tmp_path / "config.json").write_text('{"auths": {}}')
    assert address.address(nothing) == Address(host="unix:///var/run/docker.sock")


def test_what_docker_host_says_goes_first(tmp_path: Path) -> None:
    """The SDK reads it as the command does."""
    both = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_HOST": "unix:///x", "DOCKER_CONTEXT": "y"}

    assert address.address(both) is None


@pytest.mark.parametrize(
    ("endpoints", "held", "host", "is_encrypted", "is_verified"),
    [
        ({"docker": {"Host": "unix:///x"}}, {}, "unix:///x", False, True),
        ({}, None, "unix:///var/run/docker.sock", False, True),
        (TCP, {"docker": ["ca.pem", "cert.pem", "key.pem"]}, "tcp://10.0.0.7:2376", True, False),
        (TCP, {"docker": ["ca.pem"]}, "tcp://10.0.0.7:2376", True, False),
        (TCP, {}, "tcp://10.0.0.7:2376", False, False),
    ],
)
def test_a_context_is_what_the_command_takes_it_for(
    tmp_path: Path,
    *,
    endpoints: dict[str, Any],
    held: object,
    host: str,
    is_encrypted: bool,
    is_verified: bool,
) -> None:
    """One named by a variable, or chosen in the command's configuration, with the certificates that it keeps."""
    says(tmp_path, endpoints, held, tmp_path / "tls")
    (tmp_path / "config.json").write_text('{"currentContext": "one"}')
    expected = Address(host=host, tls=tmp_path / "tls/docker" if is_encrypted else None, verified=is_verified)

    assert address.address({"DOCKER_CONFIG": str(tmp_path)}) == expected
    assert address.address({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "one"}) == expected


def test_a_context_that_is_gone_is_told(tmp_path: Path) -> None:
    """Nobody else's engine is asked instead."""
    program(tmp_path, "docker", "echo 'context \"one\": context not found' >&2", "exit 1")
    with pytest.raises(RuntimeUnreachableError, match="context not found"):
        address.address({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "one"})
