"""Images that were built elsewhere: pulled before the build, named as the release's own, and where they came from."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from gonogo import git
from gonogo.config.images import filled, is_reference, pinned_name
from gonogo.errors import RefusedError
from gonogo.host.runner import Command, Completed, Host
from gonogo.inspection.machine.registry import is_passing, refusal
from gonogo.runtimes.archive import familiar, images_in, manifest_of
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.files import BUILD, read_model, services_of
from gonogo.runtimes.compose.model.pinned import REVISION_LABEL
from gonogo.runtimes.compose.model.roles import built_by, image_name
from gonogo.runtimes.protocols import Builds
from gonogo.state.release import Brought, Release

__all__ = ["Fetching", "makers", "named"]

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SECONDS = 60.0
_WAITS = (2.0, 5.0)
"""How long a registry that may be well again is left alone, each time."""
_TIMES = 3
"""How often it is pulled where another deployment takes its name away meanwhile."""
_RUNS: Mapping[str, frozenset[str]] = {"amd64": frozenset({"386"}), "arm64": frozenset({"arm"})}
"""What a machine runs beside its own."""


def makers(model: Mapping[str, Any], place: Place) -> dict[str, str]:
    """Service → the one whose image it runs, of those that are built here or brought."""
    services, built = services_of(model), built_by(model)
    brought = [name for name in services if _template(place, name)]
    names = {image_name(model, name): name for name in reversed(brought)}
    found = {
        name: name if name in brought else built.get(name) or names.get(image_name(model, name)) for name in services
    }
    return {name: maker for name, maker in found.items() if maker is not None}


def named(place: Place, release: Release, model: Mapping[str, Any], services: Iterable[str]) -> dict[str, Brought]:
    """The images of a release that are not built here, by what they are asked for.

    Raises:
        RefusedError: a file that names one is missing, or says something else.
    """
    found = makers(model, place)
    asked = {name: one for name, one in place.environment.service.items() if one.image}
    return {
        name: Brought(name=_reference(place, release, found[name]), labelled=asked[found[name]].revision)
        for name in services
        if found.get(name) in asked
    }


class Fetching(Builds, Protocol):
    """The part of the runtime that brings images."""

    def fetching(self, place: Place, release: Release, archive: Path | None) -> tuple[Command, ...]:
        """Pulls them, or loads them, and gives each the release's own name."""
        seconds = place.environment.command_timeout
        names = {tag: release.brought[service].name for tag, service in _tags(release).items()}
        loads = (_load(archive, seconds),) if archive is not None and names else ()
        pulls = {tag: () if loads else (_pull(release, service, seconds),) for tag, service in _tags(release).items()}
        return (*loads, *(command for tag, name in names.items() for command in (*pulls[tag], _tag(name, tag))))

    def fetch(self, place: Place, release: Release, archive: Path | None) -> Release:
        """Does so, and notes where each came from.

        Raises:
            RefusedError: the registry does not hand one out, the archive does not have it, or it is made for another
                machine.
        """
        source = _Loaded(place, archive) if archive is not None else _Pulled(place)
        got = {tag: _fetch(source, release, service, tag) for tag, service in _tags(release).items()}
        notes = {name: got[release.tags[name]] for name in release.brought}
        brought = {
            name: one.model_copy(
                update={**notes[name], "alike": _is_alike(place, release, name, notes[name]["revision"])}
            )
            for name, one in release.brought.items()
        }
        return release.model_copy(update={"brought": brought})


def _is_alike(place: Place, release: Release, service: str, revision: str) -> bool:
    """Whether another commit that an image names has the same of what that is built from.

    CI that builds only what changed names the commit that did.
    """
    if revision == release.commit or not _COMMIT.fullmatch(revision):
        return False
    paths = _built_from(place, release, service)
    words = ("diff", "--quiet", "--no-ext-diff", revision, release.commit, "--", *map(str, paths))
    inside = all(path.is_relative_to(release.worktree) for path in paths)
    return inside and place.host.run(git.alone(release.worktree, *words)).ok


def _built_from(place: Place, release: Release, service: str) -> list[Path]:
    """The folders and files of the repository that a build of it would read."""
    services, build = services_of(read_model(release, BUILD)), makers(read_model(release, BUILD), place)
    said = services[build.get(service, service)].get("build")
    if not said:
        return [release.source_root(place.project.app.root)]
    context = Path(said["context"])
    others = (said.get("additional_contexts") or {}).values()
    return [context, context / (said.get("dockerfile") or "."), *(context / one for one in others)]


class _Source(Protocol):
    """Where images come from."""

    place: Place
    archive: str

    def get(self, release: Release, service: str) -> Mapping[str, Any]:
        """What Docker says of the image of a service, which is here now."""


class _Pulled:
    """A registry."""

    archive = ""

    def __init__(self, place: Place) -> None:
        self.place = place

    def get(self, release: Release, service: str) -> Mapping[str, Any]:
        host, name = self.place.host, release.brought[service].name
        before = _inspect(host, name)
        facts = before if "@" in name else None
        for _ in range(_TIMES):
            if facts is not None:
                return facts
            _pulled(host, _pull(release, service, self.place.environment.command_timeout), service, name)
            facts = _inspect(host, name)
        raise RefusedError(
            f"service.{service}.image: {name}: found no such image each time it had been pulled, expected it to stay. "
            "Look who removes images on the machine that deploys: docker events."
        )


