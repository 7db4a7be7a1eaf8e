"""Migrations are rehearsed on a restored backup: what the data refuse is known before, and nothing real is reached."""

from __future__ import annotations

import contextlib
import io
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import docker
import pytest
from docker.models.containers import Container

from gonogo.backups.former import Former
from gonogo.backups.postgres import in_container
from gonogo.backups.proof import Proving
from gonogo.backups.rehearsal import Rehearsed, Trial, rehearse
from gonogo.backups.shelf import Shelf
from gonogo.host.runner import this_machine
from gonogo.migrations.alembic import Alembic
from gonogo.runtimes.base import Layout
from gonogo.runtimes.compose.inside import ComposeArtifact
from tests.support.backups import taken

from .base_images import ensure
from .servers import serving

__all__: list[str] = []

HOST = this_machine(timeout=180)
OWNER = "rehearsals/run"
DOCKERFILE = """\
FROM python:3.11-slim
RUN pip install --quiet --disable-pip-version-check alembic==1.16.5 'psycopg[binary]'
WORKDIR /srv/app
COPY . .
"""
ENV = """\
import os, sys

sys.path.insert(0, os.getcwd())
from alembic import context
from sqlalchemy import create_engine

with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{name}", "1"


def upgrade():
    {up}


def downgrade():
    {down}
"""
REACH = """\
import os, socket


def reach():
    for place in os.environ.get("PLACES", "").split():
        host, _, port = place.rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=2).close()
        except OSError as error:
            print(place, error)


if __name__ == "__main__":
    reach()
"""
CALLING = """\
import reach

reach.reach()
"""
APP = """\
import http.server, os

import psycopg


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = 200
        if self.path != "/healthz":
            try:
                with psycopg.connect(os.environ["DATABASE_URL"].replace("+psycopg", "")) as connection:
                    connection.execute("SELECT id, hue FROM lamps").fetchall()
            except psycopg.Error:
                status = 500
        self.send_response(status if self.path in {"/", "/healthz"} else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()


http.server.ThreadingHTTPServer(("", 8000), Page).serve_forever()
"""
SETS = {
    "well": ('op.add_column("lamps", sa.Column("note", sa.Text)); op.execute("SELECT pg_sleep(0.5)")', 'op.drop_column("lamps", "note")'),
    "forgets": ('op.add_column("lamps", sa.Column("note", sa.Text)); op.create_index("ix", "lamps", ["hue"])', 'op.drop_index("ix", "lamps")'),
    "refused": ('op.alter_column("lamps", "hue", nullable=False)', 'op.alter_column("lamps", "hue", nullable=True)'),
    "renames": ('op.alter_column("lamps", "hue", new_column_name="colour")', 'op.alter_column("lamps", "colour", new_column_name="hue")'),
    "calls": ('__import__("reach").reach(); op.add_column("lamps", sa.Column("note", sa.Text))', '__import__("reach").reach(); op.drop_column("lamps", "note")'),
    "reaches": ('__import__("socket").create_connection(("192.0.2.1", 80), timeout=5)', "pass"),
}  # fmt: skip
ROWS = """\
CREATE ROLE app LOGIN PASSWORD 'a word';
CREATE TABLE lamps (id int PRIMARY KEY, hue text);
INSERT INTO lamps VALUES (1, 'red'), (2, null);
CREATE TABLE alembic_version (version_num text);
INSERT INTO alembic_version VALUES ('1');
ALTER TABLE lamps OWNER TO app;
ALTER TABLE alembic_version OWNER TO app;
"""
Rehearsal = Callable[..., Rehearsed]


def context(files: dict[str, str]) -> io.BytesIO:
    """The files that an image is built of."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    stream.seek(0)
    return stream


@pytest.fixture(scope="module")
def live(engine: docker.DockerClient) -> Iterator[Container]:
    """The application's server, which nobody but the backup asks."""
    ensure("postgres:15")
    given = {"POSTGRES_PASSWORD": "geheim", "POSTGRES_DB": "shop"}
    with serving(engine, "postgres:15", given) as container:
        asked(container, *filter(None, ROWS.splitlines()))
        yield container


def asked(container: Container, *statements: str) -> str:
    """What the live server says."""
    words = [word for one in statements for word in ("-c", one)]
    done = container.exec_run(["psql", "-U", "postgres", "-d", "shop", "-v", "ON_ERROR_STOP=1", "-Atq", *words])
    assert done.exit_code == 0, done.output
    assert isinstance(done.output, bytes)
    return done.output.decode().strip()


@pytest.fixture(scope="module")
def image(engine: docker.DockerClient) -> Iterator[str]:
    """The application with all sets of migrations."""
    ensure("python:3.11-slim")
    files = {"Dockerfile": DOCKERFILE, "app.py": APP, "reach.py": REACH, "calling.py": CALLING + APP}
    for name, (up, down) in SETS.items():
        files[f"{name}.ini"] = f"[alembic]\nscript_location = {name}\n"
        files[f"{name}/env.py"] = ENV
        files[f"{name}/versions/1.py"] = 'revision, down_revision = "1", None\n\n\ndef upgrade(): ...\n'
        files[f"{name}/versions/2.py"] = REVISION.format(name="2", up=up, down=down)
    made, _ = engine.images.build(fileobj=context(files), custom_context=True, rm=True)
    yield str(made.id)
    engine.images.remove(str(made.id), force=True)


