"""Pin a release under Compose: the models that it is built and started from, and how it starts again later."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from gonogo.errors import UsageError
from gonogo.inspection.variables.envfile import parse
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.brought import makers, named
from gonogo.runtimes.compose.copies import moved_out
from gonogo.runtimes.compose.files import BUILD, COMPOSE, CURRENT, ENV, read_model, services_of, write_model
from gonogo.runtimes.compose.history import History
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.model.mounts import mounted, written
from gonogo.runtimes.compose.mounts import Mounts
from gonogo.runtimes.compose.render import host_env_file, render
from gonogo.runtimes.given import digests
from gonogo.runtimes.sources import tracked_below
from gonogo.secrets.known import SHORTEST, is_secret_name
from gonogo.state.release import Release
from gonogo.state.store import write_atomically

__all__ = [
    "changed_secrets",
    "deployed",
    "kept_folders",
    "mounts_of",
    "pin_release",
    "relocate",
    "startable",
    "tags_of",
    "with_secrets",
]

_RENDERED = "model.json"
_REVISION = "org.opencontainers.image.revision"


def pin_release(place: Place, release: Release) -> Release:
    """Writes ``build.json``, ``compose.json`` and the env file into the release's folder.

    Raises:
        RefusedError: a compose file is missing, or Compose refuses the model.
        UsageError: the env file is missing, or a declared service is not in the model.
    """
    folder = release.source_root(place.project.app.root)
    rendered = release.folder / _RENDERED
    lent: list[Path] = []
    try:
        model = render(place, release.root, output=rendered, commit=release.commit, lent=lent)
    finally:
        rendered.unlink(missing_ok=True)
    services = deployed(place, model)
    brought = named(place, release, model, services)
    tags = tags_of(model, services, makers(model, place), project=place.environment.project, release=release.id)
    mounts = mounts_of(place, model, folder, tracked=tracked_below(release, folder))
    lasting = relocate(model, mounts)
    built = {name: tags[name] for name in services if name in roles.built_by(model)}
    write_model(release.folder / BUILD, roles.with_build(lasting, built, {_REVISION: release.commit}))
    pinned = roles.pin(
        lasting,
        images=tags,
        worktree=str(folder),
        project_dir=str(place.path),
        files={},
        release=release.id,
        commit=release.commit,
    )
    for service in pinned["services"].values():
        service.pop("profiles", None)  # those that are active were rendered
    write_model(release.folder / COMPOSE, pinned)
    env_file = host_env_file(place)
    if env_file is not None:
        write_atomically(release.folder / ENV, env_file.read_text(encoding="utf-8", errors="surrogateescape"))
    given = digests({*lent, *_own_files(place, pinned)} - {env_file})
    return release.model_copy(update={"services": services, "tags": tags, "brought": brought, "given": given})


def _own_files(place: Place, model: Mapping[str, Any]) -> Iterator[Path]:
    """The files of secrets and configurations that are the host's own."""
    entries = [one for kind in ("configs", "secrets") for one in (model.get(kind) or {}).values()]
    files = (Path(one["file"]) for one in entries if one and "file" in one)
    yield from (path for path in files if not path.is_relative_to(place.state))


def mounts_of(
    place: Place,
    model: Mapping[str, Any],
    folder: Path,
    *,
    tracked: Collection[str],
    copies: bool = True,
) -> Mounts:
    """Where the mounts of a model that was rendered in an application's folder stand for a release.

    ``tracked`` are the files that the commit has there.
    """
    return Mounts(
        folder=folder,
        path=place.path,
        state=place.state,
        tracked=tracked,
        written=written(model),
        named=mounted(model),
        history=History(folder, place.host, kept=kept_folders(place, folder)),
        copies=copies,
    )


def kept_folders(place: Place, folder: Path) -> tuple[Path, ...]:
    """The application's folder in the worktrees of the kept releases; what stands there was a commit's."""
    sources = place.state.glob("releases/*/source")
    inside = folder.relative_to(place.state).parts[3:] if folder.is_relative_to(place.state) else None
    below = Path(*inside) if inside is not None else Path(place.project.app.root)
    return tuple(one / below for one in sources if one / below != folder)


def deployed(place: Place, model: Mapping[str, Any]) -> tuple[str, ...]:
    """The services that a release consists of.

    Raises:
        UsageError: a declared one is not in the model, or there is none at all.
    """
    known = services_of(model)
    unknown = sorted(set(place.environment.service) - set(known))
    if unknown:
        raise UsageError(
            f"gonogo.toml: service.{unknown[0]}: found no such service in {', '.join(place.environment.compose)}, "
            f"expected one of: {', '.join(sorted(known))}. Correct the name, or activate its profile."
        )
    services = roles.deployed_services(model, tuple(place.environment.service))
    if not services:
        raise UsageError(
            f"{roles.nothing_to_deploy(model, place.environment.compose)}. Give the application's service "
            "`build: .`, or declare what is deployed: [service.NAME] in gonogo.toml."
        )
    return services


