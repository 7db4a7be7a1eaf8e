"""Whether the code inside the running instance is the commit's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gonogo.checks.build.holding import former_source, is_stale, made_by_the_build, written_by_what_ran
from gonogo.checks.build.probing import altered, code_roots, judge_bytecode, released
from gonogo.checks.postdeploy.instances import ran_since, running
from gonogo.config import Service
from gonogo.inspection.code.contents import FileDigest, compare, looked_at, map_paths
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.base import Inspector
from gonogo.runtimes.compose.model import roles
from gonogo.words import Role

__all__: list[str] = []

_CLOCKS = 1.0
"""Seconds: archives tell times in whole ones."""


@pytest.mark.postdeploy(
    "D05",
    reads=("service.code",),
    never_excused=True,
    remedy="Look what is mounted over the code of {param}: a named volume keeps what the first image put there, so "
    "mount it elsewhere or fill it at each start; then: gonogo deploy --env {env} --no-cache",
)
def test_instance_runs_the_commit(
    service: tuple[str, Service], inspector: Inspector, context: Context, evidence: Collected
) -> None:
    """The code inside the running instance is the commit's, and no stale bytecode appeared.

    Catches a folder of yesterday's code that is mounted over the image's. What the instance itself has written since it
    was made (a log or a database that git tracks, a page that its entry point fills in) is no stale code, unless it is
    Python, or as an earlier commit had it.

    Before (docker-compose.yml):

        volumes:
          - code:/srv/app

    After (docker-compose.yml):

        volumes:
          - uploads:/srv/uploads
    """
    name, configured = service
    source = released(context)
    inside = running(inspector, name)
    if not inside.code:
        pytest.skip(f"nothing of the repository is known to be in {inside.label} as it is")
    loose = _of_the_host(inspector, name, context)
    files = {
        path: one
        for path, one in inside.files(looked_at(inside.code, source.manifest)).items()
        if not loose.holds(path)
    }
    places = map_paths(source.manifest, inside.code)
    manifest = {path: one for path, one in source.manifest.items() if not loose.holds(places.get(path, ""))}
    evidence.text("The host's own, as P15 says before a deployment", ", ".join(loose.targets) or "nothing")
    if not manifest:
        pytest.skip(f"all the code of {name} is mounted from the host itself")
    drift = compare(manifest, files, code=inside.code)
    differing = {file.path: files[file.image_path] for file in drift.of("differs")}
    former = former_source(context)
    made = made_by_the_build(inside, differing, source, former=former)
    since = ran_since(inspector)

    def is_own(path: str, found: FileDigest) -> bool:
        fresh = found.mtime > since - _CLOCKS and not path.endswith(".py")
        return fresh and not is_stale(path, found, source, former=former)

    ran = written_by_what_ran(inspector, name, drift.of("differs"), files, source, former=former)
    written = [
        path for path in sorted(differing) if path not in made and (path in ran or is_own(path, differing[path]))
    ]
    evidence.text("Written by the instance itself", ", ".join(written) or "nothing that git tracks")
    red = [file for file in drift if file.kind != "differs" or file.path not in {*made, *written}]
    evidence.text("Compared", f"{drift.compared} tracked files in {inside.label}")
    evidence.table("Files that differ", red)
    other = [*map(str, red), *altered(context, inside.code, is_own=is_own)]
    evidence.table("Not the commit's", [(line,) for line in other])
    assert not other, f"{len(other)} files in {inside.label} are not those of {source.commit:.7}; {other[0]}"
    roots = [root for root in code_roots(inside.code, source.tracked) if not loose.holds(f"{root}/any.py")]
    wrong = judge_bytecode(inside, configured, roots, evidence) if roots else []
    assert not wrong, f"{len(wrong)} compiled files in {inside.label}: {wrong[0]}"


@dataclass(frozen=True)
class _Loose:
    """What in an instance is no release's: the host's own folders."""

    targets: tuple[str, ...]
    code: bool
    """Python files there are the host's too: of what was started by hand, and before the next release."""

    def holds(self, place: str) -> bool:
        """Whether a file of the instance is the host's own."""
        inside = any(place == one or place.startswith(f"{one}/") for one in self.targets)
        return inside and (self.code or not place.endswith(".py"))


def _of_the_host(inspector: Inspector, service: str, context: Context) -> _Loose:
    """Where folders of the host itself are mounted: what containers write there is no release's."""
    model: Mapping[str, Any] = getattr(inspector, "model", {})
    mounts = [one for one in roles.bind_mounts(model) if one.service == service]
    release = context.subject.release
    if release is not None and release.adopted:
        return _Loose(tuple(one.target for one in mounts), code=True)
    before = context.subject.role is Role.BASELINE  # a pull has moved the checkout on, and with it what is mounted
    path, state = context.subject.path, context.subject.state
    there = [(Path(one.source), one.target) for one in mounts]
    own = tuple(to for source, to in there if source.is_relative_to(path) and not source.is_relative_to(state))
    return _Loose(own, code=before)
