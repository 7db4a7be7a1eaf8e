"""Whether the artifact holds the migrations of the source, can run them, and has one for each of its models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pytest

from gonogo.checks.build.holding import made_alike
from gonogo.checks.build.migrating import (
    artifact_said,
    fails_for_certain,
    is_certain,
    migrating,
    serving_said,
    would_run,
)
from gonogo.config import Environment, Service
from gonogo.gates.pending_migrations import ask_serving, graph_of, migrated, standings
from gonogo.inspection.code import presence
from gonogo.migrations import Revision, tool_of
from gonogo.migrations.question import Said, Trouble, lacking
from gonogo.plugins.evidence import Collected
from gonogo.plugins.fixtures import Asking
from gonogo.plugins.source import Source
from gonogo.runtimes.base import Artifact
from gonogo.state.release import Release

__all__: list[str] = []

_ELSEWHERE = re.compile(r"\bopen\(|read_text|create_all|__file__|\bexec\(|importlib|\bfor\b|\.format\(|\bf[\"']")
"""A migration with one of these may make what its text does not name."""


@pytest.mark.build(
    "B15",
    needs=("service.migrations",),
    remedy="Look at COPY of the migrations; then: gonogo deploy --env {env} --no-cache",
)
def test_migration_head_is_the_sources(
    artifact: Artifact, environment: Environment, question: Asking, release: Release, evidence: Collected
) -> None:
    """The migration head in the artifact is the head in the source, and the migration tool accepts the migrations.

    Catches an image that was built before the newest migration was written.

    Before (Dockerfile):

        COPY app /srv/app

    After (Dockerfile):

        COPY app /srv/app
        COPY alembic.ini /srv/
        COPY alembic /srv/alembic
    """
    service = migrating(artifact, environment)
    said = artifact_said(question, release, artifact, service)
    own = environment.commands.get("migrate", ())
    graph = graph_of(release.source_root(question.place.project.app.root), service, own)
    alone = len(migrated(environment)) == 1 and release.heads
    read = sorted(release.heads if alone else graph.heads())
    evidence.json("Heads", {"source": read, "artifact": said.heads, "doubts": graph.doubts})
    where = f"{artifact.label}: {service.migrations}"
    if said.error is not None:
        _remedy(said.error, service, evidence)
        evidence.needs(_raised(artifact, said.error))
        pytest.fail(f"{where}: found {said.error}, expected heads {', '.join(read) or 'of the migrations'}")
    if graph.doubts:
        return  # reading does not show them: what the tool says is what counts
    assert sorted(said.heads) == read, (
        f"{artifact.label}: migration head: found {', '.join(said.heads) or 'none'}, "
        f"expected {', '.join(read) or 'none'}"
    )


def _remedy(trouble: Trouble, service: Service, evidence: Collected) -> None:
    """A way out for the cause; the check's own is for files that were not copied."""
    message = trouble.message.lower()
    if "multiple head" in message or "conflicting migrations" in message:
        evidence.remedy(tool_of(service.migrations).merge)
    elif "ImportError" in trouble.kinds and service.migrations in message:
        evidence.remedy(f"Add {service.migrations} to the dependencies that the build installs")
    elif trouble.type not in {"FileNotFoundError", "CommandError"}:
        evidence.remedy(f"Mend {trouble.where or 'what the migrations import'}; commit it, and deploy that")


@pytest.mark.build(
    "B19",
    needs=("service.migrations",),
    remedy="Mend what the environment of the migrations imports; try it: alembic upgrade head --sql",
)
def test_migrations_can_be_run(
    artifact: Artifact, environment: Environment, question: Asking, release: Release, evidence: Collected
) -> None:
    """The migrations' environment (env.py, or Django's settings) runs in the artifact, and what is pending is callable.

    Catches an env.py that imports what is not there, and a revision that calls what is not there: the upgrade would
    find that out after the first touch. No migration is run; Alembic writes its SQL, without a connection.

    Before (alembic/env.py; there is no such module any more):

        from app.database import Base

    After (alembic/env.py):

        from app.models import Base
    """
    service = migrating(artifact, environment)
    said = artifact_said(question, release, artifact, service)
    if said.error is not None:
        pytest.skip("the migrations cannot be read (see B15)")
    if said.refused is None:
        evidence.text("The migrations' environment", "was run to its end, without a database")
        _call(would_run(question, release, artifact, service), artifact, evidence)
        return
    found = f"{artifact.label}: {service.migrations}: found {said.refused}, expected an environment that can be run"
    if not is_certain(said.refused):
        pytest.skip(f"cannot be known without a database: {said.refused}")
    before = serving_said(question, artifact.service, service)
    if before is not None and before.refused is not None and before.refused.message == said.refused.message:
        evidence.advise(f"{found}; it was so in the serving release too")
        return
    evidence.needs(_raised(artifact, said.refused))
    pytest.fail(found)


