"""What a migration tool says of the databases while a run is at work, asked with the new release's code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gonogo.gates.pending_migrations import migrated
from gonogo.inspection.probe_answers import script
from gonogo.migrations import layout_of, tool_of
from gonogo.migrations.question import Said, read
from gonogo.run.work import Work

__all__ = ["half_done", "said_of", "shapes"]

_SECONDS = 120.0
_SHOWN = 4
Shape = Mapping[str, tuple[str, ...] | None]
"""Table → its columns."""


def said_of(work: Work, name: str, **asked: Any) -> Said | None:
    """What the tool of a service says, asked beside its instances; None where it does not answer."""
    service = work.place.environment.service[name]
    tool, root = tool_of(service.migrations), work.place.project.source_root
    own = work.place.environment.commands.get("migrate", ())
    layout = layout_of(root, tool, service.migrations_config, own)
    upgrade = {"words": layout.upgrade.words, "target": layout.upgrade.target}
    here = {"folder": "."} if "/" in layout.config else {}
    words = json.dumps(
        {"config": layout.config, "current": True, "app": service.entrypoint or "", **here, **upgrade, **asked}
    )
    argv = ("python", "-", words)
    try:
        command = work.runtime.in_service(work.place, work.release, name, argv, folder=layout.folder)
        done = work.host.run(replace(command, stdin=script(tool.probe).encode(), timeout=_SECONDS), output_limit=None)
        said = read(done.require().output, tool, name)
    except Exception:  # noqa: BLE001 (a question; nothing in it may stop what comes after)
        return None
    return said if said.error is None else None


def shapes(work: Work) -> dict[str, Said]:
    """What each database has before its migrations run; nothing of one on which none would, or that does not say."""
    expected = {one.service for one in work.standings if one.pending or one.guessed or one.doubt}
    if work.serving is None:
        return {}
    found = {name: said_of(work, name, shape=True) for name in migrated(work.place.environment) if name in expected}
    return {name: said for name, said in found.items() if said is not None}


def half_done(work: Work, before: Mapping[str, Said]) -> tuple[str, ...]:
    """What migrations that failed left in the databases, although no revision says that anything was run."""
    found: list[str] = []
    for name, then in before.items():
        now = said_of(work, name, shape=True)
        if now is None or then.current is None or now.current is None or set(now.current) != set(then.current):
            continue
        if parts := list(_parts(then.tables, now.tables)):
            more = f" and {len(parts) - _SHOWN} more" if parts[_SHOWN:] else ""
            found.append(f"the database of {name}: {', '.join(parts[:_SHOWN])}{more}")
    return tuple(found)


def _parts(before: Shape, now: Shape) -> Iterator[str]:
    """What came and what went, table by table."""
    for table in sorted({*before, *now}):
        if table not in before or table not in now:
            yield f"table {table} {'is new' if table in now else 'is gone'}"
            continue
        had, has = set(before[table] or ()), set(now[table] or ())
        yield from (f"column {table}.{name} is new" for name in sorted(has - had))
        yield from (f"column {table}.{name} is gone" for name in sorted(had - has))
