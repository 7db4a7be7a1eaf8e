"""A real MariaDB is kept, and proven by a restore."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from gonogo.backups.access import InContainer
from gonogo.backups.found import servers_among
from gonogo.backups.mysql import PRELUDE, Mysql
from gonogo.backups.proof import Proving, prove
from gonogo.backups.putback import discarded
from gonogo.backups.putback_tables import TableSwap, drop_tables, replaced_on
from gonogo.backups.shelf import Shelf, digest
from gonogo.errors import CommandError, RefusedError
from gonogo.host.runner import this_machine
from tests.support.backups import taken

from .base_images import ensure
from .servers import serving

__all__: list[str] = []

HOST = this_machine(timeout=120)
OWNER = "maria/run"
ROWS = """\
CREATE TABLE items (id int AUTO_INCREMENT PRIMARY KEY, name varchar(80), data blob);
INSERT INTO items (name, data) SELECT concat('ítem ', seq), unhex('00ff0a') FROM seq_1_to_3000;
CREATE TABLE `two words``s` (x int);
CREATE VIEW seen AS SELECT id FROM items;
CREATE TRIGGER named BEFORE INSERT ON items FOR EACH ROW SET NEW.name = coalesce(NEW.name, 'nobody');
CREATE DATABASE aside;
"""


@pytest.fixture(scope="module")
def live(engine: docker.DockerClient) -> Iterator[Container]:
    """A server with an application's rows."""
    ensure("mariadb:10.11")
    given = {"MARIADB_ROOT_PASSWORD": "geheim geheim", "MARIADB_DATABASE": "shop"}
    asked = ("mariadb-admin", "--protocol=tcp", "--host=127.0.0.1", "ping")
    with serving(engine, "mariadb:10.11", given, ready=asked) as container:
        for line in filter(None, ROWS.splitlines()):
            done = container.exec_run(
                ["mariadb", "--default-character-set=utf8mb4", "shop", "-e", line],
                environment={"MYSQL_PWD": "geheim geheim"},
            )
            assert done.exit_code == 0, done.output
        yield container


def source(container: Container, database: str = "shop") -> Mysql:
    """One of its databases."""
    access = InContainer(container=str(container.name), image=str(container.attrs["Image"]), prelude=PRELUDE)
    return Mysql(name=f"db/{database}", access=access, database=database)


@pytest.mark.thorough
def test_rows_are_kept_and_put_back(engine: docker.DockerClient, live: Container, tmp_path: Path) -> None:
    """Tables with odd names, bytes, a view and a trigger; a torn dump and one of something else are named."""
    shelf = Shelf(tmp_path / "backups")
    live.reload()
    (server,) = servers_among([live])
    assert server.is_mysql
    assert "server 10.11" in source(live).ready(HOST)
    assert source(live).size(HOST) > 0

    made = taken(tmp_path, source(live), host=HOST)
    proving = Proving(shelf=shelf, host=HOST, owner=OWNER, timeout=120)

    (part,) = made.parts
    path = shelf.path(made.id) / part.file
    assert {table.name: (table.rows, table.steady) for table in part.facts.tables} == {
        "items": (3000, True),
        "two words`s": (0, True),
    }
    proof = prove(proving, made)
    assert proof.problems == ()
    assert [one.how for one in proof.parts] == ["restored"]
    text = gzip.decompress(path.read_bytes())
    assert b"geheim" not in text
    cut = gzip.compress(text[: len(text) // 2])
    path.write_bytes(cut)
    torn = part.model_copy(update={"bytes": len(cut), "sha256": digest(path)})
    (seen,) = prove(proving, made.model_copy(update={"parts": (torn,)})).parts
    assert seen.unknown == ""
    assert seen.wrong
    foreign = taken(tmp_path, source(live, "aside"), host=HOST)
    other = foreign.parts[0]
    path.write_bytes((shelf.path(foreign.id) / other.file).read_bytes())
    told = part.model_copy(update={"bytes": other.bytes, "sha256": other.sha256})
    (seen,) = prove(proving, made.model_copy(update={"parts": (told,)})).parts
    assert seen.wrong[0] == "found that 2 tables are missing: items, two words`s"
    assert engine.containers.list(all=True, filters={"label": f"gonogo.scratch={OWNER}"}) == []
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name, "manifest.json"]


def test_a_database_that_is_not_there_says_so(live: Container, tmp_path: Path) -> None:
    """What the server says."""
    with pytest.raises(CommandError, match="Unknown database 'nowhere'"):
        source(live, "nowhere").dump(HOST, tmp_path / "x.sql.gz", timeout=60)


STAMP = "20261129t101500"
FAMILY = """\
CREATE DATABASE `family's`;
CREATE TABLE `family's`.parents (id int PRIMARY KEY, name varchar(20));
CREATE TABLE `family's`.children (id int PRIMARY KEY, parent int, CONSTRAINT whose FOREIGN KEY (parent) REFERENCES parents (id));
INSERT INTO `family's`.parents VALUES (1, 'Ada');
INSERT INTO `family's`.children VALUES (1, 1), (2, 1);
"""


@pytest.mark.thorough
def test_tables_are_swapped_and_taken_back(live: Container, tmp_path: Path) -> None:
    """With their references, in one statement; what no table can take along is refused, and nothing is left of it."""
    shelf, server = Shelf(tmp_path / "backups"), source(live, "mysql")
    for line in filter(None, FAMILY.splitlines()):
        server.ask(HOST, line)
    family = source(live, "family's")

    def swap_of(one: Mysql) -> TableSwap:
        made = taken(tmp_path, one, host=HOST)
        part = made.parts[0]
        return TableSwap(live=one, part=part, path=shelf.path(made.id) / part.file, stamp=STAMP, timeout=60)

    swap = swap_of(family)
    family.ask(HOST, "INSERT INTO children VALUES (3, 1); CREATE TABLE fresh (x int); INSERT INTO fresh VALUES (1)")
    said = swap.restore(HOST)
    before = (swap.is_done(HOST), swap.now(HOST).rows)
    swap.swap(HOST)
    swapped = (swap.is_done(HOST), swap.now(HOST).rows, swap.now(HOST, aside=swap.old).rows)
    lost = discarded(swap.part.facts, swap.now(HOST, aside=swap.old))
    listed = replaced_on(family, HOST)
    refers = "SELECT referenced_table_name FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE()"
    told = family.ask(HOST, refers)
    with pytest.raises(CommandError, match="foreign key constraint fails"):
        family.ask(HOST, "INSERT INTO children VALUES (9, 77)")
    swap.back(HOST)
    back = (swap.is_done(HOST), swap.now(HOST).rows)
    drop_tables(family, swap.new, HOST)
    with pytest.raises(RefusedError, match="found view seen, trigger named in shop, expected tables alone"):
        swap_of(source(live)).restore(HOST)

    assert said == f"db/family's: 3 rows restored as family's_gonogo_new_{STAMP}"
    assert before == (False, 5)
    assert swapped == (True, 3, 5)
    assert lost == ("children: rows 1 inserted", "fresh: the whole table, 1 rows")
    assert (listed, told) == ((swap.old,), "parents")
    assert back == (False, 5)
    assert replaced_on(family, HOST) == ()