def _raised(artifact: Artifact, trouble: Trouble) -> str:
    """An error as B04 tells it of the entry point: what neither can import is one thing to mend."""
    return made_alike(artifact, f"{trouble.type} {trouble.message}")


def _call(said: Said | None, artifact: Artifact, evidence: Collected) -> None:
    """Red for a pending revision that could not even be called."""
    troubles = said.written.errors if said is not None and said.written is not None else {}
    wrong = [f"{one}: {trouble}" for one, trouble in troubles.items() if fails_for_certain(trouble)]
    evidence.remedy("Mend the revision, and try it: alembic upgrade head --sql" if wrong else "")
    assert not wrong, f"{artifact.label}: found {presence.first(wrong)}; expected a revision that can be run"


@pytest.mark.build(
    "B20",
    needs=("service.migrations",),
    remedy="Write the migration and commit it: alembic revision --autogenerate (Django: manage.py makemigrations)",
)
def test_models_have_their_migrations(
    artifact: Artifact,
    environment: Environment,
    question: Asking,
    release: Release,
    source: Source,
    evidence: Collected,
) -> None:
    """Every table and column of the models stands in the database or is made by a pending migration.

    Catches the model that got a column without a migration: each query for it fails, once the release serves. What
    Django would write a migration for and no table needs (words, choices, an order, an index) is advice. Told in
    maziggy/bambuddy#215.

    Before (app/models.py; `beds` is new):

        class Room(Base):
            __tablename__ = "room"
            id: Mapped[int] = mapped_column(primary_key=True)
            beds: Mapped[int]

    After (shell):

        alembic revision --autogenerate --message "Add beds to room"
    """
    service = migrating(artifact, environment)
    said = artifact_said(question, release, artifact, service)
    if said.error is not None or said.refused is not None:
        pytest.skip("the models cannot be read (see B15 and B19)")
    if tool_of(service.migrations).reads_models:
        _ask_tool(said, artifact.service, service, question, evidence)
        return
    if not said.models:
        pytest.skip("env.py gives autogenerate no target_metadata")
    if question.serving is None:
        pytest.skip("first deploy: there is no database yet to compare with")
    live, why = ask_serving(question, artifact.service, service, tables=sorted(said.models))
    if live is None or not any(found is not None for found in live.tables.values()):
        pytest.skip(f"the database does not say what it has: {why or 'no table of the models was found'}")
    creates = any(".create_all(" in text for text in source.texts(".py").values())
    unmade = [one for one in lacking(said.models, live.tables) if "." in one or not creates]
    pending = next((one.pending for one in standings(question, built=True) if one.service == artifact.service), ())
    evidence.text("Models without a place in the database", "\n".join(unmade) or "none")
    _judge(unmade, pending, serving_said(question, artifact.service, service) if unmade else None, evidence)


def _judge(lacks: list[str], pending: Iterable[Revision], before: Said | None, evidence: Collected) -> None:
    """Red for what no pending migration names and the serving release's models did not declare either."""
    text = "\n".join(revision.source for revision in pending)
    unmade = [one for one in lacks if not re.search(rf"\b{re.escape(_name(one))}\b", text)]
    known = [one for one in unmade if before is not None and _declares(before, one)]
    fresh = [one for one in unmade if one not in known]
    if known:
        evidence.warn(f"the database lacks {presence.first(known)}, which the serving release's models have too")
    said = f"models: found {presence.first(fresh)}, which neither the database nor a pending migration has"
    if fresh and (before is None or _ELSEWHERE.search(text)):
        evidence.warn(f"{said}; whether a pending migration makes it cannot be read")
        return
    assert not fresh, f"{said}; expected a migration that makes it"


def _name(one: str) -> str:
    return one.rpartition("." if not one.startswith("table ") else " ")[2].rpartition(".")[2]


def _declares(said: Said, one: str) -> bool:
    if one.startswith("table "):
        return one.removeprefix("table ") in said.models
    table, _, column = one.rpartition(".")
    return column in said.models.get(table, ())


def _ask_tool(said: Said, name: str, service: Service, question: Asking, evidence: Collected) -> None:
    """What the tool would write is red where the serving release's models would not make it write that too.

    What it would write for words, orders and the like changes no table, and is advice.
    """
    changes, unwritten = _listed(said.changes), _listed(said.unwritten)
    evidence.text("What the tool would write", "\n".join(sorted(changes | unwritten)) or "nothing")
    before = serving_said(question, name, service) if changes else None
    known = _listed(before.changes) if before is not None else changes
    fresh = sorted(changes - known)
    if changes & known:
        evidence.advise(f"models without a migration, as before: {presence.first(sorted(changes & known))}")
    if unwritten:
        evidence.advise(f"models without a migration that changes no table: {presence.first(sorted(unwritten))}")
    assert not fresh, f"models: found {presence.first(fresh)} without a migration; expected one for each change"


def _listed(changes: Mapping[str, Iterable[str]]) -> set[str]:
    return {f"{app}: {one}" for app, found in changes.items() for one in found}