class _Loaded:
    """A file that ``docker save`` wrote; it is loaded only where the Engine does not have an image of it already."""

    def __init__(self, place: Place, file: Path) -> None:
        self.place = place
        self.archive = file.name
        self._file = file
        self._ids = images_in(manifest_of(file))
        self._is_loaded = False

    def get(self, release: Release, service: str) -> Mapping[str, Any]:
        host, name = self.place.host, familiar(release.brought[service].name)
        if name not in self._ids:
            found = ", ".join(self._ids) or "no image with a name"
            raise RefusedError(
                f"--images: {self._file.name}: found {found}, expected {name}, "
                f"as service.{service}.image says: docker save {name} | gzip > shop.tar.gz"
            )
        facts = _inspect(host, self._ids[name])
        if facts is None and not self._is_loaded:
            host.run(_load(self._file, self.place.environment.command_timeout)).require()
            self._is_loaded = True
        if facts is None:
            facts = _inspect(host, self._ids[name]) or _inspect(host, name)  # containerd knows it by another id
        if facts is None:
            raise RefusedError(
                f"--images: {self._file.name}: found no image {name} at the Docker Engine once it was loaded, "
                "expected it."
            )
        return facts


def _fetch(source: _Source, release: Release, service: str, tag: str) -> dict[str, str]:
    """Gets one and names it; what is noted of where it came from."""
    host, name = source.place.host, release.brought[service].name
    before = _inspect(host, name)
    facts = source.get(release, service)
    try:
        _require_platform(host, release, service, name, facts)
        host.run(_tag(facts["Id"], tag)).require()
    finally:
        if before is None:  # the release's own name is enough, and goes with the release
            host.run(Command(argv=("docker", "image", "rm", name), timeout=_SECONDS))
    digests = [one.partition("@")[2] for one in facts.get("RepoDigests") or () if _is_of(one, name)]
    labels = facts["Config"].get("Labels") or {}
    given = name.partition("@")[2]
    return {
        "archive": source.archive,
        "digest": "" if source.archive else given or next(iter(digests), ""),
        "revision": str(labels.get(REVISION_LABEL) or ""),
    }


def _load(archive: Path, seconds: float) -> Command:
    return Command(argv=("docker", "load", "--quiet", "--input", str(archive)), timeout=seconds)


def _pulled(host: Host, command: Command, service: str, name: str) -> Completed:
    for seconds in (*_WAITS, None):
        answer = host.run(command)
        if answer.ok:
            return answer
        if seconds is None or answer.timed_out or not is_passing(answer.errors):
            break
        time.sleep(seconds)
    raise RefusedError(refusal(answer.errors, service=service, name=name))


def _require_platform(host: Host, release: Release, service: str, name: str, facts: Mapping[str, Any]) -> None:
    """An image of one architecture is handed out to any machine; emulation is asked for by ``platform``."""
    if _platform(release, service):
        return
    form = "{{.Server.Os}}/{{.Server.Arch}}"
    asked = host.run(Command(argv=("docker", "version", "--format", form), timeout=_SECONDS))
    system, _, machine = asked.output.strip().partition("/")
    made = (facts.get("Os"), facts.get("Architecture"))
    if not asked.ok or not all(made) or (made[0] == system and made[1] in {machine, *_RUNS.get(machine, ())}):
        return
    raise RefusedError(
        f"service.{service}.image: {name}: found an image for {made[0]}/{made[1]}, expected one for this machine's "
        f"{system}/{machine}. Let CI build it for that too: docker buildx build --platform {system}/{machine}; where "
        f'the machine emulates the other one, say `platform: "{made[0]}/{made[1]}"` in the compose file.'
    )


def _inspect(host: Host, name: str) -> dict[str, Any] | None:
    asked = host.run(Command(argv=("docker", "image", "inspect", name), timeout=_SECONDS), output_limit=None)
    found: list[dict[str, Any]] = json.loads(asked.output or "[]") if asked.ok else []
    return next(iter(found), None)


def _pull(release: Release, service: str, seconds: float) -> Command:
    platform = _platform(release, service)
    options = ("--platform", platform) if platform else ()
    return Command(argv=("docker", "pull", "--quiet", *options, release.brought[service].name), timeout=seconds)


def _tag(image: str, tag: str) -> Command:
    return Command(argv=("docker", "tag", image, tag), timeout=_SECONDS)


def _tags(release: Release) -> dict[str, str]:
    """The release's own name for each image → a service that runs it."""
    return {release.tags[name]: name for name in reversed(release.brought)}


def _platform(release: Release, service: str) -> str:
    return str(services_of(read_model(release)).get(service, {}).get("platform") or "")


def _template(place: Place, service: str) -> str | None:
    configured = place.environment.service.get(service)
    return configured.image if configured is not None else None


def _reference(place: Place, release: Release, service: str) -> str:
    name = filled(_template(place, service) or "", release.commit, lambda path: _said(place, release, service, path))
    if not is_reference(name):
        raise RefusedError(
            f'service.{service}.image: found "{name}" once files were read, expected the name of an image. A file '
            "holds a digest (sha256:…) or a whole name, in one line."
        )
    return pinned_name(name)


def _said(place: Place, release: Release, service: str, path: str) -> str:
    """What a file says: the commit's, else the host's own."""
    files = [folder / path for folder in (release.source_root(place.project.app.root), place.path)]
    for file in files:
        if file.is_file():
            return file.read_text(encoding="utf-8", errors="replace").strip()
    raise RefusedError(
        f"service.{service}.image: {path}: found no such file in the commit, nor as {files[-1]}; expected the one that "
        "CI writes, with the digest of the image that it pushed."
    )


def _is_of(digest: str, name: str) -> bool:
    """Whether a digest is of the repository that was asked; Docker leaves its own registry's name out."""
    repository = pinned_name(f"{name.partition('@')[0]}@").removesuffix("@")
    return f"/{repository}".endswith(f"/{digest.partition('@')[0]}")
