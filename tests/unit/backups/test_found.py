"""gonogo.backups.found: which databases are an application's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gonogo.backups import found
from gonogo.backups.found import Server, databases, servers_among
from gonogo.backups.postgres import Postgres
from gonogo.config import parse_project
from gonogo.errors import RefusedError
from gonogo.host.runner import Host, this_machine
from gonogo.runtimes import runtime_of
from gonogo.runtimes.place import make_place

__all__: list[str] = []

THERE = {"": "postgres", "listed": "aside\npostgres\nshop"}


def looked(
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    variables: Mapping[str, str],
    servers: tuple[Server, ...] = (),
    default: str = "postgres",
) -> found.Found:
    """What is found in a process's environment beside which these servers run."""
    toml = '[app]\nname = "a"\n[service.web]\ncommand = "x"\n[env.x]\nproject = "a"\nruntime = "process"\n'
    project = parse_project(toml + text, root=Path("/srv"))
    place = make_place(
        project,
        project.environments["x"],
        state=Path("/s"),
        path=Path("/srv"),
        host=this_machine(),
        variables=variables,
    )
    around = found._Around(place=place, variables={"": variables}, servers=servers, containers={"web": ("w", "i")})
    monkeypatch.setattr(found, "_around", lambda *_: around)

    def ask(_: Postgres, __: Host, query: str) -> str:
        return default if "current_database" in query else "aside\npostgres\nshop"

    monkeypatch.setattr(Postgres, "ask", ask)
    return databases(place, runtime_of("process"), None)


def server(service: str) -> Server:
    """A container that runs PostgreSQL."""
    return Server(service=service, container=f"a-{service}-1", image="i", names=frozenset({service, f"a-{service}-1"}))


@pytest.mark.parametrize(
    ("variables", "default", "names"),
    [
        ({"DATABASE_URL": "postgresql://u:p@db:5432/shop"}, "postgres", ["db/shop"]),
        ({"STORE": "postgres://u:p@a-db-1/shop?sslmode=disable"}, "postgres", ["db/shop"]),
        ({"DB_HOST": "db", "DB_NAME": "shop"}, "shop", ["db/shop"]),
        ({"DB_HOST": "db"}, "postgres", ["db/aside", "db/shop"]),
        ({"DATABASE_URL": "postgresql://u:p@db/none"}, "shop", ["db/shop"]),
        ({}, "shop", ["db/shop", "second/shop"]),
        ({"DATABASE_URL": "postgresql://u:p@[db/shop"}, "shop", ["db/shop", "second/shop"]),
    ],
)
def test_databases_are_those_that_variables_name(
    monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], default: str, names: list[str]
) -> None:
    """Of a server that is named the database in the address, else the image's own, else all; unnamed servers all count."""
    seen = looked(monkeypatch, "", variables, (server("db"), server("second")), default)

    assert [one.name for one in seen.sources] == names


def test_other_databases_of_a_server_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody believes that they were kept."""
    seen = looked(monkeypatch, "", {"DATABASE_URL": "postgresql://u:p@db/shop"}, (server("db"),))

    assert seen.left == ("db also holds aside: name them under databases to keep them",)


def test_a_database_elsewhere_is_kept_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unasked it is told; its password is in no text."""
    variables = {"DATABASE_URL": "postgresql+asyncpg://u:pa%2Fss@db.example.com:6543/sh%20op?sslmode=require"}

    unasked = looked(monkeypatch, "", variables)
    asked = looked(monkeypatch, "[env.x.backup]\n", variables)

    assert unasked.sources == ()
    assert unasked.left == ("DATABASE_URL names a database at db.example.com, in no container of this project",)
    (source,) = asked.sources
    command = source.describe(Path("/b/x.dump"))[0]
    assert command.endswith("'--dbname=sh op' > /b/x.dump")
    assert "pa/ss" not in repr(source) + command
    env = source.access.command(("x",), env={}).env  # type: ignore[attr-defined]
    assert env["PGPASSWORD"] == "pa/ss"
    assert (env["PGHOST"], env["PGPORT"], env["PGSSLMODE"]) == ("db.example.com", "6543", "require")


def test_what_gonogo_cannot_or_was_not_told_to_keep_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of SQLite unasked; asked, it is kept."""
    variables = {"DATABASE_URL": "sqlite+aiosqlite:////data/app.db?mode=rw", "CACHE": "sqlite:///:memory:"}

    unasked = looked(monkeypatch, "", variables)
    asked = looked(monkeypatch, "[env.x.backup]\n", variables)

    assert unasked.left == ("DATABASE_URL names the SQLite file /data/app.db: backup.sqlite may keep it",)
    assert [one.name for one in asked.sources] == ["/data/app.db"]
    assert list(found._others_among([Container("db", "mongod --auth"), Container("web", "python")])) == [  # type: ignore[list-item]
        "db runs MongoDB: backup.command may keep what it holds"
    ]


def test_what_is_named_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database by service, by variable, and a file of a service that runs."""
    text = '[env.x.backup]\ndatabases = ["second/reports", "STORE"]\nsqlite = ["web:/data/a.db", "own.db"]\n'
    variables = {"STORE": "postgresql://u:p@db/shop"}

    seen = looked(monkeypatch, text, variables, (server("db"), server("second")))

    assert [one.name for one in seen.sources] == ["second/reports", "db/shop", "web:/data/a.db", "own.db"]
    with pytest.raises(RefusedError, match=r'found "third/x", expected service/database .* \(here: db\)'):
        looked(monkeypatch, '[env.x.backup]\ndatabases = ["third/x"]\n', {}, (server("db"),))
    with pytest.raises(RefusedError, match="expected a service that runs before its colon"):
        looked(monkeypatch, '[env.x.backup]\nsqlite = ["worker:/x.db"]\n', {})


class Container:
    """What the SDK says of one."""

    def __init__(self, name: str, *commands: str) -> None:
        """It runs these commands."""
        self.name = name
        self.labels = {"com.docker.compose.service": name}
        self.attrs: dict[str, Any] = {
            "Image": "sha256:1",
            "NetworkSettings": {"Networks": {"n": {"Aliases": [name, "alias"], "IPAddress": "10.0.0.2"}}},
        }
        self._commands = commands

    def top(self) -> dict[str, Any]:
        """As ``docker top``."""
        return {"Titles": ["PID", "CMD"], "Processes": [["1", command] for command in self._commands]}


def test_a_server_is_known_by_what_it_runs() -> None:
    """Not by its image: one with PostgreSQL's client or an exporter is none."""
    containers = [
        Container("db", "postgres", "postgres: checkpointer "),
        Container("bitnami", "/opt/bitnami/postgresql/bin/postgres -D /data"),
        Container("maria", "mariadbd"),
        Container("exporter", "/bin/postgres_exporter --web"),
        Container("dump", "sh /backup.sh", "pg_dump -h db"),
    ]

    seen = list(servers_among(containers))  # type: ignore[arg-type]

    assert [one.service for one in seen] == ["db", "bitnami", "maria"]
    assert [one.is_mysql for one in seen] == [False, False, True]
    assert seen[0].names == {"db", "alias", "10.0.0.2"}
