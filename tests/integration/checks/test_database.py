"""The checks of migrations, database and running routes, with the real Alembic, SQLAlchemy and FastAPI."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gonogo.words import Outcome, Role

from .deployed import API, Deployed

pytestmark = pytest.mark.integration

ENV = """\
import os

from alembic import context
from sqlalchemy import create_engine

print("env.py may print what it likes")
with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """\
revision = "{name}"
down_revision = {parent}


def upgrade():
    pass


def downgrade():
    pass
"""
FILES = {
    "api.py": API,
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
    "migrations/env.py": ENV,
    "migrations/versions/0001.py": REVISION.format(name="0001", parent=None),
    "migrations/versions/0002.py": REVISION.format(name="0002", parent='"0001"'),
}
HEADS = {"heads": ("0002",)}


@pytest.fixture(scope="module")
def site(deploy: Callable[..., Deployed], tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """A release with migrations whose database stands at its head."""
    database = tmp_path_factory.mktemp("database") / "tiny.db"
    made = deploy(
        files=FILES,
        service='framework = "fastapi"\nentrypoint = "api:app"\nmigrations = "alembic"\n',
        env=f"DATABASE_URL=sqlite:///{database}\n",
        packages=("fastapi", "sqlalchemy", "alembic"),
    )
    made.start()
    alembic(made, database, "upgrade", "head")
    return made


@pytest.fixture
def database(site: Deployed) -> Iterator[Path]:
    """The database's file; afterwards it stands at the head again."""
    line = next(line for line in (site.folder / ".env").read_text().splitlines() if line.startswith("DATABASE_URL"))
    path = Path(line.partition("sqlite:///")[2])
    yield path
    alembic(site, path, "stamp", "--purge", "0002")


def alembic(site: Deployed, database: Path, *words: str) -> None:
    """Run Alembic as an operator would."""
    program = site.release.folder / "venv" / "bin" / "alembic"
    environ = {"DATABASE_URL": f"sqlite:///{database}", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([program, *words], cwd=site.release.root, env=environ, check=True, capture_output=True)


def found(site: Deployed, stage: str, code: str, chosen: str, **changed: Any) -> tuple[Outcome, str]:
    """One check's outcome and message."""
    check = site.ask(stage, chosen, **changed).check(code)
    return check.outcome, check.found


def test_the_database_is_at_the_head(site: Deployed) -> None:
    """Heads, revision and connection are as they should be."""
    assert found(site, "build", "B15[web]", "migration", **HEADS) == (Outcome.PASSED, "")
    assert found(site, "postdeploy", "D12[web]", "revision", **HEADS) == (Outcome.PASSED, "")
    assert found(site, "postdeploy", "D13[web]", "database_answers", **HEADS) == (Outcome.PASSED, "")


def test_another_head_in_the_artifact_is_red(site: Deployed) -> None:
    """An artifact that was made before the newest migration was written is caught."""
    assert found(site, "build", "B15[web]", "migration", heads=("0003",)) == (
        Outcome.FAILED,
        f"environment of release {site.release.id}: migration head: found 0002, expected 0003",
    )


def test_a_database_behind_is_red(site: Deployed, database: Path) -> None:
    """A migration that was never run is caught; a revision that was accepted is not red."""
    alembic(site, database, "stamp", "--purge", "0001")

    assert found(site, "postdeploy", "D12[web]", "revision", **HEADS) == (
        Outcome.FAILED,
        "database of web: revision: found 0001, expected 0002",
    )


@pytest.mark.thorough
def test_a_schema_ahead_is_accepted_only_where_it_was(site: Deployed, database: Path) -> None:
    """After a rollback the schema is of a revision that the release does not know."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0009'")

    assert found(site, "postdeploy", "D12[web]", "revision", accepted=("0009",), **HEADS) == (
        Outcome.WARNED,
        "the schema is ahead of the release: 0009, accepted after a rollback",
    )
    assert found(site, "postdeploy", "D12[web]", "revision", accepted=("0009", "0010"), **HEADS) == (
        Outcome.WARNED,
        "the schema is ahead of the release: 0009, accepted after a rollback",
    )
    assert found(site, "postdeploy", "D12[web]", "revision", **HEADS) == (
        Outcome.FAILED,
        "database of web: revision: found 0009, expected 0002",
    )


@pytest.mark.thorough
def test_a_database_that_refuses_is_red(deploy: Callable[..., Deployed]) -> None:
    """A connection that fails is named with driver and error, and its revision is not known."""
    made = deploy(
        files=FILES,
        service='migrations = "alembic"\n',
        env="DATABASE_URL=sqlite:////nowhere/at/all.db\n",
        packages=("sqlalchemy", "alembic"),
    )
    made.start()
    outcome, message = found(made, "postdeploy", "D13[web]", "database_answers")
    revision, unknown = found(made, "postdeploy", "D12[web]", "revision")

    assert outcome is Outcome.FAILED
    assert message == (
        "database of web, through sqlalchemy: found OperationalError: "
        "(sqlite3.OperationalError) unable to open database file, expected none"
    )
    assert revision is Outcome.INCONCLUSIVE
    error = "OperationalError: (sqlite3.OperationalError) unable to open database file"
    assert f": the revision is not known: {error} (" in unknown


def test_a_driver_that_the_code_chooses_is_found(deploy: Callable[..., Deployed]) -> None:
    """An address that names no driver is not asked through SQLAlchemy's usual one where the application has another."""
    made = deploy(
        files={"api.py": API},
        service="",
        env="DATABASE_URL=postgresql://nobody@127.0.0.1:1/nothing\n",
        packages=("sqlalchemy", "psycopg[binary]"),
    )
    made.start()
    outcome, message = found(made, "postdeploy", "D13[web]", "database_answers")

    assert outcome is Outcome.FAILED
    assert message.startswith("database of web, through psycopg: found OperationalError: ")


ENGINE = """\
from sqlalchemy import create_engine

with_options = {{"uri": True}}
engine = create_engine("sqlite:///" + open("{where}").read(), connect_args=with_options)
"""


def test_an_engine_of_the_applications_own_is_asked(deploy: Callable[..., Deployed], tmp_path: Path) -> None:
    """Red where the release before reached its database through it; advice where nobody knows; not where it is none."""
    where = tmp_path / "address"
    where.write_text(str(tmp_path / "well.db"))
    site = deploy(
        files={"api.py": API, "shop/__init__.py": "", "shop/database.py": ENGINE.format(where=where)},
        service='entrypoint = "api:app"\n',
        env="DB_HOST=127.0.0.1\n",
        packages=("sqlalchemy",),
    )
    site.start()
    well = site.ask("postdeploy", "database_answers", role=Role.BASELINE)
    where.write_text("/nowhere/at/all.db")
    first = site.ask("postdeploy", "database_answers").check("D13[web]")
    assert well.result is not None
    (site.run / "baseline.json").write_text(well.result.model_dump_json())
    wrong = found(site, "postdeploy", "D13[web]", "database_answers")
    where.write_text(str(tmp_path / "well.db"))
    again = found(site, "postdeploy", "D13[web]", "database_answers")

    error = "OperationalError: (sqlite3.OperationalError) unable to open database file"
    assert well.check("D13[web]").outcome is Outcome.PASSED
    assert (first.outcome, first.found) == (
        Outcome.WARNED,
        f"web: shop.database.engine: found {error}, expected a connection",
    )
    assert wrong == (
        Outcome.FAILED,
        f"database of web, through the application's own shop.database.engine: found {error}, "
        "expected a connection, as the release before had one",
    )
    assert again == (Outcome.PASSED, "")


def _noted(path: str, name: str, *, module: str, schema_path: str | None) -> dict[str, Any]:
    """A route as the build gate notes it with the release."""
    handler = {"handler_module": module, "handler_qualname": name, "source_file": None, "line": None}
    return {"kind": "http", "methods": ["GET"], "path": path, "name": name, "schema_path": schema_path, **handler}


@pytest.mark.thorough
def test_running_routes(site: Deployed) -> None:
    """The process answers for what its artifact registers; a path too few is red, and one that yesterday's registered.

    What the start itself adds is none of these. What the build gate noted with the release is not imported again.
    """
    schema = {"openapi": "3.1.0", "paths": {"/items": {"get": {}}}}
    site.answer({"/openapi.json": [200, {}, json.dumps(schema), 0]})
    green = found(site, "postdeploy", "D11[web]", "routes")
    site.answer({"/openapi.json": [200, {}, json.dumps({**schema, "paths": {"/old": {"get": {}}}}), 0]})
    red = found(site, "postdeploy", "D11[web]", "routes")
    site.answer({"/openapi.json": [200, {}, "<html>", 0]})
    other = found(site, "postdeploy", "D11[web]", "routes")
    site.answer()
    hidden = found(site, "postdeploy", "D11[web]", "routes")
    noted = _noted("/noted", "noted", module="server", schema_path="/noted")
    opened = _noted("/openapi.json", "openapi", module="fastapi.applications", schema_path=None)
    site.answer({"/openapi.json": [200, {}, json.dumps(schema), 0]})
    kept = site.ask("postdeploy", "routes", routes={"web": [noted, opened]}).check("D11[web]")
    started = {**schema, "paths": {"/items": {"get": {}}, "/metrics": {"get": {}}}}
    site.answer({"/openapi.json": [200, {}, json.dumps(started), 0]})
    added = found(site, "postdeploy", "D11[web]", "routes")
    before = site.release.model_copy(
        update={"routes": {"web": [_noted("/metrics", "metrics", module="server", schema_path="/metrics")]}}
    )
    yesterday = found(site, "postdeploy", "D11[web]", "routes", serving=before)

    assert added == (Outcome.PASSED, "")
    assert yesterday == (Outcome.FAILED, "web: found also GET /metrics; expected the routes of its artifact")
    assert kept.found == "web: found no GET /noted, also GET /items; expected the routes of its artifact"
    assert green == (Outcome.PASSED, "")
    assert red == (Outcome.FAILED, "web: found no GET /items, also GET /old; expected the routes of its artifact")
    assert other == (Outcome.FAILED, "/openapi.json: found '<html>', expected an OpenAPI document")
    assert hidden == (
        Outcome.SKIPPED,
        "web shows no OpenAPI document, and its routes and those before were not noted (B06)",
    )


@pytest.mark.thorough
def test_routes_of_which_nothing_is_told_are_asked(site: Deployed) -> None:
    """Who answers 404 to what came with a release and still has what went is of yesterday; the first alone is advice."""
    old, new = (_noted(f"/{name}", name, module="server", schema_path=None) for name in ("old", "new"))
    before = site.release.model_copy(update={"routes": {"web": [old]}})
    said: dict[str, tuple[Outcome, str]] = {}
    pages = {"/old": [200, {}, "old", 0], "/new": [200, {}, "new", 0]}
    for what, answers in {
        "as it should": {"/new": pages["/new"]},
        "both": pages,
        "yesterday's": {"/old": pages["/old"]},
        "hidden": {},
        "login": {"/old": pages["/old"], "/new": [302, {"Location": "/login"}, "", 0]},
    }.items():
        site.answer(answers)
        check = site.ask("postdeploy", "routes", routes={"web": [new]}, serving=before).check("D11[web]")
        said[what] = (check.outcome, check.found)

    assert said == {
        "as it should": (Outcome.PASSED, ""),
        "both": (Outcome.PASSED, ""),
        "login": (Outcome.PASSED, ""),
        "yesterday's": (Outcome.FAILED, "web: found no /new, also /old; expected the routes of its artifact"),
        "hidden": (
            Outcome.WARNED,
            "web: /new: found 404, expected what this release adds; does a proxy pass it on?",
        ),
    }


SQL = """
[[env.test.sql]]
name = "seven prices"
query = "select count(*) from prices"
value = 7

[[env.test.sql]]
name = "no price of nothing"
query = "select name from prices where price <= 0 and name <> 'a:b'"
rows = 0

[[env.test.sql]]
name = "fresh"
query = "select max(price) from prices"
value = "> 6"
rows = ">= 1"
"""


def test_the_database_says_what_it_must(deploy: Callable[..., Deployed], tmp_path: Path) -> None:
    """D23: green; red with the value, with the number of rows, and for a table that is missing; nothing is written."""
    database = tmp_path / "prices.db"
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("create table prices (name text, price integer)")
        connection.executemany("insert into prices values (?, ?)", [(str(n), n) for n in range(1, 8)])
    site = deploy(environment=SQL, env=f"DATABASE_URL=sqlite:///{database}\n", packages=("sqlalchemy",))
    site.start()

    def asked() -> dict[str, tuple[Outcome, str]]:
        run = site.ask("postdeploy", "database_says")
        assert run.result is not None
        return {check.code or "": (check.outcome, check.found) for check in run.result.checks}

    well = asked()
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("update prices set price = -1 where price = 7")
        connection.execute("delete from prices where price = 3")
    wrong = asked()
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("drop table prices")
    gone = asked()

    assert {outcome for outcome, _ in well.values()} == {Outcome.PASSED}
    assert wrong == {
        "D23[seven prices]": (Outcome.FAILED, "seven prices: value: found 6, expected 7"),
        "D23[no price of nothing]": (Outcome.FAILED, "no price of nothing: rows: found 1, expected 0"),
        "D23[fresh]": (Outcome.FAILED, "fresh: value: found 6, expected > 6"),
    }
    assert gone["D23[seven prices]"] == (
        Outcome.FAILED,
        "seven prices: found OperationalError: (sqlite3.OperationalError) no such table: prices, expected an answer",
    )


def test_a_database_that_cannot_be_reached_is_no_finding(deploy: Callable[..., Deployed]) -> None:
    """D23 is inconclusive: what it holds is not known."""
    site = deploy(environment=SQL, env="DATABASE_URL=sqlite:////nowhere/at/all.db\n", packages=("sqlalchemy",))
    site.start()
    run = site.ask("postdeploy", "database_says")
    assert run.result is not None

    assert {check.outcome for check in run.result.checks} == {Outcome.INCONCLUSIVE}


def test_a_query_that_nobody_can_ask_is_told(deploy: Callable[..., Deployed]) -> None:
    """D23 warns: settings made of parts (host, name, user) are well, and what was configured was not asked."""
    site = deploy(environment=SQL, env="DB_HOST=127.0.0.1\n")
    site.start()
    run = site.ask("postdeploy", "database_says")
    assert run.result is not None

    assert {check.outcome for check in run.result.checks} == {Outcome.WARNED}
    assert run.check("D23[fresh]").found == (
        "fresh: was not asked: found no database whose address and driver are known"
    )
