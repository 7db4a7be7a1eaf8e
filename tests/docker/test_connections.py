"""P51: who is connected to a real PostgreSQL."""

from __future__ import annotations

import secrets
import time

import docker
import pytest

from gonogo.backups.access import InContainer
from gonogo.backups.connections import TAKEN, Taken, too_few
from gonogo.backups.postgres import PRELUDE, Postgres
from gonogo.errors import CommandError
from gonogo.host.runner import LocalHost

from .base_images import ensure

__all__: list[str] = []

pytestmark = [pytest.mark.docker, pytest.mark.thorough]

SLEEPS = "PGPASSWORD=x psql -h db -U postgres -c 'SELECT pg_sleep(60)' & PGPASSWORD=x psql -h db -U postgres -c 'SELECT pg_sleep(60)'"


def test_a_server_says_who_is_connected(engine: docker.DockerClient) -> None:
    """Two connections of a container are its own; a second such container would not get in."""
    ensure("postgres:15")
    mark = secrets.token_hex(4)
    network = engine.networks.create(f"gonogoconnections-{mark}")
    made = []
    try:
        server = engine.containers.run(
            "postgres:15",
            ["-c", "max_connections=6"],
            detach=True,
            environment={"POSTGRES_PASSWORD": "x"},
            network=network.name,
            hostname="db",
            name=f"gonogodb-{mark}",
        )
        made.append(server)
        network.disconnect(server)
        network.connect(server, aliases=["db"])
        access = InContainer(container=str(server.name), image=str(server.attrs["Image"]), prelude=PRELUDE)
        database = Postgres(name="db/postgres", access=access, database="postgres")
        until(database, 0)
        client = engine.containers.run("postgres:15", ["sh", "-c", SLEEPS], detach=True, network=network.name)
        made.append(client)
        found = until(database, 2)
        client.reload()
        address = client.attrs["NetworkSettings"]["Networks"][network.name]["IPAddress"]
    finally:
        for one in made:
            one.remove(force=True, v=True)
        network.remove()

    assert found == Taken(most=3, taken=2, addresses=(address, address))
    assert too_few(found, {address}).endswith("expected room for as many again: 1 are left")


def until(database: Postgres, taken: int) -> Taken:
    """What it says once so many are connected (bounded)."""
    deadline = time.monotonic() + 60
    while True:
        try:
            found = Taken.read(database.ask(LocalHost(), TAKEN))
        except CommandError:
            found = Taken(most=0, taken=-1, addresses=())
        if found.taken == taken or time.monotonic() > deadline:
            return found
        time.sleep(0.3)
