"""Take over what somebody started by hand: keep its images, and pin a model that starts it again.

The model is what Compose makes of the files that the containers' labels name, where it still is what was started
(Compose notes a hash of each service's definition on its containers); otherwise what the Engine says of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gonogo.errors import GonogoError
from gonogo.host.runner import Command, Host
from gonogo.inspection.code.origins import Held
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.adopted_files import keep_mounted
from gonogo.runtimes.compose.cli import cli, shell_variables
from gonogo.runtimes.compose.engine import connect, containers_of
from gonogo.runtimes.compose.files import BUILD, COMPOSE, ENV, services_of, write_model
from gonogo.runtimes.compose.inspector import ComposeInspector
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.model.from_engine import SERVICE, model_of
from gonogo.runtimes.compose.render import app_folder, host_env_file
from gonogo.state.release import Release
from gonogo.state.store import State, write_atomically

__all__ = ["ByHand", "by_hand", "held_by", "not_here", "pin_by_hand", "revision_of"]

_LABEL = "com.docker.compose"
_FILES = f"{_LABEL}.project.config_files"
_RELEASE = "gonogo.release"
_REVISION = "org.opencontainers.image.revision"
_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """An application that runs in the environment's project, and that no release started."""

    model: Mapping[str, Any]
    """What starts it again."""
    containers: tuple[Mapping[str, Any], ...]
    images: Mapping[str, str]
    """Deployed service → the image id that it runs."""
    labels: Mapping[str, Mapping[str, str]]
    """Image id → its labels."""
    started: str
    """When the last of them was started."""
    said: tuple[str, ...]
    """Where the model comes from, for the record."""


def by_hand(place: Place, inspector: ComposeInspector, *, scratch: Path) -> ByHand | None:
    """What runs by hand; None where nothing of the deployed services runs, or a release of this state folder does.

    A release of another state folder (deployed by another user, or by a runner whose home is gone) is nobody's here.

    Args:
        place: the environment.
        inspector: of the checkout; it knows which services are deployed.
        host: runs Compose.
        scratch: a file of its own for the rendered model.

    Raises:
        RuntimeUnreachableError: the Engine could not be asked.
    """
    with connect() as client:
        found = tuple(one.attrs for one in containers_of(client, place.environment.project))
        images = {image: client.images.get(image).attrs for image in sorted({one["Image"] for one in found})}
    running = [
        one
        for one in found
        if one["State"]["Status"] == "running" and not State(place.state).keeps(_labels(one).get(_RELEASE, ""))
    ]
    if not running:
        return None
    files, why = _from_files(place, found, scratch)
    configs = {image: attrs.get("Config") or {} for image, attrs in images.items()}
    model = files or model_of(found, configs, project=place.environment.project)
    wanted = _deployed(place, inspector, model)
    if not set(wanted) & {_labels(one)[SERVICE] for one in running}:
        return None
    engine = (f"The model was reconstructed from what the Engine says: {why}.",) if why else ()
    labelled = {image: config.get("Labels") or {} for image, config in configs.items()}
    ids = {_labels(one)[SERVICE]: str(one["Image"]) for one in found}
    return ByHand(
        model=model,
        containers=found,
        images={name: ids[name] for name in wanted},
        labels=labelled,
        started=max(str(one["State"]["StartedAt"]) for one in running),
        said=(*engine, *_elsewhere(place, running), *_left_out(place, found)),
    )


