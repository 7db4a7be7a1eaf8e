"""Whether the database answers the application, and has the schema that the release needs."""

from __future__ import annotations

import pytest

from gonogo.checks.build.probing import ask, marked, revision_request
from gonogo.checks.postdeploy.asking import running
from gonogo.config import Project, Service
from gonogo.inspection import answers, database_probe, revision_probe, things
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.release import Release
from gonogo.runtimes.base import Inspector

__all__: list[str] = []

_SECONDS = 0.5
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
    "D12", needs=("service.migrations",), remedy="Run `alembic upgrade head` in {param} and read what it says"
)
def test_database_revision_is_the_head(
    service: tuple[str, Service], project: Project, inspector: Inspector, release: Release, evidence: Collected
) -> None:
    """The database's revision is the release's head, or one that was accepted for it.

    Catches a release whose migration was never run.
    """
    name, configured = service
    if configured.migrations == "none":
        pytest.skip(f"service.{name} has no migrations")
    inside = running(inspector, name)
    request = revision_request(project.source_root, configured, inside.code, current=True)
    done = ask(inside, configured, answers.script("revision_probe.py"), request, isolated=False)
    found = marked(inside, done, revision_probe.MARKER)
    expected = sorted(release.heads) or found["heads"]
    evidence.json("Revisions", {**found, "release": release.heads, "accepted": release.accepted})
    if found["error"] is not None:
        error = f"{found['error']['type']}: {found['error']['message']}"
        if found["error"]["type"] in _NO_CONNECTION:
            evidence.needs(things.database(name))
        raise InconclusiveError(f"{inside.label}: the revision is not known: {error}")
    if not expected:
        pytest.skip(f"service.{name} has no migration yet")
    known = {*release.accepted, *expected}
    if found["current"] and found["current"] != expected and known.issuperset(found["current"]):
        evidence.warn(f"the schema is ahead of the release: {', '.join(found['current'])}, accepted after a rollback")
        return
    assert found["current"] == expected, (
        f"database of {name}: revision: found {', '.join(found['current']) or 'none'}, expected {', '.join(expected)}"
    )


@pytest.mark.postdeploy(
    "D13",
    needs=("a database URL in the instance",),
    remedy="Look whether the database runs and accepts {param}'s user, address and password",
)
def test_database_answers(service: tuple[str, Service], inspector: Inspector, evidence: Collected) -> None:
    """The database accepts the application's connections and answers SELECT 1 in time.

    Catches a wrong password, a full connection pool, and a database that is still starting.
    """
    name, configured = service
    inside = running(inspector, name)
    done = ask(inside, configured, answers.script("database_probe.py"), isolated=False)
    found = marked(inside, done, database_probe.MARKER)
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
