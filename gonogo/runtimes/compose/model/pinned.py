"""Two models made from a rendered one: what a release is built from, and what it is started from.

Decisions: extra ``build.tags`` are dropped, so that building a release moves no name that something else uses.
``GIT_COMMIT`` is passed only where the service's own ``build.args`` name it; elsewhere it would only spoil the cache.
"""

import copy
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

__all__ = ["REVISION_LABEL", "pin", "with_build"]

REVISION_LABEL = "org.opencontainers.image.revision"


def with_build(model: Mapping[str, Any], tags: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, Any]:
    """Makes the model that ``docker compose build`` reads: tag and labels for each service in ``tags``."""
    result = copy.deepcopy(dict(model))
    for name, tag in tags.items():
        service = result["services"][name]
        service["image"] = tag
        if "build" in service:
            service["build"] = _labelled(service["build"], labels)
    return result


def pin(
    model: Mapping[str, Any],
    *,
    images: Mapping[str, str],
    worktree: str,
    project_dir: str,
    files: Mapping[str, str],
    release: str,
    commit: str,
) -> dict[str, Any]:
    """Makes the model that a release is started from, again and again: nothing is built or read from the worktree.

    Args:
        model: The model as rendered in the worktree.
        images: The image of each deployed service.
        worktree: The folder that was built; paths below it are mapped back to the project directory.
        project_dir: The folder that the project runs in.
        files: Paths relative to the worktree that have a pinned copy, and where the copy is.
        release: The release's id, set as label and environment variable of the deployed services.
        commit: The release's commit, likewise.
    """
    result: dict[str, Any] = _map_strings(copy.deepcopy(dict(model)), _relocation(worktree, project_dir, files))
    services: dict[str, dict[str, Any]] = result["services"]
    for name, service in services.items():
        if service.pop("build", None) is not None:
            service.pop("pull_policy", None)
            service.setdefault("image", f"{result['name']}-{name}")
        service.pop("develop", None)
    for name, image in images.items():
        service = services[name]
        service["image"] = image
        service.pop("pull_policy", None)
        service["labels"] = _mapping(service.get("labels")) | {"gonogo.release": release, "gonogo.commit": commit}
        identity = {"GONOGO_RELEASE": release, "GONOGO_COMMIT": commit}
        service["environment"] = _mapping(service.get("environment")) | identity
    return result


def _labelled(build: str | Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    result: dict[str, Any] = {"context": build} if isinstance(build, str) else dict(build)
    result.pop("tags", None)
    result["labels"] = _mapping(result.get("labels")) | dict(labels)
    arguments = _mapping(result.get("args"))
    if "GIT_COMMIT" in arguments and REVISION_LABEL in labels:
        result["args"] = arguments | {"GIT_COMMIT": labels[REVISION_LABEL]}
    return result


def _mapping(value: Any) -> dict[str, Any]:
    """Compose allows a mapping or a list of ``KEY=value``; the rendered model has mappings."""
    if isinstance(value, list):
        return {key: text if equals else None for key, equals, text in (str(item).partition("=") for item in value)}
    return dict(value or {})


def _relocation(worktree: str, project_dir: str, files: Mapping[str, str]) -> Callable[[str], str]:
    """Makes the function that says where a path of the worktree lies when the release runs; other strings stay."""
    root, home = worktree.rstrip("/"), project_dir.rstrip("/")
    longest_first = sorted(files.items(), key=lambda item: -len(PurePosixPath(item[0]).parts))
    copies = {f"{root}/{PurePosixPath(relative)}": pinned for relative, pinned in longest_first}

    def relocate(text: str) -> str:
        for prefix, replacement in (*copies.items(), (root, home)):
            if text == prefix or text.startswith(f"{prefix}/"):
                return replacement.rstrip("/") + text[len(prefix) :] or "/"
        return text

    return relocate


def _map_strings(value: Any, change: Callable[[str], str]) -> Any:
    """Changes every string that is a value; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _map_strings(item, change) for key, item in value.items()}
    return [_map_strings(item, change) for item in value] if isinstance(value, list) else value