def tags_of(
    model: Mapping[str, Any], services: Collection[str], makers: Mapping[str, str], *, project: str, release: str
) -> dict[str, str]:
    """Service → the image it runs: the release's own tag where it is built here or brought, else the image's name."""
    return {
        name: f"{project}-{makers[name]}".lower() + f":{release}" if name in makers else roles.image_name(model, name)
        for name in services
    }


def relocate(model: Mapping[str, Any], mounts: Mounts) -> dict[str, Any]:
    """The model with every mounted file at the place where it stands when the release runs."""
    lasting = copy.deepcopy(dict(model))
    for service in services_of(lasting).values():
        volumes: list[Any] = service.get("volumes") or []
        service["volumes"] = [moved for volume in volumes for moved in _volumes(volume, mounts)]
    for kind in ("configs", "secrets"):
        for entry in (lasting.get(kind) or {}).values():
            file = Path(entry["file"]) if entry and "file" in entry else None
            kept = mounts.where(file, read_only=True, target="/run/configs/") if file is not None else None
            if kept is not None:
                entry["file"] = str(kept.source)
    return lasting


def _volumes(volume: Mapping[str, Any], mounts: Mounts) -> Iterator[dict[str, Any]]:
    read_only = bool(volume.get("read_only"))
    source, target = Path(str(volume.get("source") or "")), str(volume["target"])
    kept = mounts.where(source, read_only=read_only, target=target) if volume.get("type") == "bind" else None
    if kept is None:
        yield dict(volume)
        return
    yield {**volume, "source": str(kept.source)}
    made = {**(volume.get("bind") or {}), "create_host_path": True}
    for inner, own in kept.holes.items():
        yield {**volume, "source": str(own), "target": f"{target.rstrip('/')}/{inner}", "bind": made}


def startable(place: Place, release: Release) -> Path:
    """The model that starts a release today: as it was pinned, but no secret returns that was changed since."""
    path, today = starts_from(place, release), _today_of(place, release)
    if path.name == COMPOSE:
        (release.folder / CURRENT).unlink(missing_ok=True)
    else:
        write_model(path, today)
    return path


def starts_from(place: Place, release: Release) -> Path:
    """Where that model will stand; nothing is written."""
    as_pinned = _today_of(place, release) == read_model(release)
    return release.folder / (COMPOSE if as_pinned else CURRENT)


def _today_of(place: Place, release: Release) -> dict[str, Any]:
    return _with_moved(_by_id(with_secrets(read_model(release), changed_secrets(place, release)), release))


def changed_secrets(place: Place, release: Release) -> dict[str, tuple[str, str | None]]:
    """Secret's name → its value when the release was pinned, and today's (None: it is gone)."""
    path = release.folder / ENV
    if not path.is_file() or not place.variables:
        return {}
    before = parse(path.read_text(encoding="utf-8", errors="surrogateescape"), grammar="compose").values
    return {
        name: (value, place.variables.get(name))
        for name, value in before.items()
        if (name in place.environment.secrets or is_secret_name(name)) and place.variables.get(name) != value
    }


def with_secrets(model: Mapping[str, Any], changed: Mapping[str, tuple[str, str | None]]) -> dict[str, Any]:
    """The model with today's values of the secrets that changed, also where they are part of an address."""
    result = copy.deepcopy(dict(model))
    for service in services_of(result).values():
        variables = service.get("environment") or {}
        for name, value in list(variables.items()):
            today = _today(name, value, changed)
            if today is None and value is not None:
                del variables[name]
            else:
                variables[name] = today
    return result


def _today(name: str, value: Any, changed: Mapping[str, tuple[str, str | None]]) -> Any:
    """One variable's value today; None where it was a secret that is gone."""
    if not isinstance(value, str):
        return value
    if name in changed and value == _written(changed[name][0]):
        now = changed[name][1]
        return _written(now) if now is not None else None
    for before, now in changed.values():
        if now is not None and len(before) >= SHORTEST:
            value = value.replace(_written(before), _written(now))
    return value


def _written(value: str) -> str:
    return value.replace("$", "$$")


def _with_moved(model: dict[str, Any]) -> dict[str, Any]:
    """What was written into a copy and is on the host by now is mounted from there: a rollback shows no older one."""
    for service in services_of(model).values():
        volumes = service.get("volumes") or []
        binds = [one for one in volumes if one.get("type") == "bind" and not one.get("read_only")]
        given = {one["target"] for one in volumes}
        for one in binds:
            for name, path in moved_out(Path(one["source"])).items():
                target = f"{one['target'].rstrip('/')}/{name}"
                if target not in given:
                    service["volumes"] = [*service["volumes"], {**one, "source": str(path), "target": target}]
    return model


def _by_id(model: dict[str, Any], release: Release) -> dict[str, Any]:
    """Names images that this release did not build by their id: their names may have moved on since."""
    services = services_of(model)
    for name, image in release.images.items():
        if name in services and not release.tags.get(name, "").endswith(f":{release.id}"):
            services[name]["image"] = image
    return model
