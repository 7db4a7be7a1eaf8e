"""What an application stored where its next release will not find it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from gonogo.checks.predeploy.emptied import emptied
from gonogo.checks.predeploy.started import started
from gonogo.errors import GonogoError
from gonogo.gates.subject import as_it_serves
from gonogo.inspection.code.databases import sqlite_beside_code
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected, InconclusiveError, LackingError
from gonogo.plugins.source import Source
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Inspector, Place
from gonogo.runtimes.place import variables_of
from gonogo.state.release import Release

__all__: list[str] = []


@pytest.mark.predeploy(
    "P46",
    in_prod="red",
    needs=("a serving release",),
    remedy="Copy the file to where every release finds it (a volume; under the runtime process a folder outside of any "
    "release), name that place in the env file, then: gonogo deploy --env {env}",
)
def test_no_database_is_left_behind(
    serving: Release | None,
    place: Place,
    source: Source,
    context: Context,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> None:
    """No database stands in a container, or in a release's own folder: the new release would begin with an empty one.

    Catches an SQLite file beside the code, and an address that was changed to one, or to another database of a server
    in which there is no table. Only a file in which a migration tool keeps account counts; a cache may go. It is red in
    prod, and warns elsewhere.

    Before (.env):

        DATABASE_URL=sqlite:///shop.db

    After (.env; /data is a volume):

        DATABASE_URL=sqlite:////data/shop.db
    """
    if serving is None:
        pytest.skip("first deploy: nothing holds data yet")
    then = replace(place, environment=as_it_serves(place.environment, serving))
    inspector = runtime_of(then.environment.runtime).inspector(then, serving)
    try:
        found = list(inspector.left_behind())
    except GonogoError as error:
        raise InconclusiveError(str(error)) from error
    evidence.table("Databases that the next release will not find", [(one,) for one in found])
    said = f"found {found[0]}, which goes with the release that serves" if found else _moved(serving, place, source)
    said = said or next(_emptied(serving, then, inspector, context, request, evidence), "")
    if said and place.environment.tier != "prod":
        evidence.warn(said)
        return
    assert not said, f"{said}; expected it where every release finds it"


def _emptied(
    serving: Release,
    then: Place,
    inspector: Inspector,
    context: Context,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> Iterator[str]:
    """What is given another database of a server, an empty one."""
    with contextlib.suppress(GonogoError, LackingError, OSError, ValueError):  # nobody knows what it is given, or was
        running = runtime_of(then.environment.runtime).found_variables(then, serving)
        before = {name: instances[0] for name, instances in running.items() if instances}
        now = {name: variables for name, variables, _ in started(context.environment, context, request)}
        yield from emptied(before, now, inspector, evidence)


def _moved(serving: Release, place: Place, source: Source) -> str:
    """Which variable names a file in the new release's own folder, and did not before."""
    migrates = any(service.migrations != "none" for service in place.environment.service.values())
    if place.environment.has("compose files") or not migrates:
        return ""
    before = variables_of(serving)
    for name, value in place.variables.items():
        path = sqlite_beside_code(value)
        parts = (path, *map(str, PurePosixPath(path).parents[:-1])) if path else ()
        leads_out = any((source.root / part).is_symlink() for part in parts)
        if path and name in before and before[name] != value and not leads_out:
            return f"{name}: found {value}, a file of the new release's own folder"
    return ""