@pytest.fixture(scope="module")
def rehearsal(live: Container, image: str, tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """Rehearses one of the sets of migrations on a backup of the live server."""
    folder = tmp_path_factory.mktemp("rehearsals")
    shelf = Shelf(folder / "backups")
    source = in_container(str(live.name), str(live.attrs["Image"]), service="db", database="shop")
    made = taken(folder, source, host=HOST)
    proving = Proving(shelf=shelf, host=HOST, owner=OWNER, timeout=120)
    artifact = ComposeArtifact(
        service="web",
        image=image,
        label="the image",
        layout=Layout(code={".": "/srv/app"}, known_by="test"),
        facts=None,
        host=HOST,
        project="rehearsals",
        variables={"DATABASE_URL": "postgresql+psycopg://app:another-word@db:5432/shop"},
    )

    def run(name: str, *, entry: str = "app.py", places: Sequence[str] = (), counted: bool = False) -> Rehearsed:
        words = ("alembic", "-c", f"{name}.ini")
        told = replace(artifact, variables={**artifact.variables, "PLACES": " ".join(places)})
        trial = Trial(
            service="web",
            artifact=told,
            folder="/srv/app",
            upgrade=(*words, "upgrade", "head"),
            downgrade=((*words, "downgrade", "1"),),
            keeps=Alembic.keeps,
        )
        former = Former(artifact=told, entry=("python", entry), live="/healthz", paths=("/healthz", "/", "/gone"))
        path = shelf.path(made.id) / made.parts[0].file
        return rehearse(proving, path, made.parts[0], [trial], hosts=["db"], former=former, counted=counted)

    return run


def test_migrations_run_on_a_copy_and_are_taken_back(
    rehearsal: Rehearsal, live: Container, engine: docker.DockerClient
) -> None:
    """Seconds, each table's lock, and whether the schema is as before; the live data were not asked, and nothing is left."""
    found = rehearsal("well")

    assert (found.failed, found.unknown) == ("", "")
    assert found.seconds > 0.5
    assert [(lock.table, lock.means) for lock in found.locks] == [("lamps", "nobody reads or writes it")]
    assert 0.4 < found.locks[0].seconds < found.seconds
    assert (found.came_back, found.left) == (True, ())
    assert (found.pages, found.broke, found.unasked) == (3, (), "")
    assert asked(live, "SELECT version_num FROM alembic_version") == "1"
    assert engine.containers.list(all=True, filters={"label": f"gonogo.scratch={OWNER}"}) == []


@pytest.mark.thorough
def test_downgrade_that_forgets_something_is_told(rehearsal: Rehearsal) -> None:
    """A column stays behind."""
    found = rehearsal("forgets")

    assert (found.failed, found.unknown, found.came_back) == ("", "", False)
    assert found.left == ("left: note text",)


@pytest.mark.thorough
def test_migration_that_the_data_refuse_is_known_before(rehearsal: Rehearsal) -> None:
    """One lamp has no hue."""
    found = rehearsal("refused")

    assert found.failed.startswith("web: ")
    assert 'column "hue" of relation "lamps" contains null values' in found.failed


@pytest.mark.thorough
def test_what_cannot_be_reached_is_no_fault(rehearsal: Rehearsal) -> None:
    """A migration that asks somebody else reaches nobody, and it is not known whether it would do well."""
    found = rehearsal("reaches")

    assert found.failed == ""
    assert "unreachable" in found.unknown


@pytest.mark.thorough
def test_release_that_serves_is_asked_on_the_migrated_copy(rehearsal: Rehearsal) -> None:
    """It reads a column that is called otherwise then; what it did not know before is no loss."""
    found = rehearsal("renames")

    assert (found.failed, found.unknown, found.came_back) == ("", "", True)
    assert found.broke == ("GET / answers 500 instead of 200",)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "loses", "drops"),
    [
        ("well", "", ["public.lamps (note)"]),
        ("renames", "the migrations change rows of public.lamps", []),
    ],
)
def test_what_a_downgrade_loses_is_counted(rehearsal: Rehearsal, name: str, loses: str, drops: list[str]) -> None:
    """Rows that were there before, and where those stand that are written afterwards."""
    found = rehearsal(name, counted=True)

    assert (found.unknown, found.came_back) == ("", True)
    assert (found.loses, [*map(str, found.drops)]) == (loses, drops)


class Canary:
    """A queue, a mail server or somebody's webhook: whoever comes is counted."""

    def __init__(self, address: str) -> None:
        """Listens there, on a port of its own."""
        self._listening = socket.create_server((address, 0))
        self.place = f"{address}:{self._listening.getsockname()[1]}"
        self.met = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._listening.accept()[0].close()
                self.met += 1

    def close(self) -> None:
        """Listens no more."""
        self._listening.close()


@pytest.fixture
def canaries(engine: docker.DockerClient) -> Iterator[list[Canary]]:
    """Three that every container of this machine can reach: where the Engine's own network meets the host."""
    gateway = engine.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
    with contextlib.ExitStack() as around:
        yield [around.enter_context(contextlib.closing(Canary(gateway))) for _ in range(3)]


@pytest.mark.thorough
def test_nothing_real_is_reached(
    rehearsal: Rehearsal, canaries: list[Canary], engine: docker.DockerClient, image: str, live: Container
) -> None:
    """Neither by a migration, nor on the way back, nor by the release that serves at its start; elsewhere each is met."""
    places = [one.place for one in canaries]
    engine.containers.run(image, ["python", "reach.py"], environment={"PLACES": " ".join(places)}, remove=True)
    met = [one.met for one in canaries]
    found = rehearsal("calls", entry="calling.py", places=places, counted=True)

    assert met == [1, 1, 1]
    assert (found.failed, found.unknown, found.came_back) == ("", "", True)
    assert (found.pages, found.unasked) == (3, "")
    assert (found.loses, [*map(str, found.drops)]) == ("", ["public.lamps (note)"])
    assert [one.met for one in canaries] == met
    assert asked(live, "SELECT version_num FROM alembic_version") == "1"
