"""Whether the migrations can be run at all, as their files say, and what they would do to what serves."""

from __future__ import annotations

import pytest

from gonogo.config import Environment, Service
from gonogo.errors import RefusedError
from gonogo.gates.ladder import Rung
from gonogo.gates.pending_migrations import (
    ask_ladder,
    forward_only,
    graph_of,
    migrated,
    refuse_unknown,
    starts_migrating,
)
from gonogo.inspection.code import presence
from gonogo.migrations import Graph, Layout, layout_of, tool_of
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.plugins.fixtures import Asking
from gonogo.plugins.source import Source
from gonogo.state.release import Release
from gonogo.words import Tier

__all__: list[str] = []

_ONCE_BUILT = "the release is asked once it is built (P35)"
_LATER = "the tool itself is asked once the release is built (B15)"


@pytest.mark.predeploy(
    "P31",
    needs=("service.migrations",),
    rests_on="migrations",
    remedy="alembic heads; alembic merge heads; then commit the merge revision and deploy it",
)
def test_there_is_one_migration_head(
    service: tuple[str, Service], environment: Environment, source: Source, evidence: Collected
) -> None:
    """The migrations of a service have one head, and every revision's parent exists.

    Catches two branches that each added a migration: after the merge `alembic upgrade head` refuses both. Told in
    keurcien/auxilia#285, prebid/salesagent#1283.

    Before (shell):

        $ alembic heads
        3f2a7c (head)
        9c41b0 (head)

    After (shell):

        alembic merge --message "Join rooms and prices" heads
    """
    name, configured = service
    if configured.migrations == "none":
        pytest.skip(f"service {name} has no migrations")
    if name not in migrated(environment):
        pytest.skip(f"service {name} has the migrations of another one, which is asked about them")
    own = environment.commands.get("migrate", ())
    layout = layout_of(source.root, tool_of(configured.migrations), configured.migrations_config, own)
    _require_place(name, configured, layout, source, evidence)
    graph = graph_of(source.root, configured, own)
    rows = [(one.id, ", ".join(one.parents), one.path) for one in graph.revisions.values()]
    evidence.table("Revisions", rows, header=("revision", "follows", "file"))
    if graph.doubts:
        evidence.text("What reading cannot know", "\n".join(graph.doubts))
        pytest.skip(f"{graph.doubts[0]}; {_LATER}")
    if graph.problems:
        evidence.remedy("alembic history; bring the missing revision's file back, or correct down_revision; commit it")
    assert not graph.problems, f"{presence.first(graph.problems)}; expected one unbroken line of revisions"
    _require_one_head(name, layout, graph, evidence)


def _require_place(name: str, service: Service, layout: Layout, source: Source, evidence: Collected) -> None:
    """Red where the tool would find nothing at all: no configuration, or no folder with its environment."""
    tool = tool_of(service.migrations)
    config = service.migrations_config
    if not layout.configured and config != "alembic.ini":
        pytest.skip(f"{config} is not there (see P05)")
    if not layout.configured and any("ALEMBIC_CONFIG" in text for text in _dockerfiles(source)):
        pytest.skip(f"ALEMBIC_CONFIG names the configuration; {_LATER}")
    evidence.remedy(
        f"Name the file that {tool.name} is run with in service.{name}.migrations_config, or commit it; "
        'a service without migrations: migrations = "none"'
    )
    assert layout.configured, f"{tool.config}: found no such file, expected the configuration of {tool.name} for {name}"
    there = layout.unsure or not layout.script or (source.root / layout.script).is_dir()
    evidence.remedy(f"Correct script_location in {layout.config}, or commit the folder with its env.py")
    assert there, (
        f"{layout.script}: found no such folder, expected script_location with env.py for the migrations of {name}"
    )
    evidence.remedy("")


def _dockerfiles(source: Source) -> list[str]:
    return [source.text(path) for path in source.tracked if "dockerfile" in path.rpartition("/")[2].lower()]


def _require_one_head(name: str, layout: Layout, graph: Graph, evidence: Collected) -> None:
    heads = [f"{head} ({graph.revisions[head].path})" for head in graph.heads()]
    evidence.text("Heads", "\n".join(heads) or "none")
    if not graph.revisions:
        evidence.advise(f"{', '.join(layout.versions)}: found no revision yet for the migrations of {name}")
        return
    if layout.upgrade.target == "heads" or not layout.upgrade.target:
        return  # the team's own command goes to all of them, or knows where it goes
    if "@" in layout.upgrade.target:
        return
    assert len(heads) == 1, f"found {len(heads)} heads: {', '.join(heads)}; expected one"


