"""What an application stored where its next release will not find it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gonogo.errors import GonogoError
from gonogo.gates.subject import as_it_serves
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Place
from gonogo.state.release import Release

__all__: list[str] = []


@pytest.mark.predeploy(
    "P46",
    needs=("a serving release",),
    remedy="Copy the file to where every release finds it (a volume; under the runtime process a folder outside of any "
    "release), name that place in the env file, then: gonogo deploy --env {env}",
)
def test_no_database_is_left_behind(serving: Release | None, place: Place, evidence: Collected) -> None:
    """No database stands in a container, or in a release's own folder: the new release would begin with an empty one.

    Catches an SQLite file beside the code. Only one in which a migration tool keeps account counts; a cache may go. It
    is red in prod, and warns elsewhere.
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
    said = f"found {found[0]}, which goes with the release that serves" if found else ""
    if found and place.environment.tier != "prod":
        evidence.warn(said)
        return
    assert not found, f"{said}; expected it where every release finds it"
