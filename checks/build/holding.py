"""What the checks of an artifact's files share: what it holds, what the serving one had, what was left out of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from gonogo.errors import CommandError, GonogoError
from gonogo.gates.subject import as_it_serves
from gonogo.inspection import things
from gonogo.inspection.code.contents import DriftedFile, FileDigest, digest_of, looked_at, map_paths
from gonogo.inspection.code.lost import Absent, sort_out
from gonogo.plugins.context import Context
from gonogo.plugins.source import Source
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Artifact, Inside, Inspector, Layout, Place
from gonogo.runtimes.compose.model import roles
from gonogo.state.release import Release

__all__ = [
    "ELSEWHERE",
    "absent",
    "former_source",
    "had_before",
    "holds_nothing",
    "is_stale",
    "made_alike",
    "made_by_the_build",
    "unknown",
    "written_by_what_ran",
]

ELSEWHERE = (
    "No Dockerfile of this repository is known to make this image: make it from the commit where it is built, "
    "with the label too, then: gonogo deploy --env {env}; where nothing of this repository is in it, say so under "
    "[service.{param}]: code = {}"
)
"""For an image that gonogo does not build."""
_COMMITS = "50"
"""How many earlier versions of a file are looked at."""


def made_alike(artifact: Artifact, what: str) -> str:
    """What one Dockerfile, or one image, has wrong for every service that is made of it, by a name for all of them."""
    recipe = artifact.layout.recipe
    image = artifact.facts.id if artifact.facts is not None else artifact.label
    return things.build(what, dockerfile=recipe.dockerfile if recipe is not None else "", image=image)


def unknown(layout: Layout, service: str, label: str) -> str:
    """What to write where nobody says where the code is; an empty text where somebody does."""
    if layout.code or layout.known_by:
        return ""
    return (
        f"{label}: where the application's files are in it is not known: neither its Dockerfile nor its content tells. "
        f'Say it in gonogo.toml under [service.{service}]: code = {{ "." = "/its/folder" }}, or code = {{}} where '
        "nothing of this repository is in it"
    )


def had_before(service: str, serving: Release | None, place: Place, source: Mapping[str, FileDigest]) -> dict[str, str]:
    """Path of the repository → where the serving artifact of the same service has it; nothing where nobody knows."""
    if serving is None:
        return {}
    then = replace(place, environment=as_it_serves(place.environment, serving))
    try:
        inspector = runtime_of(then.environment.runtime).inspector(then, serving)
        found = next((one for one in inspector.artifacts() if one.service == service), None)
        if found is None:
            return {}
        files = found.files(looked_at(found.code, source))
    except GonogoError:
        return {}
    return {path: at for path, at in map_paths(source, found.code).items() if at in files}


def absent(artifact: Artifact, held: Mapping[str, FileDigest], before: Mapping[str, str], source: Source) -> Absent:
    """The files that the serving artifact had, the source still has, and this one has not: lost, or left out."""
    mapped = map_paths(source.manifest, artifact.code)
    present = {path for path, at in mapped.items() if at in held}
    recipe = artifact.layout.recipe

    def left_out(path: str) -> str:
        if recipe is None:
            return "" if artifact.facts is None else "how it is built is not known here"
        return recipe.left_out(path)

    gone = [path for path in before if path in source.manifest and path not in present]
    return sort_out(gone, present, left_out=left_out, text=source.text)


def holds_nothing(inside: Inside) -> bool:
    """Whether gonogo.toml says that nothing of the repository is in it."""
    return not inside.code and inside.layout.known_by == "gonogo.toml"


def former_source(context: Context) -> Path | None:
    """The application's folder of the release that serves, where that is another one whose commit is known."""
    serving = context.subject.serving
    if serving is None or serving.assumed or serving.commit == getattr(context.subject.release, "commit", None):
        return None
    return serving.source_root(context.project.app.root)


def made_by_the_build(
    inside: Inside, differing: Mapping[str, FileDigest], source: Source, *, former: Path | None
) -> dict[str, str]:
    """Of the files whose content is another those that the build itself made or changed, each with why.

    A file that is as an earlier commit had it is stale, whatever the build does; ``former`` is the source of the
    release that serves, for a repository without a history.
    """
    recipe, made = inside.layout.recipe, dict[str, str]()
    if recipe is None:
        return made
    for path, found in differing.items():
        why = recipe.rewritten(path) or ("the build makes files of its kind" if recipe.is_made(path) else "")
        if why and not is_stale(path, found, source, former=former):
            made[path] = why
    return made


def written_by_what_ran(
    inspector: Inspector,
    service: str,
    differing: Sequence[DriftedFile],
    held: Mapping[str, FileDigest],
    source: Source,
    *,
    former: Path | None,
) -> tuple[str, ...]:
    """Of the files whose content is another those that an instance wrote, of this release or of an earlier one.

    They stand in a folder that it may write into and that outlives it; Python does not count, nor what is as an earlier
    commit had it.
    """
    model: Mapping[str, Any] = getattr(inspector, "model", {})
    mounts = (one for one in roles.bind_mounts(model) if one.service == service and not one.read_only)
    targets = [PurePosixPath(one.target) for one in mounts]
    inside = [
        one
        for one in differing
        if not one.path.endswith(".py") and any(PurePosixPath(one.image_path).is_relative_to(to) for to in targets)
    ]
    return tuple(one.path for one in inside if not is_stale(one.path, held[one.image_path], source, former=former))


def is_stale(path: str, found: FileDigest, source: Source, *, former: Path | None) -> bool:
    """Whether a file is as an earlier commit, or the release that serves, had it."""
    then = digest_of(former / path) if former is not None else None
    return found.sha256 in _earlier(source, path) | ({then.sha256} if then is not None else set())


def _earlier(source: Source, path: str) -> set[str]:
    """Digests of what earlier commits had at a path; none where git does not say."""
    try:
        log = source.git("log", f"-{_COMMITS}", "--format=", "--raw", "--no-abbrev", "--no-renames", "--", path).output
        blobs = {blob for line in log.splitlines() if line.startswith(":") for blob in line.split()[2:4]} - {"0" * 40}
        return {_digest(source, blob) for blob in blobs}
    except CommandError:
        return set()


def _digest(source: Source, blob: str) -> str:
    content = source.git("cat-file", "blob", blob).output
    return hashlib.sha256(content.encode("utf-8", "surrogateescape")).hexdigest()
