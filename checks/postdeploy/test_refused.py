"""Whether nobody is reached where nobody should be."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from gonogo.config import Environment
from gonogo.plugins.evidence import Collected, InconclusiveError

__all__: list[str] = []

_SECONDS = 3.0
_HTTP = 80


@pytest.mark.postdeploy(
    "D33",
    needs=("refused",),
    reads=("refused",),
    remedy="Publish that port on 127.0.0.1 alone, or close it in the firewall; from elsewhere: nc -vz HOST PORT",
)
def test_nobody_answers_where_nobody_should(environment: Environment, evidence: Collected) -> None:
    """No connection comes about to an address that gonogo.toml wants to be refused, asked from this machine.

    Catches the database, the debug port or the admin page that a release opens to the world. Another machine may be let
    further, or less far, than this one.

    Before (docker-compose.yml):

        ports: ["5432:5432"]

    After (docker-compose.yml):

        ports: ["127.0.0.1:5432:5432"]
    """
    if not environment.refused:
        pytest.skip("no address is configured where nobody may be reached")
    with ThreadPoolExecutor(max_workers=8) as asking:
        found = dict(zip(environment.refused, asking.map(_connect, environment.refused), strict=True))
    evidence.table("Asked", found.items(), header=("address", "found"))
    unknown = [address for address, said in found.items() if said.startswith("unknown")]
    reached = [address for address, said in found.items() if said == "a connection"]
    assert not reached, f"{', '.join(reached)}: found somebody who answers, expected a refusal"
    if unknown:
        raise InconclusiveError(f"{', '.join(unknown)}: the name does not resolve here")


def _connect(address: str) -> str:
    """What becomes of a connection."""
    parts = urlsplit(f"//{address}")
    try:
        with socket.create_connection((parts.hostname, parts.port or _HTTP), timeout=_SECONDS):
            return "a connection"
    except socket.gaierror as problem:
        return f"unknown ({problem.strerror})"
    except OSError as problem:
        return problem.strerror or "no answer in time"