def _elsewhere(place: Place, running: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """That another state folder knows it, and which: two of them see neither the lock nor the releases of the other."""
    named = {labels[_RELEASE]: labels.get(_FILES, "") for labels in map(_labels, running) if _RELEASE in labels}
    return tuple(
        f"{release} was deployed with another state folder"
        + (f", {root}," if (root := _state_of(files)) else "")
        + f" and not with {place.state}; deploy as the same user, or let env.{place.environment.name}.state name one"
        for release, files in sorted(named.items())
    )


def not_here(files: Iterable[Path]) -> list[str]:
    """The files that are not there, or stand where this user may not look, as in another one's state folder."""
    return [str(path) for path in files if not os.path.isfile(path)]  # noqa: PTH113 (Path.is_file raises there)


def _gone(model: Mapping[str, Any]) -> Iterator[str]:
    """What a kept model mounts and this machine has no more: in a rollback Docker would make empty folders of it."""
    for mount in roles.bind_mounts(model):
        try:
            Path(mount.source).stat()
        except (FileNotFoundError, NotADirectoryError):
            yield f"{mount.service}: {mount.source} at {mount.target} (it is gone)"
        except OSError:
            continue  # another user's: the Engine sees it all the same


def _state_of(files: str) -> str:
    """The state folder in which a release's compose file stands; empty for any other file."""
    folder = Path(files).parent
    return str(folder.parent.parent) if folder.parent.name == "releases" else ""


def revision_of(found: ByHand) -> str | None:
    """The one commit that all labelled images name; None where none does or they differ."""
    named = {found.labels.get(image, {}).get(_REVISION) for image in found.images.values()} - {None}
    return named.pop() if len(named) == 1 else None


def held_by(inspector: ComposeInspector, found: ByHand) -> tuple[Held, ...]:
    """The application's files in the images that run; what something is mounted over is not what runs."""
    held = []
    for artifact in inspector.artifacts():
        over = [
            mount["Destination"]
            for one in found.containers
            for mount in one.get("Mounts") or ()
            if _labels(one)[SERVICE] == artifact.service
        ]
        files = artifact.files(artifact.code.values()) if artifact.code else {}
        blobs = {path: one.blob for path, one in files.items() if one.blob and not _is_under(path, over)}
        if blobs:
            held.append(Held(code=artifact.code, blobs=blobs))
    return tuple(held)


def _is_under(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder.rstrip('/')}/") for folder in folders)


def pin_by_hand(place: Place, release: Release, found: ByHand) -> Release:
    """Tag the images, so that nothing prunes them, and write what starts the application again.

    Raises:
        CommandError: an image could not be tagged.
    """
    project = place.environment.project
    tags = {name: f"{project}-{name}".lower() + f":{release.id}" for name in found.images}
    for name, tag in tags.items():
        place.host.run(Command(argv=("docker", "tag", found.images[name], tag), timeout=60.0)).require()
    nowhere = str(release.folder / "nothing")  # every path stays where it is
    kept = keep_mounted(place, release, found.model, found.containers)
    pinned = roles.pin(
        kept.model,
        images=tags,
        worktree=nowhere,
        project_dir=nowhere,
        files={},
        release=release.id,
        commit=release.commit,
    )
    for name, service in pinned["services"].items():
        service.pop("profiles", None)
        if release.assumed and name in tags:
            service["labels"].pop("gonogo.commit")
            service["environment"].pop("GONOGO_COMMIT")
    write_model(release.folder / COMPOSE, pinned)
    write_model(release.folder / BUILD, _in_worktree(place, release, found))
    env_file = host_env_file(place)
    if env_file is not None and env_file.is_file():
        write_atomically(release.folder / ENV, env_file.read_text(encoding="utf-8", errors="surrogateescape"))
    facts = {
        "services": tuple(tags),
        "tags": tags,
        "images": dict(found.images),
        "unsure": (*kept.unsure, *_gone(kept.model)),
    }
    return release.model_copy(update=facts)


def _in_worktree(place: Place, release: Release, found: ByHand) -> dict[str, Any]:
    """The model as it is built, below the release's worktree: it tells where the code lands in the images."""
    folder = app_folder(place, release.root)
    built = {name: one.get("build") for name, one in services_of(found.model).items()}
    moved = roles.pin(
        {**found.model, "x-built": {name: build for name, build in built.items() if build}},
        images={},
        worktree=str(place.path),
        project_dir=str(folder),
        files={},
        release=release.id,
        commit=release.commit,
    )
    for name, build in moved.pop("x-built").items():
        moved["services"][name]["build"] = build
    return moved


def _deployed(place: Place, inspector: ComposeInspector, model: Mapping[str, Any]) -> list[str]:
    """The model's services that a release consists of: as the model, the checkout or the image's name says."""
    try:
        known = set(inspector.services)
    except GonogoError:
        known = set()
    known |= {*place.environment.service, *roles.built_by(model)}
    project = place.environment.project
    return [
        name
        for name in services_of(model)
        if name in known or roles.image_name(model, name) in {f"{project}-{name}", f"{project}_{name}"}
    ]


def _labels(container: Mapping[str, Any]) -> Mapping[str, str]:
    return container["Config"].get("Labels") or {}


def _from_files(place: Place, containers: Sequence[Mapping[str, Any]], scratch: Path) -> tuple[dict[str, Any], str]:
    """The model of the files that started the containers, or why it is not theirs any more."""
    named = {
        (
            _labels(one).get(_FILES, ""),
            _labels(one).get(f"{_LABEL}.project.working_dir", ""),
            _labels(one).get(f"{_LABEL}.project.environment_file", ""),
        )
        for one in containers
    }
    if len(named) != 1:
        return {}, "its containers were started from different files"
    config, folder, env = named.pop()
    files = [Path(name) for name in config.split(",") if name]
    lost = not_here(files)
    if lost or not files:
        return {}, f"{', '.join(lost) or 'the compose file'} is gone, or another user's"
    words = _words(place, files, folder, env)
    try:
        scratch.touch(mode=0o600)
        _ask(place.host, words, folder, "--format", "json", "--output", str(scratch))
        model: dict[str, Any] = json.loads(scratch.read_text(encoding="utf-8"))
        rendered = _words(place, [scratch], folder, os.devnull)
        changed = _changed(containers, [_hashes(place.host, one, folder) for one in (words, rendered)])
        if changed:
            return {}, f"{config} is no longer what was started ({', '.join(changed)} changed)"
    except (GonogoError, OSError, ValueError) as error:
        return {}, f"{config} cannot be rendered ({(str(error).splitlines() or ['no reason given'])[0]})"
    finally:
        scratch.unlink(missing_ok=True)
    return _pruned(model, {_labels(one)[SERVICE] for one in containers}), ""


def _left_out(place: Place, containers: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The files that it was started from and a release is not: ``up`` reads an override by itself, ``--file`` none."""
    named = {name for one in containers for name in _labels(one).get(_FILES, "").split(",")}
    listed = {Path(name).name for name in place.environment.compose}
    others = sorted(name for name in named if name and not _state_of(name) and Path(name).name not in listed)
    if not others:
        return ()
    here = f"env.{place.environment.name}.compose names {', '.join(place.environment.compose)} only"
    return (f"It was started from {', '.join(others)} too, and {here}: a release goes without what that says.",)


def _words(place: Place, files: Sequence[Path], folder: str, env: str) -> tuple[str, ...]:
    words = [*cli(), "--project-name", place.environment.project, "--project-directory", folder, "--profile", "*"]
    for name in filter(None, env.split(",")):
        words += ["--env-file", name]
    for path in files:
        words += ["--file", str(path)]
    return (*words, "config")


def _ask(host: Host, words: Sequence[str], folder: str, *more: str) -> str:
    command = Command(argv=(*words, *more), env=shell_variables(folder), clean_env=True, timeout=_SECONDS)
    return host.run(command, output_limit=None).require().output


def _hashes(host: Host, words: Sequence[str], folder: str) -> dict[str, str]:
    """Service → the hash by which ``up`` tells whether it changed.

    Where an ``env_file`` is named, Compose (2.26) hashes its name here and its variables in ``up``; these stand in the
    rendered model.
    """
    said = _ask(host, words, folder, "--hash", "*")
    return dict(line.split(maxsplit=1) for line in said.splitlines() if " " in line)


def _changed(containers: Sequence[Mapping[str, Any]], hashes: Sequence[Mapping[str, str]]) -> list[str]:
    """The services whose containers were started from something of which no hash is."""
    label = f"{_LABEL}.config-hash"
    return sorted(
        {
            name
            for one in containers
            if (name := _labels(one)[SERVICE]) and _labels(one).get(label) not in [known.get(name) for known in hashes]
        }
    )


def _pruned(model: dict[str, Any], present: set[str]) -> dict[str, Any]:
    """Only the services that have containers: the others were never started."""
    services = {name: service for name, service in services_of(model).items() if name in present}
    for service in services.values():
        needed = service.get("depends_on") or {}
        service["depends_on"] = {name: how for name, how in needed.items() if name in present}
    return {**model, "services": services}
