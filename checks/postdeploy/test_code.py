"""Whether the code inside the running instance is the commit's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gonogo.checks.build.holding import made_by_the_build
from gonogo.checks.build.probing import altered, code_roots, judge_bytecode, released
from gonogo.checks.postdeploy.asking import running
from gonogo.config import Service
from gonogo.inspection import compose_model
from gonogo.inspection.contents import compare, map_paths
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.base import Inspector

__all__: list[str] = []


@pytest.mark.postdeploy(
    "D05",
    reads=("service.code",),
    remedy="Look what is mounted over the code of {param}: a named volume keeps what the first image put there, so "
    "mount it elsewhere or fill it at each start; then: gonogo deploy --env {env} --no-cache",
)
def test_instance_runs_the_commit(
    service: tuple[str, Service], inspector: Inspector, context: Context, evidence: Collected
) -> None:
    """The code inside the running instance is the commit's, and no stale bytecode appeared.

    Catches a folder of yesterday's code that is mounted over the image's.
    """
    name, configured = service
    source = released(context)
    inside = running(inspector, name)
    if not inside.code:
        pytest.skip(f"nothing of the repository is known to be in {inside.label} as it is")
    loose = _of_the_host(inspector, name, context)
    places = map_paths(source.manifest, inside.code)
    manifest = {path: one for path, one in source.manifest.items() if not _is_loose(path, places.get(path, ""), loose)}
    held = inside.files(inside.code.values())
    drift = compare(manifest, held, code=inside.code)
    made = made_by_the_build(inside, {file.path: held[file.image_path] for file in drift.of("differs")}, source)
    red = [file for file in drift if file.kind != "differs" or file.path not in made]
    evidence.text("Compared", f"{drift.compared} tracked files in {inside.label}")
    evidence.text("The host's own, as P15 says before a deployment", ", ".join(loose) or "nothing")
    evidence.table("Files that differ", red)
    other = [*map(str, red), *altered(context, inside.code)]
    evidence.table("Not the commit's", [(line,) for line in other])
    assert not other, f"{len(other)} files in {inside.label} are not those of {source.commit:.7}; {other[0]}"
    roots = code_roots(inside.code, source.tracked)
    wrong = judge_bytecode(inside, configured, roots, evidence) if roots else []
    assert not wrong, f"{len(wrong)} compiled files in {inside.label}: {wrong[0]}"


def _of_the_host(inspector: Inspector, service: str, context: Context) -> tuple[str, ...]:
    """Where folders of the host itself are mounted: what containers write there is no release's."""
    model: Mapping[str, Any] = getattr(inspector, "model", {})
    mounts = [one for one in compose_model.bind_mounts(model) if one.service == service]
    path, state = context.subject.path, context.subject.state
    own = [
        one for one in mounts if Path(one.source).is_relative_to(path) and not Path(one.source).is_relative_to(state)
    ]
    return tuple(one.target for one in own)


def _is_loose(path: str, place: str, loose: tuple[str, ...]) -> bool:
    """Whether a file that is no Python code stands in a folder of the host itself."""
    return not path.endswith(".py") and any(place == one or place.startswith(f"{one}/") for one in loose)
