"""Whether the database answers the application, and has the schema that the release needs."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from gonogo.checks.build import probing
from gonogo.checks.postdeploy.instances import running
from gonogo.config import Environment, Service, SqlAssertion
from gonogo.errors import CommandError
from gonogo.gates.pending_migrations import migrated
from gonogo.inspection import probe_answers, things
from gonogo.inspection.answers.expectations import compare_value
from gonogo.inspection.code import presence
from gonogo.inspection.code.contents import map_paths
from gonogo.inspection.code.engines import engine_modules
from gonogo.migrations import tool_of
from gonogo.migrations.question import ask, lacking
from gonogo.plugins.evidence import Collected, InconclusiveError, LackingError
from gonogo.plugins.fixtures import Asking
from gonogo.plugins.source import Source
from gonogo.probes import database
from gonogo.probes import engines as probe
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inside, Inspector
from gonogo.state.release import Release

__all__: list[str] = []

_LACKS = "lacks"
"""Of D12's evidence: what the database has not."""
_ENGINES, _CONNECTS = "Engines", "connects"
_SECONDS = 0.5
_CONNECTING = 10.0
_NO_CONNECTION = frozenset(
    {
        "CannotConnectNowError",
        "ConnectionRefusedError",
        "InterfaceError",
        "InvalidPasswordError",
        "OperationalError",
        "TimeoutError",
        "gaierror",
    }
)
"""What drivers raise where no connection came about: where D13 met the same, the database is the cause of both."""


@pytest.mark.postdeploy(
    "D12",
    needs=("service.migrations",),
    remedy="Run the migrations in {param} (alembic upgrade head; python manage.py migrate) and read what it says",
)
def test_database_revision_is_the_head(
    service: tuple[str, Service],
    question: Asking,
    inspector: Inspector,
    release: Release,
    baseline: GateResult | None,
    source: Source,
    evidence: Collected,
) -> None:
    """The database's revision is the release's head, or one that was accepted for it, and has what the models need.

    Catches a release whose migration was never run, and one whose revision was stamped: each query for the column that
    is not there fails. What the release before lacked as well is advice.

    Before (start.sh):

        alembic upgrade 9c41b0

    After (start.sh):

        alembic upgrade head
    """
    name, configured = service
    environment = question.place.environment
    if configured.migrations == "none":
        pytest.skip(f"service.{name} has no migrations")
    if name not in migrated(environment):
        pytest.skip(f"service.{name} has the migrations of another one, which is asked about them")
    inside = running(inspector, name)
    tool, own = tool_of(configured.migrations), environment.commands.get("migrate", ())
    root = release.source_root(question.place.project.app.root)
    try:
        said = ask(inside, root, configured, tool, own, current=True, models=True)
    except CommandError as error:
        raise InconclusiveError(str(error)) from error
    found = {"heads": said.heads, "current": said.current, "unknown": said.unknown, "behind": said.behind}
    creates = any(".create_all(" in text for text in source.texts(".py").values())
    lacks = [one for one in lacking(said.models, said.tables) if "." in one or not creates]
    evidence.json("Revisions", {**found, "release": release.heads, "accepted": release.accepted, _LACKS: lacks})
    if said.error is not None:
        if said.error.type in _NO_CONNECTION:
            evidence.needs(things.database(name))
        raise InconclusiveError(f"{inside.label}: the revision is not known: {said.error}")
    if not said.heads:
        pytest.skip(f"service.{name} has no migration yet")
    current = said.current or ()
    known = {*release.accepted, *said.heads}
    if said.unknown and known.issuperset(current):
        evidence.warn(f"the schema is ahead of the release: {', '.join(current)}, accepted after a rollback")
        _compare(name, lacks, baseline, evidence)
        return
    expected = ", ".join(sorted(said.heads))
    wrong = said.behind or (said.unknown and tool.refuses_unknown)
    if wrong and release.assumed:
        pytest.skip("adopted: what it was built from is not known, and the code here may be another commit's")
    assert not wrong, f"database of {name}: revision: found {', '.join(current) or 'none'}, expected {expected}"
    _compare(name, lacks, baseline, evidence)


