"""A deployment under Compose keeps what its databases hold, although nobody said a word about backups."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from gonogo.backups.found import databases
from gonogo.config import parse_project
from gonogo.host.runner import this_machine
from gonogo.runtimes import runtime_of
from gonogo.runtimes.place import make_place

from .base_images import ensure
from .page import DOCKERFILE, HEALTH, server
from .stack import Ended, Stack, stack

__all__: list[str] = []

MODEL = """\
services:
  web:
    build: .
    init: true
    environment:
      STORE: "postgresql+asyncpg://keeper:@PASSWORD@@db:5432/keeper"
    ports: ["127.0.0.1:@PORT@:8000"]
    depends_on:
      db: {condition: service_healthy}
@HEALTH@  db:
    image: postgres:15
    environment: {POSTGRES_USER: keeper, POSTGRES_PASSWORD_FILE: /run/secrets/word}
    secrets: [word]
    volumes: ["rows:/var/lib/postgresql/data"]
    healthcheck:
      test: [CMD, pg_isready, --username, keeper]
      interval: 5s
      start_period: 30s
      start_interval: 500ms
  other:
    image: postgres:15
    environment: {POSTGRES_PASSWORD: "nobody's business"}
secrets:
  word: {file: ./word.txt}
volumes:
  rows:
"""
TOML = """\
[app]
name = "keeping"

[service.web]

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
attempts = 1
max_downtime = "1h"
min_free_disk = 100
health = { stable_for = "100ms", timeout = "60s" }

[[env.staging.endpoint]]
request = "GET /"
"""
PASSWORD = "four-words-long-enough"
ROWS = """\
CREATE TABLE items (id serial PRIMARY KEY, name text);
INSERT INTO items (name) SELECT 'item ' || i FROM generate_series(1, 321) i;
CREATE SCHEMA "Odd 'one'";
CREATE TABLE "Odd 'one'"."two words" (x int);
CREATE DATABASE aside;
"""


class Keeping:
    """An application with a database whose superuser has a name of its own, and another database that is not its."""

    def __init__(self, app: Stack) -> None:
        """Writes the first version and deploys it."""
        self.app = app
        files = {
            ".gitignore": "reports/\nword.txt\n",
            "Dockerfile": DOCKERFILE,
            "docker-compose.yml": MODEL.replace("@HEALTH@", HEALTH),
            "gonogo.toml": TOML,
            "server.py": server("'one'"),
            "word.txt": PASSWORD,
        }
        values = {"PORT": app.port, "PASSWORD": PASSWORD, "PROJECT": app.project, "STATE": app.state}
        for key, value in values.items():
            files = {name: text.replace(f"@{key}@", str(value)) for name, text in files.items()}
        app.create(files)
        app.commit("first")
        first = app.deploy()
        assert first.code == 0, first.err
        self.sql(ROWS)

    def sql(self, query: str, *, database: str = "keeper") -> str:
        """Ask the database."""
        argv = ["psql", "-U", "keeper", "-d", database, "-v", "ON_ERROR_STOP=1", "-Atq"]
        for line in filter(None, query.splitlines()):
            argv += ["-c", line]
        code, said = self.app.containers()["db"].exec_run(argv)
        assert code == 0, said
        assert isinstance(said, bytes)
        return said.decode()

    def next(self, answer: str, *, more: str = "") -> Ended:
        """Deploys another version, with more in its gonogo.toml."""
        text = (self.app.root / "gonogo.toml").read_text().partition("\n[env.staging.backup]")[0]
        self.app.write({"server.py": server(f"'{answer}'"), "gonogo.toml": text + more})
        self.app.commit(answer)
        return self.app.deploy()

    def manifests(self) -> list[dict[str, Any]]:
        """What the backups say of themselves, the oldest first."""
        return [json.loads(path.read_text()) for path in sorted(self.app.state.glob("backups/*/manifest.json"))]


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Keeping]:
    """One that serves."""
    for name in ("python:3.11-slim", "postgres:15"):
        ensure(name)
    with stack(tmp_path_factory.mktemp("keeping"), engine, "keeping") as made:
        yield Keeping(made)


def test_a_deployment_keeps_the_rows_before_it_touches_anything(keeping: Keeping) -> None:
    """Unasked: the database that the application names is dumped by its own pg_dump, closed to others, and counted."""
    app = keeping.app
    assert keeping.manifests() == []

    planned = app.gonogo("plan", "--env", "staging")
    second = keeping.next("two")

    assert second.code == 0, second
    steps = {step["name"]: step for step in second.document["steps"]}
    assert list(steps)[6:9] == ["ladder", "backup", "migrate"]
    (manifest,) = keeping.manifests()
    assert steps["backup"]["said"].startswith(f"{manifest['id']}: db/keeper, 321 rows, ")
    (part,) = manifest["parts"]
    tables = {table["name"]: table["rows"] for table in part["facts"]["tables"]}
    assert tables == {"public.items": 321, '"Odd \'one\'"."two words"': 0}
    assert part["facts"]["sequences"] == {"public.items_id_seq": [321, 321]}
    assert part["facts"]["version"].startswith("15.")
    assert part["facts"]["identifier"].isdecimal()
    assert part["image"] == app.images()["db"]
    folder = app.state / "backups" / manifest["id"]
    dump = folder / part["file"]
    assert dump.read_bytes()[:5] == b"PGDMP"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, dump)] == [0o700, 0o600]
    assert sorted(path.name for path in folder.parent.iterdir()) == [manifest["id"]]
    assert app.release(second.document["release"])["backup"] == manifest["id"]
    assert manifest["release"] == second.document["serving"]
    notes = second.document["notes"]
    assert "Not in the backup: db also holds aside: name them under databases to keep them." in notes
    assert "(the databases take " in planned.err
    assert "pg_dump --format=custom" in planned.err
    assert str(app.state / "backups") in planned.err
    everything = planned.err + second.err + second.out
    everything += "".join(path.read_text() for path in app.state.glob("runs/*/journal.jsonl"))
    assert PASSWORD not in everything


@pytest.mark.thorough
def test_backups_are_taken_by_hand_proven_listed_and_let_go(keeping: Keeping) -> None:
    """``gonogo backup`` takes one, and ``gonogo backups`` says which release needs which; those stay."""
    proving = keeping.next("proving", more="\n[env.staging.backup]\nkeep = 1\nprove = true\n")
    assert proving.code == 0, proving.err
    steps = {step["name"]: step["said"] for step in proving.document["steps"]}
    assert steps["proof"].startswith("db/keeper restored: all as it was kept; it takes ")
    app = keeping.app
    needed = {
        app.release(name)["backup"]: name
        for name in (path.parent.name for path in app.state.glob("releases/*/release.json"))
        if app.release(name)["backup"]
    }

    by_hand = [app.gonogo("backup", "--env", "staging", "--json") for _ in range(2)]
    listed = app.gonogo("backups", "--json").document

    assert [one.code for one in by_hand] == [0, 0], by_hand
    assert [one["id"] for one in listed] == [by_hand[1].document["id"], *sorted(needed, reverse=True)]
    assert {one["id"]: one["needed_by"] for one in listed if one["needed_by"]} == needed
    assert [one["lacks"] for one in listed] == [[]] * len(listed)
    assert listed[0]["proven"]
    told = app.gonogo("backups", "--env", "staging").err
    assert f"needed to go back from {proving.document['release']} with the data" in told
    assert "  proven 20" in told


@pytest.mark.thorough
def test_data_are_put_back_while_the_application_is_stopped(keeping: Keeping) -> None:
    """Under Compose: the database's container goes on, its database is swapped by name, and every row is somewhere."""
    app = keeping.app
    before = app.deploy()
    assert before.code == 0, before.err
    rows = keeping.sql("SELECT count(*) FROM items")
    after = keeping.next("changing")
    assert after.code == 0, after.err
    keeping.sql("ALTER TABLE items RENAME TO things\nINSERT INTO things (name) VALUES ('late')")
    database = app.lives()["db"]

    ended = app.gonogo("rollback", "--env", "staging", "--restore-data", "--yes", "--json")

    assert ended.code == 0, ended.err
    assert ended.document["serving_after"] == before.document["release"]
    assert keeping.sql("SELECT count(*) FROM items") == rows
    (kept,) = keeping.sql("SELECT datname FROM pg_database WHERE datname LIKE 'keeper_gonogo_old_%'").split()
    assert keeping.sql("SELECT count(*) FROM things", database=kept) == f"{int(rows) + 1}\n"
    assert app.lives()["db"] == database
    assert app.gonogo("prune", "--env", "staging", "--yes").code == 0
    assert "gonogo" not in keeping.sql("SELECT datname FROM pg_database")


