"""A backup is proven by a real restore, and one that is not what was kept is named; no scratch server is left."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from gonogo.backups import proof
from gonogo.backups.manifest import Facts, Stored
from gonogo.backups.postgres import Postgres, in_container
from gonogo.backups.proof import Proving, prove
from gonogo.backups.shelf import Shelf, digest
from gonogo.host.runner import Host, this_machine
from gonogo.runtimes.compose.lost import end_leftovers
from tests.support.backups import taken

from .base_images import ensure
from .servers import serving

__all__: list[str] = []

HOST = this_machine(timeout=120)
OWNER = "proofs/run"
_IDENTIFIER = "SELECT system_identifier FROM pg_control_system()"
ROWS = """\
CREATE TABLE items (id serial PRIMARY KEY, name text);
INSERT INTO items (name) SELECT md5(i::text) FROM generate_series(1, 3000) i;
CREATE TABLE alembic_version (version_num text);
INSERT INTO alembic_version VALUES ('0007');
CREATE ROLE reader;
ALTER TABLE items ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON items TO reader USING (true);
ALTER SCHEMA public OWNER TO reader;
CREATE EXTENSION pg_trgm;
CREATE INDEX ON items USING gin (name gin_trgm_ops);
CREATE TABLE parts (x int) PARTITION BY RANGE (x);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
INSERT INTO parts VALUES (3);
CREATE SEQUENCE never;
SELECT lo_from_bytea(0, 'x');
CREATE DATABASE foreigner;
"""


@pytest.fixture(scope="module")
def live(engine: docker.DockerClient) -> Iterator[Container]:
    """A server with an application's rows."""
    ensure("postgres:15")
    given = {"POSTGRES_PASSWORD": "geheim", "POSTGRES_DB": "shop"}
    with serving(engine, "postgres:15", given) as container:
        sql(container, *filter(None, ROWS.splitlines()))
        yield container


def sql(container: Container, *statements: str, database: str = "shop") -> None:
    """Tells the server."""
    words = [word for one in statements for word in ("-c", one)]
    done = container.exec_run(["psql", "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", *words])
    assert done.exit_code == 0, done.output


def source(container: Container, database: str = "shop") -> Postgres:
    """One of its databases."""
    return in_container(str(container.name), str(container.attrs["Image"]), service="db", database=database)


def proving(shelf: Shelf) -> Proving:
    """Who proves it."""
    return Proving(shelf=shelf, host=HOST, owner=OWNER, timeout=120)


def scratch(engine: docker.DockerClient) -> list[str]:
    """What is left of scratch servers."""
    found = engine.containers.list(all=True, filters={"label": f"gonogo.scratch={OWNER}"})
    return [str(one.name) for one in found]


def test_what_was_kept_is_put_back_and_compared(engine: docker.DockerClient, live: Container, tmp_path: Path) -> None:
    """Roles of policies, extensions, partitions, another owner of public; the seconds are told, and nothing is left."""
    shelf = Shelf(tmp_path / "backups")
    made = taken(tmp_path, source(live), host=HOST)

    found = prove(proving(shelf), made)

    assert found.problems == ()
    assert [(part.name, part.how) for part in found.parts] == [("db/shop", "restored")]
    assert found.seconds > 0
    assert scratch(engine) == []
    assert {"public.items", "public.part_1", "public.alembic_version"} == {t.name for t in made.parts[0].facts.tables}