def _compare(name: str, lacks: Sequence[str], baseline: GateResult | None, evidence: Collected) -> None:
    """Red for what the models need and the database has not, where the release before did not lack it."""
    before = _lacked(name, baseline)
    fresh = [one for one in lacks if before is not None and one not in before]
    for one in lacks:
        if one not in fresh:
            evidence.advise(f"the database of {name} lacks {one}, which the models have")
    evidence.remedy("Run what makes it, and look why the revision says that it was run" if fresh else "")
    assert not fresh, f"database of {name}: found no {presence.first(fresh)}, expected what the models have"


def _lacked(name: str, baseline: GateResult | None) -> list[str] | None:
    """What the database lacked for the release before; None where nobody asked."""
    for check in baseline.checks if baseline is not None else ():
        if check.code == f"D12[{name}]":
            values = [piece.value for piece in check.evidence if isinstance(piece.value, dict)]
            return next((value[_LACKS] for value in values if _LACKS in value), None)
    return None


def _said_before(code: str, title: str, baseline: GateResult | None) -> dict[str, str] | None:
    """A piece of evidence that a check had of the release before."""
    checks = [one for one in (baseline.checks if baseline is not None else ()) if one.code == code]
    pieces = (piece for one in checks for piece in one.evidence if piece.title == title)
    return next((piece.value for piece in pieces if isinstance(piece.value, dict)), None)


@pytest.mark.postdeploy(
    "D13",
    needs=("a database URL in the instance",),
    remedy="Look whether the database runs and accepts {param}'s user, address and password",
)
def test_database_answers(
    service: tuple[str, Service],
    inspector: Inspector,
    baseline: GateResult | None,
    source: Source,
    evidence: Collected,
) -> None:
    """The database accepts the application's connections and answers SELECT 1 in time.

    Catches a wrong password, a full connection pool, a database that is still starting, and an engine of SQLAlchemy's
    in a module of its own that is made with other options than the database takes: health may be green all the while.

    Before (docker-compose.yml):

        environment:
          DATABASE_URL: postgresql://shop:shop@db:5432/shop

    After (docker-compose.yml):

        environment:
          DATABASE_URL: postgresql://shop:${POSTGRES_PASSWORD:?}@db:5432/shop
    """
    name, configured = service
    inside = running(inspector, name)
    done = probing.ask(inside, configured, probe_answers.script("database.py"), isolated=False)
    found = probing.marked(inside, done, database.MARKER)
    if found["error"] is None:
        engines = _engines(inside, configured, source)
        _connect(name, engines, baseline, evidence)
        if found["driver"] is None and engines:
            return
    if found["variable"] is None:
        pytest.skip(f"{name} has no DATABASE_URL in its environment")
    if found["driver"] is None:
        pytest.skip(f"{name} has no driver that this check knows for {found['variable']}")
    evidence.json("Answer", found)
    error = found["error"]
    if error is not None:
        alike = f"{things.DATABASE}: {error['type']}: {error['message']}"
        evidence.breaks(things.DATABASE, things.database(name), alike)
        evidence.needs(alike)
    assert error is None, (
        f"database of {name}, through {found['driver']}: found {error['type']}: {error['message']}, expected none"
    )
    assert found["query"] <= _SECONDS, (
        f"database of {name}: SELECT 1: found {found['query'] * 1000:.0f} ms, expected at most {_SECONDS * 1000:.0f} ms"
    )


def _engines(inside: Inside, service: Service, source: Source) -> dict[str, str]:
    """What connecting through each engine of the application's own ended with; nothing where none can be asked."""
    paths = engine_modules(source.texts(".py")) if service.entrypoint else ()
    files = list(map_paths(paths, inside.code).values())
    if not files:
        return {}
    place = probing.importing(inside, service)
    request = json.dumps({"files": files})
    try:
        done = probing.ask(place, service, probe_answers.script("engines.py"), request, isolated=False)
        said = probing.marked(place, done, probe.MARKER)["engines"]
    except InconclusiveError:  # beside the answer: that it could not be asked says nothing of the database
        return {}
    return {name: f"{one['type']}: {one['message']}" if one else _CONNECTS for name, one in said.items()}


