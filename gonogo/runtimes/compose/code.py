"""Which files of the application an image is built with, as the service's own Dockerfile says it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gonogo.inspection.code import brought, dockerignore
from gonogo.inspection.code.dockerfile import DockerfileError
from gonogo.inspection.code.recipe import BuildRecipe

__all__ = ["files_below", "recipe_of"]

_DOCKERFILE = "Dockerfile"


def recipe_of(build: Mapping[str, Any], *, root: Path, workdir: str = "/") -> BuildRecipe | None:
    """What a service's ``build`` makes of the files below the application's folder.

    None where that cannot be read: nothing is built, the context or the Dockerfile is elsewhere, or it is none.

    Args:
        build: ``build`` of a rendered Compose model, with absolute paths.
        root: the application's folder.
        workdir: the working folder of the images that stages are made from.
    """
    context = Path(str(build.get("context") or root))
    if not build or not context.is_dir():
        return None
    path = context / str(build.get("dockerfile") or _DOCKERFILE)
    try:
        text = str(build.get("dockerfile_inline") or path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    own = {name: Path(str(place)) for name, place in (build.get("additional_contexts") or {}).items()}
    contexts = {"": context, **{name: place for name, place in own.items() if place.is_dir()}}
    files = {name: _Files(place, path if not name else None) for name, place in contexts.items()}
    try:
        image = brought.image_of(
            text,
            files=files[""].taken,
            target=str(build.get("target") or ""),
            args=_arguments(build),
            workdir=workdir,
            contexts={name: found.taken for name, found in files.items() if name},
        )
    except DockerfileError:
        return None
    places = {name: str(place) for name, place in contexts.items()}
    ignored = (place / one for name, place in contexts.items() for one in files[name].ignored)
    return BuildRecipe(
        dockerfile=_shown(path, root),
        image=brought.seen_from(image, root=str(root), contexts=places),
        ignored=frozenset(one.relative_to(root).as_posix() for one in ignored if one.is_relative_to(root)),
        text=text,
        target=str(build.get("target") or ""),
        given=frozenset(_arguments(build)),
    )


class _Files:
    """The files of one build context: those that are taken, and those that its ignore file leaves out."""

    def __init__(self, folder: Path, dockerfile: Path | None) -> None:
        is_left_out = _ignore(folder, dockerfile)
        everything = list(files_below(folder))
        self.ignored = frozenset(filter(is_left_out, everything))
        self.taken = frozenset(everything) - self.ignored


def _ignore(folder: Path, dockerfile: Path | None) -> Callable[[str], bool]:
    """What the ignore file beside the Dockerfile says, else the context's."""
    beside = [Path(name) for name in dockerignore.names(str(dockerfile))[:1]] if dockerfile is not None else []
    for path in (*beside, folder / dockerignore.names("")[-1]):
        if path.is_file():
            return dockerignore.ignore(path.read_text(encoding="utf-8", errors="replace"))
    return lambda _path: False


def files_below(folder: Path) -> Iterator[str]:
    """Every file and link below a folder, by its path from there; git's own folder holds none that are copied."""
    for parent, names, files in os.walk(folder):
        links = {name for name in names if (Path(parent) / name).is_symlink()}
        names[:] = [name for name in names if name != ".git" and name not in links]
        below = os.path.relpath(parent, folder)
        for name in (*files, *links):
            yield name if below == os.curdir else f"{below}/{name}"


def _arguments(build: Mapping[str, Any]) -> dict[str, str]:
    """The build arguments that have a value."""
    args = build.get("args") or {}
    if not isinstance(args, Mapping):  # as a Compose file may list them
        args = dict(str(one).partition("=")[::2] for one in args if "=" in str(one))
    return {str(name): str(value).replace("$$", "$") for name, value in args.items() if value is not None}


def _shown(path: Path, root: Path) -> str:
    return os.path.relpath(path, root)