@pytest.mark.thorough
def test_a_backup_that_was_asked_for_and_cannot_be_made_stops_the_deployment(keeping: Keeping) -> None:
    """Exit 1 before the first touch; unasked, the same is a note in the record."""
    app = keeping.app
    lives, before = app.lives(), keeping.manifests()

    asked = keeping.next("two", more='\n[env.staging.backup]\ndatabases = ["db/nowhere"]\n')

    assert asked.code == 1, asked
    assert asked.document["ended"]["kind"] == "no-go"
    assert 'database "nowhere"' in asked.document["reason"] + str(asked.document["causes"])
    assert app.lives() == lives
    assert keeping.manifests() == before
    assert not list(app.state.glob("backups/.*"))

    app.containers()["db"].exec_run(["sh", "-c", "for one in $(which -a pg_dump); do mv $one $one.away; done"])
    unasked = keeping.next("three")

    assert unasked.code == 0, unasked
    (note,) = [note for note in unasked.document["notes"] if note.startswith("No backup was taken: ")]
    assert "pg_dump: not found" in note
    assert note.endswith("Nobody asked for one; [env.staging.backup] says which is wanted, or off = true.")


def test_files_in_what_is_mounted_are_found_unasked(engine: docker.DockerClient, tmp_path: Path) -> None:
    """SQLite files where the application may write, each once; what is its image's, or only read there, is no datum."""
    ensure("python:3.11-slim")
    for name in ("data", "seeds"):
        (tmp_path / name).mkdir()
        with contextlib.closing(sqlite3.connect(tmp_path / name / "app.db")) as connection:
            connection.execute("CREATE TABLE items (x text)")
    toml = '[app]\nname = "mounted"\n[service.web]\n[service.worker]\n[env.x]\nproject = "gonogo-mounted"\n'
    project = parse_project(toml, root=tmp_path)
    place = make_place(
        project, project.environments["x"], state=tmp_path, path=tmp_path, host=this_machine(), variables={}
    )
    with contextlib.ExitStack() as stopped:
        for service, where in (("web", "/srv/data"), ("worker", "/data")):
            ours = {"project": "gonogo-mounted", "service": service, "oneoff": "False"}
            container = engine.containers.run(
                "python:3.11-slim",
                ["sleep", "120"],
                detach=True,
                remove=True,
                labels={f"com.docker.compose.{key}": value for key, value in ours.items()},
                volumes=[f"{tmp_path}/data:{where}", f"{tmp_path}/seeds:/seeds:ro"],
            )
            stopped.callback(container.kill)

        found = databases(place, runtime_of("compose"), None)

    assert [(one.name, one.kind) for one in found.sources] == [("web:/srv/data/app.db", "SQLite")]
    assert found.left == ()
