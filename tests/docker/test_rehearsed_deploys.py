"""A deployment rehearses its migrations on its own backup, and what the data or the old release refuse stops it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from .base_images import ensure
from .stack import Ended, Stack, stack
from .test_rehearsals import APP, CALLING, DOCKERFILE, ENV, REACH

__all__: list[str] = []

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(2400)]

MODEL = """\
services:
  web:
    build: .
    init: true
    command: [python, app.py]
    environment:
      DATABASE_URL: "postgresql+psycopg://shop:four-words-long@db:5432/shop"
      PLACES: "queue:6379 queue:25 queue:80"
    ports: ["127.0.0.1:@PORT@:8000"]
    depends_on: {db: {condition: service_healthy}}
    healthcheck:
      test: [CMD, python, -c, "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz')"]
      interval: 5s
      start_period: 30s
      start_interval: 500ms
  queue:
    image: python:3.11-slim
    init: true
    command: [python, -u, -c, "@CANARY@"]
  db:
    image: postgres:15
    environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: four-words-long}
    healthcheck:
      test: [CMD, pg_isready, --username, shop]
      interval: 5s
      start_period: 30s
      start_interval: 500ms
"""
CANARY = (
    "import socketserver as s, threading as t; "
    "H = type('H', (s.BaseRequestHandler,), {'handle': lambda self: print('met')}); "
    "[t.Thread(target=s.TCPServer(('', port), H).serve_forever).start() for port in (6379, 25, 80)]"
)
"""A queue, a mail server and somebody's webhook: whoever comes is told."""
TOML = """\
[app]
name = "rehearsing"

[service.web]
migrations = "alembic"

[env.staging]
tier = "prod"
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
attempts = 1
max_downtime = "1h"
min_free_disk = 100
health = { stable_for = "100ms", timeout = "60s" }
watch = { for = "0s" }

[[env.staging.endpoint]]
request = "GET /"
"""
REVISION = """\
{stated}
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{name}", {parent!r}


def upgrade():
    {up}


def downgrade():
    {down}
"""

BECAUSE = "# gonogo: compatible because somebody thought so"


class Rehearsing:
    """An application with one migration, two lamps, and a hue that one of them lacks."""

    def __init__(self, app: Stack, *, toml: str = TOML) -> None:
        """Deploys it."""
        self.app = app
        files = {".gitignore": "reports/\n", "Dockerfile": DOCKERFILE, "docker-compose.yml": MODEL, "gonogo.toml": toml}
        files |= {
            "app.py": APP,
            "reach.py": REACH,
            "alembic.ini": "[alembic]\nscript_location = db\n",
            "db/env.py": ENV,
        }
        values = {"CANARY": CANARY, "PORT": app.port, "PROJECT": app.project, "STATE": app.state}
        for key, value in values.items():
            files = {name: text.replace(f"@{key}@", str(value)) for name, text in files.items()}
        app.create(files)
        made = 'op.create_table("lamps", sa.Column("id", sa.Integer), sa.Column("hue", sa.Text))'
        first = self.next("1", None, made, 'op.drop_table("lamps")')
        assert first.code == 0, first
        self.sql("insert into lamps values (1, 'red'), (2, null)")

    def next(self, name: str, parent: str | None, up: str, down: str, *, stated: str = "") -> Ended:
        """Deploys another revision."""
        text = REVISION.format(name=name, parent=parent, up=up, down=down, stated=stated)
        self.app.write({f"db/versions/{name}.py": text})
        self.app.commit(name)
        return self.run("deploy")

    def run(self, command: str) -> Ended:
        """Runs the command line to its end; a rehearsal restores twice and starts the old release twice."""
        process = self.app.start(command, "--env", "staging", "--json")
        out, err = process.communicate(timeout=600)
        return Ended(process.returncode, out, err)

    def sql(self, query: str) -> str:
        """Asks the live database."""
        code, said = self.app.containers()["db"].exec_run(["psql", "-U", "shop", "-Atqc", query])
        assert code == 0, said
        assert isinstance(said, bytes)
        return said.decode().strip()


@pytest.fixture(scope="module")
def rehearsing(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Rehearsing]:
    """One that serves."""
    for name in ("python:3.11-slim", "postgres:15"):
        ensure(name)
    with stack(tmp_path_factory.mktemp("rehearsing"), engine, "rehearsing") as made:
        yield Rehearsing(made)


