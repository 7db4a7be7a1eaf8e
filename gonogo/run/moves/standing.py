"""What a migration tool says of the databases while a run is at work, asked with the new release's code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gonogo.errors import GonogoError
from gonogo.gates.pending_migrations import Standing, migrated
from gonogo.inspection.probe_answers import script
from gonogo.migrations import Graph, Part, layout_of, tool_of
from gonogo.migrations.question import Said, read
from gonogo.probes import database
from gonogo.run.work import Work
from gonogo.runtimes.base import Place
from gonogo.state.release import Release

__all__ = ["half_done", "said_in", "shapes", "tool_says", "value_of"]

_SECONDS = 120.0
_QUERY = 30.0
_SHOWN = 4
_MADE_ANEW = ("_alembic_tmp_", "new__")
"""How tables are called under which Alembic and Django make one of SQLite's anew."""
Shape = Mapping[str, tuple[str, ...] | None]
"""Table → its columns."""


def tool_says(work: Work, name: str, **asked: Any) -> Said | None:
    """What the tool of a service says, asked beside its instances; None where it does not answer."""
    return said_in(work, work.place, work.release, work.place.project.source_root, name, **asked)


def said_in(work: Work, place: Place, release: Release, root: Path, name: str, **asked: Any) -> Said | None:
    """The same of another release of the run's runtime, whose configuration and source are given."""
    service = place.environment.service[name]
    tool = tool_of(service.migrations)
    layout = layout_of(root, tool, service.migrations_config, place.environment.commands.get("migrate", ()))
    upgrade = {"words": layout.upgrade.words, "target": layout.upgrade.target}
    here = {"folder": "."} if "/" in layout.config else {}
    words = json.dumps(
        {"config": layout.config, "current": True, "app": service.entrypoint or "", **here, **upgrade, **asked}
    )
    argv = ("python", "-", words)
    try:
        command = work.runtime.in_service(place, release, name, argv, folder=layout.folder)
        done = work.host.run(replace(command, stdin=script(tool.probe).encode(), timeout=_SECONDS), output_limit=None)
        said = read(done.require().output, tool, name)
    except Exception:  # noqa: BLE001 (a question; nothing in it may stop what comes after)
        return None
    return said if said.error is None else None


def value_of(work: Work, place: Place, release: Release, name: str, query: str) -> Any:
    """The first value that a query of a service's database gives; None where it cannot be asked."""
    asked = json.dumps({"query": query, "seconds": _QUERY})
    try:
        command = work.runtime.in_service(place, release, name, ("python", "-", asked))
        command = replace(command, stdin=script("database.py").encode(), timeout=2 * _QUERY)
        done = work.host.run(command, output_limit=None).require()
        return json.loads(done.output.rpartition(database.MARKER)[2].partition("\n")[0]).get("value")
    except (GonogoError, OSError, ValueError):
        return None


def shapes(work: Work) -> dict[str, Said]:
    """What each database has before its migrations run; nothing of one on which none would, or that does not say."""
    expected = {one.service for one in work.standings if one.pending or one.guessed or one.doubt}
    if work.serving is None:
        return {}
    found = {name: tool_says(work, name, shape=True) for name in migrated(work.place.environment) if name in expected}
    return {name: said for name, said in found.items() if said is not None}


def half_done(work: Work, before: Mapping[str, Said]) -> tuple[str, ...]:
    """What migrations that failed left in the databases, although no revision says that anything of it was run."""
    found: list[str] = []
    for name, then in before.items():
        now = tool_says(work, name, shape=True)
        if now is None or then.current is None or now.current is None:
            continue
        parts = _parts(then.tables, now.tables)
        if set(now.current) != set(then.current):
            standing = next((one for one in work.standings if one.service == name), None)
            parts = _of_failed(work, parts, standing, now) if standing is not None else {}
        if parts:
            more = f" and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
            shown = (f"{part} is {how}" for part, how in [*parts.items()][:_SHOWN])
            found.append(f"the database of {name}: {', '.join(shown)}{more}")
    return tuple(found)


def _of_failed(work: Work, parts: Mapping[Part, str], standing: Standing, now: Said) -> dict[Part, str]:
    """What the first revision that did not run names, and none before it: the others went well.

    A table under which a tool makes another anew is nobody's once it has ended.
    """
    tool, graph = tool_of(standing.tool), Graph(revisions={one.id: one for one in standing.pending})
    ran = graph.ancestors(now.applied or now.current or ())
    well = {part for one in standing.pending if one.id in ran for part in tool.alters(one)}
    failed = next((one for one in standing.pending if one.id not in ran), None)
    named = set[Part]()
    if failed is not None and ran:
        went = ", ".join(one.id for one in standing.pending if one.id in ran)
        work.notes.append(f"{standing.service}: {went} went well and stays; {failed.id} failed.")
        named = {*tool.alters(failed)} - well
    return {part: how for part, how in parts.items() if part in named or part.table.startswith(_MADE_ANEW)}


def _parts(before: Shape, now: Shape) -> dict[Part, str]:
    """What came and what went, table by table."""
    found: dict[Part, str] = {}
    for table in sorted({*before, *now}):
        if table not in before or table not in now:
            found[Part(table=table)] = "new" if table in now else "gone"
            continue
        had, has = set(before[table] or ()), set(now[table] or ())
        found |= {Part(table=table, column=name): "new" for name in sorted(has - had)}
        found |= {Part(table=table, column=name): "gone" for name in sorted(had - has)}
    return found