@pytest.mark.thorough
def test_what_is_not_as_it_was_kept_is_named(
    engine: docker.DockerClient, live: Container, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Truncated, empty, torn, another application's, an older one: each says what was found."""
    shelf = Shelf(tmp_path / "backups")
    older = taken(tmp_path, source(live), host=HOST)
    sql(live, "INSERT INTO items (name) VALUES ('new')", "UPDATE alembic_version SET version_num = '0008'")
    foreign = taken(tmp_path, source(live, "foreigner"), host=HOST)
    made = taken(tmp_path, source(live), host=HOST)
    part = made.parts[0]
    path = shelf.path(made.id) / part.file
    whole = path.read_bytes()

    def found(text: bytes, *, believed: bool = True) -> str:
        """What the proof says of other bytes; ``believed``: the manifest has their size and digest."""
        path.write_bytes(text)
        told: Stored = part.model_copy(update={"bytes": len(text), "sha256": digest(path)}) if believed else part
        (seen,) = prove(proving(shelf), made.model_copy(update={"parts": (told,)})).parts
        assert seen.unknown == ""
        (wrong,) = seen.wrong[:1]
        return wrong

    torn = whole[: len(whole) // 2] + bytes(64) + whole[len(whole) // 2 + 64 :]
    assert found(b"") == f"{path}: found an empty file, expected the backup"
    assert found(whole[:-1], believed=False) == f"{path}: found {part.bytes - 1} bytes, expected {part.bytes}"
    assert found(torn, believed=False).startswith(f"{path}: found the sha256 ")
    assert found(b"-- SQL\n" + whole) == f"{path}: found a file that begins with b'-- SQ', expected b'PGDMP'"
    assert found(whole[: len(whole) // 2]).startswith("pg_restore: found exit code 1: pg_restore: ")
    assert found(torn).startswith("pg_restore: found exit code 1: pg_restore: ")
    text = (shelf.path(foreign.id) / foreign.parts[0].file).read_bytes()
    assert found(text) == ("found that 3 tables are missing: public.alembic_version, public.items, public.part_1")
    text = (shelf.path(older.id) / older.parts[0].file).read_bytes()
    assert found(text) == "found that 1 tables have other rows: public.items 3000 instead of 3001"
    path.write_bytes(whole)
    own = proof._refuse_live

    def same(server: Postgres, host: Host, facts: Facts) -> None:
        """As if the scratch server were the live one."""
        own(server, host, facts.model_copy(update={"identifier": server.ask(host, _IDENTIFIER)}))

    monkeypatch.setattr(proof, "_refuse_live", same)
    (seen,) = prove(proving(shelf), made).parts
    assert seen.unknown.endswith("of the live server, expected one of its own")
    assert scratch(engine) == []


@pytest.mark.thorough
def test_an_extension_that_came_by_hand_is_named(live: Container, tmp_path: Path) -> None:
    """It stands in the live container and not in its image, of which the scratch server is made."""
    install = (
        "cd $(dirname $(find /usr -name pg_trgm.control)) && printf %s \"default_version = '1.0'\" > by_hand.control"
        " && printf %s 'CREATE TABLE made_by_it (x int)' > by_hand--1.0.sql"
    )
    assert live.exec_run(["sh", "-c", install], user="root").exit_code == 0
    sql(live, "CREATE DATABASE by_hand")
    sql(live, "CREATE EXTENSION by_hand", "CREATE TABLE items (x int)", database="by_hand")
    shelf = Shelf(tmp_path / "backups")

    (seen,) = prove(proving(shelf), taken(tmp_path, source(live, "by_hand"), host=HOST)).parts

    assert seen.wrong == (
        "found no extension by_hand in the image of the database, expected what its container has: one that is made "
        "anew would lack it, and no backup could be put back there; install it in the image",
    )


@pytest.mark.thorough
def test_five_thousand_tables_are_proven(live: Container, tmp_path: Path) -> None:
    """Each is kept, put back and compared, one with a row too."""
    sql(live, "CREATE DATABASE wide")
    loop = "DO $$ BEGIN FOR i IN {} LOOP EXECUTE format('CREATE TABLE %I (x int)', 'table ' || i); END LOOP; END $$"
    sql(live, loop.format("1..2500"), loop.format("2501..5000"), database="wide")
    sql(live, 'INSERT INTO "table 4711" VALUES (1)', database="wide")
    shelf = Shelf(tmp_path / "backups")
    made = taken(tmp_path, source(live, "wide"), host=HOST)

    found = prove(proving(shelf), made)

    assert found.problems == ()
    assert len(made.parts[0].facts.tables) == 5000
    assert sum(table.rows for table in made.parts[0].facts.tables) == 1


def test_scratch_server_of_a_killed_process_is_removed_by_the_next(
    engine: docker.DockerClient, live: Container
) -> None:
    """It is found by its label, which says whose it was."""
    code = (
        "import os, sys\nfrom gonogo.backups.manifest import Facts\nfrom gonogo.backups.scratch import scratch_server\n"
        "from gonogo.host.runner import this_machine\n"
        f"with scratch_server(this_machine(), sys.argv[1], Facts(), owner={OWNER!r}):\n    os._exit(9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(live.attrs["Image"])], check=False, timeout=300)
    assert killed.returncode == 9
    (left,) = scratch(engine)

    said = end_leftovers("proofs", "run", HOST)

    assert said == (f"Scratch containers of the run run were left, and are gone: {left}.",)
    assert scratch(engine) == []
