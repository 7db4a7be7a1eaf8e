"""Which compose files a repository's application is made of, and what Compose makes of them."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from gonogo.detect.composefiles import candidates, choices
from gonogo.detect.facts import Given
from gonogo.detect.rendering import Rendered, compose_name, render_aside
from gonogo.detect.running import Running, running_in
from gonogo.detect.tree import Tree
from gonogo.errors import UsageError
from gonogo.host.runner import Host
from gonogo.inspection.variables.envfile import parse
from gonogo.runtimes.compose.model.roles import deployed_services

__all__ = ["Chosen", "choose", "said_files"]

_LISTED = 6
_PORTS = {"http": 80, "https": 443}
_NO_COMPOSE = (
    "--runtime compose: found no compose file, expected compose.yaml or docker-compose.yml here or below. Write one "
    "whose service has `build:`, or name yours: `gonogo init --compose FILE`; without Docker: "
    "`gonogo init --runtime process`."
)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What is looked at: the model, what of it runs, and what else the repository has."""

    rendered: Rendered
    runs: Running | None
    sets: tuple[tuple[str, ...], ...]
    """The sets of compose files that there are, the likeliest first."""


def choose(root: Path, tree: Tree, given: Given, host: Host) -> Chosen:
    """Finds the compose files that are meant: what runs was started from them, or the first that builds something.

    Of several, the first one that publishes the port of the URL that was given.

    Raises:
        UsageError: there are none, those of several applications, or none that builds anything.
    """
    running = running_in(root, host)
    runs = next((one for one in running if given.project in {"", one.project}), None)
    sets = choices(tree, stands_alone=lambda path: not _rendered(root, tree, (path,), host, given).error)
    wanted = _wanted(root, tree, given, runs, sets)
    rendered = _render(root, tree, wanted[0], host, given)
    for files in wanted[1:]:
        if _builds(rendered):
            break
        rendered = _render(root, tree, files, host, given)
    if not _builds(rendered):
        first = rendered if len(wanted) == 1 else _render(root, tree, wanted[0], host, given)
        raise UsageError(_nothing_built(first))
    if given.url and runs is None and not _publishes(rendered, given.url):
        others = (_rendered(root, tree, files, host, given) for files in wanted)
        fit = (one for one in others if not one.error and _builds(one) and _publishes(one, given.url))
        rendered = next(fit, rendered)
    return Chosen(rendered=rendered, runs=runs, sets=sets)


def _publishes(rendered: Rendered, url: str) -> bool:
    """Whether one of its services has the port of a URL on this machine."""
    parts = urlsplit(url)
    port = str(parts.port or _PORTS.get(parts.scheme) or "")
    services = (rendered.model.get("services") or {}).values()
    return any(str(one.get("published")) == port for service in services for one in service.get("ports") or ())


def _builds(rendered: Rendered) -> bool:
    return bool(deployed_services(rendered.model, ()))


def _wanted(
    root: Path, tree: Tree, given: Given, runs: Running | None, sets: tuple[tuple[str, ...], ...]
) -> tuple[tuple[str, ...], ...]:
    if given.compose:
        return (given.compose,)
    if runs is not None and runs.files and all(path in tree for path in runs.files):
        return (runs.files,)
    if said := said_files(root, tree, given):
        return (said,)
    if not sets:
        raise UsageError(_NO_COMPOSE)
    apart = {posixpath.dirname(one[0]) for one in sets}
    if "" not in apart:
        best = {posixpath.dirname(one[0]) for one in sets if one[0].count("/") == sets[0][0].count("/")}
        if len(best) > 1:
            raise UsageError(_several(sets))
    return sets


def said_files(root: Path, tree: Tree, given: Given) -> tuple[str, ...]:
    """The files that COMPOSE_FILE of the env file names; nothing where one is not there, or is for a desk."""
    try:
        text = (root / (given.env_file or ".env")).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    values = parse(text, grammar="compose").values
    names = (values.get("COMPOSE_FILE") or "").split(values.get("COMPOSE_PATH_SEPARATOR") or ":")
    files = tuple(posixpath.normpath(name.strip()) for name in names if name.strip())
    kinds = {one.path: one.kind for one in candidates(tree)}
    return files if all(kinds.get(path) in {"base", "server", "other"} for path in files) else ()


def _several(sets: Sequence[Sequence[str]]) -> str:
    listed = "".join(f"\n    gonogo init --compose {' --compose '.join(one)}" for one in sets[:_LISTED])
    return (
        "found the compose files of several applications, expected one. Change to the folder of the application, or "
        f"name its files:{listed}"
    )


def _require(tree: Tree, files: Sequence[str]) -> None:
    for path in files:
        if path not in tree:
            raise UsageError(f"--compose {path}: found no such file here, expected the path of a compose file.")


def _no_folders(root: Path, files: Sequence[str], given: Given) -> None:
    """Docker makes a folder where a file that is to be mounted is missing."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(files[0]), ".env"))
    for path in filter(None, (given.env_file, beside)):
        if (root / path).is_dir():
            raise UsageError(
                f"{path}: found a folder, expected an env file. Docker makes such a folder where a file that it mounts "
                f"is missing: `rmdir {path}`, and put the file there."
            )


def _render(root: Path, tree: Tree, files: Sequence[str], host: Host, given: Given) -> Rendered:
    _require(tree, files)
    _no_folders(root, files, given)
    rendered = _rendered(root, tree, files, host, given)
    if rendered.error:
        raise UsageError(
            f"{', '.join(files)}: found a model that Compose refuses, expected one that it renders. "
            f"`docker compose config` says:\n{rendered.error}"
        )
    return rendered


def _rendered(root: Path, tree: Tree, files: Sequence[str], host: Host, given: Given) -> Rendered:
    def asked(project: str) -> Rendered:
        return render_aside(root, tree, files, host, profiles=given.profiles, env_file=given.env_file, project=project)

    below = PurePosixPath(files[0]).parent
    found = asked(given.project)
    is_of_folder = below.name and found.model.get("name") == compose_name(below)
    return asked(compose_name(root)) if is_of_folder and not given.project else found


def _nothing_built(rendered: Rendered) -> str:
    files, services = ", ".join(rendered.files), rendered.model.get("services") or {}
    profiles = (
        f" Behind profiles stands more: --profile {' --profile '.join(rendered.profiles)}." if rendered.profiles else ""
    )
    images = ", ".join(f"{name} ({service.get('image')})" for name, service in services.items())
    return (
        f"{files}: found no service with `build:` among {images or 'its services'}, expected at least one: a "
        "release is built from a commit. Give the application's service `build: .`, or name another file with "
        f"--compose.{profiles} What runs without Docker: `gonogo init --runtime process`."
    )