@pytest.mark.predeploy(
    "P32",
    needs=("service.migrations", "a serving release"),
    refuses="an unknown revision",
    remedy="Deploy a commit that contains the migration, or merge it into this branch; after a rollback the schema "
    "stays ahead: bring the migration back with the mend",
)
def test_the_databases_revision_is_known(question: Asking, serving: Release | None, evidence: Collected) -> None:
    """Every revision that the database has stands in the commit.

    Catches a branch that lacks a migration which runs already: `alembic upgrade head` would refuse it after the build.

    Before (shell):

        $ alembic current
        ERROR [alembic.util.messaging] Can't locate revision identified by '9c41b0'

    After (shell; that branch has the revision):

        git merge feature/prices
    """
    if not migrated(question.place.environment):
        pytest.skip("no service has migrations")
    if serving is None:
        pytest.skip("first deploy: there is no release through which the database could be asked")
    found = question.databases
    evidence.table(
        "Databases", [(one.service, ", ".join(one.current) or "none", one.guessed or "asked") for one in found]
    )
    wrong = [why for why in map(refuse_unknown, found) if why]
    assert not wrong, "; ".join(wrong)
    ahead = sorted({name for one in found if one.accepted for name in one.unknown})
    if ahead:
        said = f"the schema is ahead of this commit ({', '.join(ahead)}), as a rollback left it"
        itself = starts_migrating(question) if question.release is not None else None
        assert itself is None, f"{said}; found a start that migrates ({itself}), which refuses what it does not know"
        evidence.warn(f"{said}: nothing is migrated")
    open_ones = [one.guessed or one.doubt for one in found if one.guessed or one.doubt]
    if len(open_ones) == len(found):
        pytest.skip(f"{open_ones[0]}; {_LATER}")


@pytest.mark.predeploy(
    "P33",
    severity="advisory",
    needs=("service.migrations", "a serving release"),
    remedy="Write what takes it back: downgrade() of the revision, reverse_code or reverse_sql of the operation; "
    "noop where nothing has to be",
)
def test_pending_migrations_can_be_taken_back(question: Asking, serving: Release | None, evidence: Collected) -> None:
    """Each pending migration has a downgrade that does something.

    Catches the migration that nobody can take back in the night in which its release does not work. It warns.

    Before (a revision):

        def downgrade():
            pass

    After (a revision):

        def downgrade():
            op.drop_column("room", "beds")
    """
    if not migrated(question.place.environment):
        pytest.skip("no service has migrations")
    if serving is None:
        pytest.skip("first deploy: there is nothing to go back to")
    pending = [(tool_of(one.tool), revision) for one in question.databases for revision in one.pending]
    evidence.table(
        "Pending", [(of.id, of.path, tool.one_way(of.source) or "can be taken back") for tool, of in pending]
    )
    doubts = [one.doubt for one in question.databases if one.doubt]
    if doubts and not pending:
        pytest.skip(f"{doubts[0]}; {_ONCE_BUILT}")
    wrong = [f"{of.id}: {tool.one_way(of.source)}" for tool, of in pending if tool.one_way(of.source)]
    assert not wrong, f"found {presence.first(wrong)}; expected a way back for each pending migration"


@pytest.mark.predeploy(
    "P34",
    in_prod="red",
    needs=("a serving release",),
    refuses="a forward-only change",
    remedy="Split the change (add first, remove in a later release), or write `# gonogo: compatible because …` "
    "into the migration once it is proven, or set env.{env}.allow_forward_only",
)
def test_pending_migrations_leave_a_way_back(
    question: Asking, serving: Release | None, environment: Environment, evidence: Collected
) -> None:
    """The release that serves can live with the schema that pending migrations make.

    Catches a dropped or renamed column: once it is gone, the previous release cannot be started again.

    Before (a revision):

        def upgrade():
            op.alter_column("room", "name", new_column_name="title")

    After (a revision; a later release drops `name`):

        def upgrade():
            op.add_column("room", sa.Column("title", sa.Text(), nullable=True))
    """
    if serving is None:
        pytest.skip("first deploy: there is nothing to go back to")
    if question.release is None:
        pytest.skip("asked in a deployment; beforehand: gonogo plan")
    try:
        asked = ask_ladder(question, found=question.databases)
    except RefusedError as error:
        pytest.skip(f"refused for {error.refuses}, by a check of its own")
    answer = asked.answer
    evidence.text("In a rollback", str(answer))
    if asked.notes:
        evidence.text("How that is known", "\n".join(asked.notes))
    if answer.doubt and answer.rung is Rung.RELEASE_ONLY:
        pytest.skip(f"{answer.doubt}; the release is asked once it is built")
    if answer.rung is not Rung.FORWARD_ONLY:
        return
    refused = str(forward_only(answer))
    late = [one.guessed for one in question.databases if one.late]
    if late:
        raise InconclusiveError(f"{late[0]}; with the revision that is recorded instead it is not known: {refused}")
    if environment.tier is not Tier.PROD or environment.allow_forward_only:
        evidence.warn(refused)
        return
    pytest.fail(refused)