def test_what_a_rehearsal_shows_decides(rehearsing: Rehearsing) -> None:
    """What the data refuse, and what the old release cannot live with, stops prod; what is well is deployed and told."""
    app, because = rehearsing.app, BECAUSE
    untouched = app.lives()
    lamps = 'op.alter_column("lamps", '
    filled = rehearsing.next(
        "2", "1", f'{lamps}"hue", nullable=False)', f'{lamps}"hue", nullable=True)', stated=because
    )
    back = f'{lamps}"colour", new_column_name="hue")'
    renamed = rehearsing.next("2", "1", f'{lamps}"hue", new_column_name="colour")', back, stated=because)
    same = app.lives()
    added = rehearsing.next(
        "2", "1", 'op.add_column("lamps", sa.Column("note", sa.Text))', 'op.drop_column("lamps", "note")'
    )

    assert (filled.code, renamed.code, added.code) == (1, 1, 0), (filled, renamed, added)
    assert untouched == same
    assert "fail on a copy of the data: web: " in filled.document["reason"]
    assert 'column "hue" of relation "lamps" contains null values' in filled.document["reason"]
    assert (
        "forward-only: on a migrated copy of the data the release that serves breaks: GET / answers 500 instead of 200"
    ) in renamed.document["reason"]
    steps = {step["name"]: step["said"] for step in added.document["steps"]}
    assert steps["rehearsal"].startswith("on a copy of the data: ")
    assert steps["rehearsal"].endswith(
        "taken back, the schema was as before; the release that serves answers 2 pages on it as before"
    )
    assert rehearsing.sql("select version_num from alembic_version") == "2"

    served = app.lives()
    app.write({"db/versions/3.py": REVISION.format(name="3", parent="2", up="pass", down="pass", stated="")})
    app.commit("3")
    tonight = rehearsing.run("rehearse")
    assert tonight.code == 0, tonight
    assert tonight.document["ended"]["kind"] == "rehearsed"
    assert "on a copy of the data: " in {step["name"]: step["said"] for step in tonight.document["steps"]}["rehearsal"]
    assert (app.lives(), rehearsing.sql("select version_num from alembic_version")) == (served, "2")
    scratch = [one.name for one in app._engine.containers.list(all=True) if "gonogo.scratch" in one.labels]
    assert not [name for name in scratch if app.project in str(name)]


def test_rehearsal_meets_nobody_in_the_project_s_network(rehearsing: Rehearsing) -> None:
    """The queue, the mail server and the webhook are met from what serves, and by nothing that a rehearsal runs."""
    app = rehearsing.app
    queue, web = app.containers()["queue"], app.containers()["web"]
    code, said = web.exec_run(["python", "reach.py"])
    met = queue.logs().count(b"met")
    stands = rehearsing.sql("select version_num from alembic_version")
    calls = '__import__("reach").reach(); op.add_column("lamps", sa.Column("calls", sa.Text))'
    down = '__import__("reach").reach(); op.drop_column("lamps", "calls")'
    app.write({"db/versions/3.py": REVISION.format(name="3", parent=stands, up=calls, down=down, stated=BECAUSE)})
    app.write({"app.py": CALLING + APP})
    app.commit("calls")
    tonight = rehearsing.run("rehearse")

    assert (code, met) == (0, 3), said
    assert tonight.code == 0, tonight
    said_then = {step["name"]: step["said"] for step in tonight.document["steps"]}["rehearsal"]
    assert "taken back, the schema was as before; the release that serves answers 2 pages on it as before" in said_then
    assert queue.logs().count(b"met") == met


UP = """op.create_table("visits", sa.Column("what", sa.Text))
    op.execute("ALTER TABLE lamps ADD note text NOT NULL DEFAULT 'x'")"""
DOWN = 'op.drop_column("lamps", "note"); op.drop_table("visits")'
BROKEN = APP.replace("SELECT id, hue", "SELECT nothing")
WRITING = BROKEN.replace(
    "http.server.ThreadingHTTPServer",
    """with psycopg.connect(os.environ["DATABASE_URL"].replace("+psycopg", "")) as connection:
    if connection.execute("SELECT to_regclass('visits')").fetchone()[0]:
        connection.execute("INSERT INTO visits VALUES ('a visit')")
http.server.ThreadingHTTPServer""",
)


def test_forward_only_change_goes_back_with_its_migration(tmp_path: Path, engine: docker.DockerClient) -> None:
    """Where the red release wrote nothing to what the migration made; else it holds, and says what was written."""
    for name in ("python:3.11-slim", "postgres:15"):
        ensure(name)
    allowed = TOML.replace("attempts = 1\n", "attempts = 1\nallow_forward_only = true\n")
    with stack(tmp_path, engine, "takenback") as made:
        shop = Rehearsing(made, toml=allowed)
        made.write({"app.py": BROKEN})
        red = shop.next("2", "1", UP, DOWN)
        stands = shop.sql("select version_num from alembic_version")
        columns = shop.sql(
            "select string_agg(attname, ' ') from pg_attribute where attrelid = 'lamps'::regclass and attnum > 0 and not attisdropped"
        )
        made.write({"app.py": f"{BROKEN}# once more\n"})
        commit = made.commit("killed")
        killed = made.start("deploy", "--env", "staging")
        made.wait_for('"event": "run-began"', commit)
        made.wait_for('"step": "downgrade"', '"event": "step-began"', seconds=400)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        resumed = shop.run("resume")
        stood = shop.sql("select version_num from alembic_version")
        page = made.client().get("/").status_code
        made.write({"app.py": WRITING})
        held = shop.next("2", "1", UP, DOWN)

        assert (red.code, red.document["ended"]["kind"]) == (1, "reverted"), red
        steps = {step["name"]: step["said"] for step in red.document["steps"]}
        assert steps["rehearsal"].endswith("; a downgrade loses nothing that was there before")
        assert [*steps][-4:] == ["postdeploy", "downgrade", "restore", "verify"]
        assert steps["downgrade"] == "web: its database went back from 2 to 1"
        assert (
            "a rollback takes them back where nothing was written to public.lamps (note), public.visits"
            in red.document["ladder"]
        )
        assert (stands, columns) == ("1", "id hue")
        assert (resumed.code, resumed.document["ended"]["kind"]) == (1, "reverted"), resumed
        assert (stood, page) == ("1", 200)
        assert (held.code, held.document["ended"]["kind"]) == (6, "held"), held
        lost = "they were not taken back: a downgrade would lose what was written since: public.visits: 1 rows written"
        assert any(lost in note for note in held.document["notes"]), held
        assert shop.sql("select version_num, (select count(*) from visits) from alembic_version") == "2|1"
