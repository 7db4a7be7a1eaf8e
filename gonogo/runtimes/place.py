"""Where an environment stands on its host, and what its env file says, or said when a release was made."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from gonogo.config import Environment, Project, load_project
from gonogo.host.runner import Host
from gonogo.inspection.variables.envfile import parse
from gonogo.inspection.variables.envgrammar import grammar_of
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Place
from gonogo.runtimes.protocols import Runtime
from gonogo.secrets.known import is_secret_name, url_passwords
from gonogo.state.release import Release
from gonogo.state.store import write_atomically

__all__ = [
    "changed",
    "env_file_of",
    "host_path",
    "kept_variables",
    "make_place",
    "maker",
    "note_variables",
    "pinned_variables",
    "read_variables",
    "variables_of",
    "wanted_env_file",
    "with_earlier",
]

_STARTED = "variables.json"


def host_path(project: Project, environment: Environment) -> Path:
    """The folder on the host that holds the env file and what is not in git."""
    if environment.path is None:
        return project.source_root
    return project.root / Path(environment.path).expanduser()


def make_place(
    project: Project,
    environment: Environment,
    *,
    state: Path,
    path: Path,
    host: Host,
    variables: Mapping[str, str] | None = None,
) -> Place:
    """Where a runtime works; ``variables`` are the env file's where they are not given."""
    return Place(
        project=project,
        environment=environment,
        state=state,
        path=path,
        host=host,
        variables=read_variables(path, environment) if variables is None else variables,
    )


def maker(runtime: Runtime, place: Place, release: Release) -> tuple[Runtime, Place]:
    """The runtime that made a release, and where that works: today's; of another kind, as the release states it."""
    today = place.environment
    if release.runtime == today.runtime:
        return runtime, place
    own = load_project(release.root)
    environment = own.environments.get(today.name, today)
    then = replace(place, project=own, environment=environment, variables=read_variables(place.path, environment))
    return runtime_of(release.runtime), then


def env_file_of(path: Path, environment: Environment) -> Path | None:
    """The env file on the host: the configured one, or the ``.env`` that Compose would read by itself."""
    wanted = wanted_env_file(path, environment)
    return wanted if wanted is not None and (environment.env_file is not None or wanted.is_file()) else None


def wanted_env_file(path: Path, environment: Environment) -> Path | None:
    """Where the env file is looked for on the host, whether it is there or not; None where none is."""
    if environment.env_file is not None:
        return path / environment.env_file
    first = next(iter(environment.compose_files), None)
    return (path / first).parent / ".env" if first is not None else None


def read_variables(path: Path, environment: Environment) -> dict[str, str]:
    """What the env file says; empty when there is none (P19 tells that)."""
    env_file = env_file_of(path, environment)
    try:
        text = env_file.read_text(encoding="utf-8", errors="replace") if env_file is not None else ""
    except OSError:
        return {}
    return dict(parse(text, grammar=grammar_of(environment.runtime)).values)


def pinned_variables(release: Release | None) -> dict[str, str]:
    """What the env file said when the release was made; nothing where none was kept."""
    try:
        text = (release.folder / "env").read_text(encoding="utf-8", errors="replace") if release is not None else ""
    except OSError:
        return {}
    return dict(parse(text, grammar=grammar_of(release.runtime if release is not None else "")).values)


def note_variables(place: Place, release: Release) -> None:
    """Keeps what a release was started with again, for the gates that ask it."""
    before = pinned_variables(release)
    if before:
        kept = kept_variables(before, place.variables, place.environment.secrets)
        write_atomically(release.folder / _STARTED, json.dumps(kept))


def variables_of(release: Release | None) -> dict[str, str]:
    """What a release runs with: as it was made, or as it was started again; nothing where that is not known."""
    try:
        text = (release.folder / _STARTED).read_text(encoding="utf-8") if release is not None else "{}"
        return dict(json.loads(text)) or pinned_variables(release)
    except (OSError, ValueError):
        return pinned_variables(release)


def kept_variables(before: Mapping[str, str], now: Mapping[str, str], declared: Collection[str]) -> dict[str, str]:
    """The variables of a release that starts again: as they were, but secrets as they are now.

    A secret that the current env file no longer has is left out (a revoked key must not return), unless there are
    no current variables at all. A URL in which only the password changed takes the new password.
    """
    if not now:
        return dict(before)
    kept = {}
    for name, value in before.items():
        if name in declared or is_secret_name(name):
            if name in now:
                kept[name] = now[name]
        elif name in now and _without_passwords(value) == _without_passwords(now[name]):
            kept[name] = now[name]
        else:
            kept[name] = value
    return kept


def changed(place: Place, release: Release) -> tuple[str, ...]:
    """The secrets that have another value today than when the release was made, or none."""
    now, declared = place.variables, place.environment.secrets
    if not now:
        return ()
    return tuple(
        name
        for name, value in pinned_variables(release).items()
        if now.get(name) != value and (name in declared or is_secret_name(name) or url_passwords(value))
    )


def with_earlier(place: Place, release: Release) -> Place:
    """The place as it was when the release was made: with the secrets of that day."""
    return replace(place, variables=pinned_variables(release))


def _without_passwords(value: str) -> str:
    for password in sorted(url_passwords(value), key=len, reverse=True):
        value = value.replace(f":{password}@", ":@").replace(f"={password}", "=")
    return value
