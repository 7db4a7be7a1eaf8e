"""Whether the migrations can be run at all, as their files say."""

from __future__ import annotations

import pytest

from gonogo.config import Service
from gonogo.inspection import presence
from gonogo.migrations import layout_of, tool_of
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source

__all__: list[str] = []


@pytest.mark.predeploy(
    "P31",
    needs=("service.migrations",),
    remedy="alembic heads; alembic merge heads; then commit the merge revision and deploy it",
)
def test_there_is_one_migration_head(service: tuple[str, Service], source: Source, evidence: Collected) -> None:
    """The migrations of a service have one head, and every revision's parent exists.

    Catches two branches that each added a migration: after the merge `alembic upgrade head` refuses both.
    """
    name, configured = service
    if configured.migrations == "none":
        pytest.skip(f"service {name} has no migrations")
    tool = tool_of(configured.migrations)
    folders = layout_of(source.root, tool, configured.migrations_config).versions
    files = {path: text for path, text in source.texts(".py").items() if path.rpartition("/")[0] in folders}
    graph = tool.graph(files)
    heads = [f"{head} ({graph.revisions[head].path})" for head in graph.heads()]
    rows = [(one.id, ", ".join(one.parents), one.path) for one in graph.revisions.values()]
    evidence.table("Revisions", rows, header=("revision", "follows", "file"))
    evidence.text("Heads", "\n".join(heads) or "none")
    assert not graph.problems, f"{presence.first(graph.problems)}; expected one unbroken line of revisions"
    assert graph.revisions, f"{', '.join(folders)}: found no revision, expected the migrations of {name}"
    assert len(heads) == 1, f"found {len(heads)} heads: {', '.join(heads)}; expected one"
