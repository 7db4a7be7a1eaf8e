"""Whether the database answers the application, and has the schema that the release needs."""

from __future__ import annotations

import pytest

from gonogo.checks.build import probing
from gonogo.checks.postdeploy.instances import running
from gonogo.config import Environment, Project, Service
from gonogo.errors import CommandError
from gonogo.gates.pending_migrations import migrated
from gonogo.inspection import probe_answers, things
from gonogo.migrations import tool_of
from gonogo.migrations.question import ask
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.probes import database
from gonogo.runtimes.base import Inspector
from gonogo.state.release import Release

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
    "D12",
    needs=("service.migrations",),
    remedy="Run the migrations in {param} (alembic upgrade head; python manage.py migrate) and read what it says",
)
def test_database_revision_is_the_head(
    service: tuple[str, Service],
    project: Project,
    environment: Environment,
    inspector: Inspector,
    release: Release,
    evidence: Collected,
) -> None:
    """The database's revision is the release's head, or one that was accepted for it.

    Catches a release whose migration was never run.
    """
    name, configured = service
    if configured.migrations == "none":
        pytest.skip(f"service.{name} has no migrations")
    if name not in migrated(environment):
        pytest.skip(f"service.{name} has the migrations of another one, which is asked about them")
    inside = running(inspector, name)
    tool, own = tool_of(configured.migrations), environment.commands.get("migrate", ())
    root = release.source_root(project.app.root)
    try:
        said = ask(inside, root, configured, tool, own, current=True)
    except CommandError as error:
        raise InconclusiveError(str(error)) from error
    found = {"heads": said.heads, "current": said.current, "unknown": said.unknown, "behind": said.behind}
    evidence.json("Revisions", {**found, "release": release.heads, "accepted": release.accepted})
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
        return
    expected = ", ".join(sorted(said.heads))
    wrong = said.behind or (said.unknown and tool.refuses_unknown)
    if wrong and release.assumed:
        pytest.skip("adopted: what it was built from is not known, and the code here may be another commit's")
    assert not wrong, f"database of {name}: revision: found {', '.join(current) or 'none'}, expected {expected}"


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
    done = probing.ask(inside, configured, probe_answers.script("database.py"), isolated=False)
    found = probing.marked(inside, done, database.MARKER)
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