def _connect(name: str, engines: Mapping[str, str], baseline: GateResult | None, evidence: Collected) -> None:
    """Red for an engine through which the release before reached its database, and this one does not."""
    if engines:
        evidence.json(_ENGINES, dict(engines))
    before = _said_before(f"D13[{name}]", _ENGINES, baseline) or {}
    wrong = {one: said for one, said in engines.items() if said != _CONNECTS}
    lost = [one for one in wrong if before.get(one) == _CONNECTS]
    for one in (one for one in wrong if one not in lost):
        evidence.advise(f"{name}: {one}: found {wrong[one]}, expected a connection")
    evidence.remedy(f"Look what {lost[0]} is made with: its address and its options" if lost else "")
    assert not lost, (
        f"database of {name}, through the application's own {lost[0]}: found {wrong[lost[0]]}, "
        "expected a connection, as the release before had one"
    )


@pytest.mark.postdeploy(
    "D23",
    needs=("sql",),
    remedy="Ask it yourself, and look at what wrote it last; where the query or its value is out of date, correct "
    "[[env.{env}.sql]]",
)
def test_database_says(
    assertion: SqlAssertion, environment: Environment, inspector: Inspector, evidence: Collected
) -> None:
    """A configured query of the application's database says what it must.

    Catches data that a migration or a step of the deployment was to bring, and did not: seven prices of which one is
    missing. It is asked in a transaction that can write nothing.

    Before (gonogo.toml, where there are eight prices now):

        [[env.prod.sql]]
        name = "glass prices"
        query = "select count(*) from glass_price"
        value = 7

    After (gonogo.toml):

        [[env.prod.sql]]
        name = "glass prices"
        query = "select count(*) from glass_price"
        value = 8
    """
    asked = json.dumps({"query": assertion.query, "seconds": assertion.within})
    said = _said(assertion, environment, inspector, asked)
    if said is None:
        evidence.warn(f"{assertion.name}: was not asked: found no database whose address and driver are known")
        return
    found, name = said
    evidence.text(f"Asked through {name}", assertion.query)
    evidence.json("Answer", {key: found[key] for key in ("driver", "rows", "value", "query", "error") if key in found})
    error = found["error"]
    if error is not None and not found["connected"]:
        evidence.needs(things.database(name))
        raise InconclusiveError(f"{assertion.name}: found {error['type']}: {error['message']}, expected an answer")
    assert error is None, f"{assertion.name}: found {error['type']}: {error['message']}, expected an answer"
    evidence.measure("query", found["query"], limit=assertion.within)
    wrong = [
        mismatch
        for key in ("value", "rows")
        if (expected := getattr(assertion, key)) is not None
        and (mismatch := compare_value(found, key, expected, now=datetime.now(UTC))) is not None
    ]
    assert not wrong, f"{assertion.name}: {'; '.join(f'{one}'.removeprefix('JSON ') for one in wrong)}"
    assert found["query"] <= assertion.within, (
        f"{assertion.name}: found an answer after {found['query']:.1f} s, expected one within {assertion.within:g} s"
    )


def _said(
    assertion: SqlAssertion, environment: Environment, inspector: Inspector, asked: str
) -> tuple[Mapping[str, Any], str] | None:
    """What the query says, and through whose instance; None where no instance has a database that can be asked."""
    names = [assertion.service] if assertion.service is not None else sorted(environment.service)
    for name in names:
        with contextlib.suppress(*((LackingError, pytest.skip.Exception) if len(names) > 1 else ())):
            inside = running(inspector, name)
            script, bound = probe_answers.script("database.py"), 2 * assertion.within + _CONNECTING
            done = inside.python(script, asked, isolated=False, timeout=bound)
            found = probing.marked(inside, done, database.MARKER)
            if found["driver"] is not None:
                return found, name
    return None
