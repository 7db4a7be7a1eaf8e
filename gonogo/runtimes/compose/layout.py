"""Where the application's files are in an image: as gonogo.toml says, as its Dockerfile does, or by their content."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gonogo.inspection.code.brought import File
from gonogo.inspection.code.contents import FileDigest, manifest_of, map_paths
from gonogo.inspection.code.located import located
from gonogo.inspection.code.recipe import BuildRecipe
from gonogo.runtimes.base import Layout
from gonogo.runtimes.compose.code import files_below, recipe_of

__all__ = ["Reader", "assumed_code", "layout_of"]

Reader = Callable[[Iterable[str]], Mapping[str, FileDigest]]
"""Digests of what stands at or below absolute paths of an image."""

_USUAL = ("/app", "/code", "/srv", "/usr/src", "/home", "/var/www", "/usr/share/nginx", "/etc/nginx", "/etc/caddy")
_PACKAGES = ("/usr/local/lib", "/opt", "/venv")
"""Where ``pip install .`` puts what a COPY brought for it."""
_FOREIGN = frozenset({".venv", "venv", "node_modules", ".tox", ".nox", "__pycache__"})
_SAMPLE = 12


def layout_of(
    said: Mapping[str, str] | None, build: Mapping[str, Any], *, root: Path, workdir: str, read: Reader
) -> Layout:
    """Where the files below the application's folder are in an image.

    Args:
        said: what gonogo.toml says; it is believed.
        build: ``build`` of the rendered model; nothing where the image is built elsewhere.
        root: the application's folder.
        workdir: where the image works.
        read: reads files of the image.
    """
    recipe = recipe_of(build, root=root, workdir=workdir)
    if said is not None:
        return Layout(code=dict(said), known_by="gonogo.toml", recipe=recipe)
    recipe = _in_folders(recipe, read) if recipe is not None else None
    if recipe is not None and recipe.code and _stands(recipe, read):
        return Layout(code=recipe.code, known_by=recipe.dockerfile, recipe=recipe)
    source = manifest_of(root, (path for path in files_below(root) if _FOREIGN.isdisjoint(path.split("/"))))
    installed = _PACKAGES if recipe is None or recipe.code else ()
    image = read(_outermost((workdir, *_USUAL, *installed)))
    found, guess = located(source, image), assumed_code(build, workdir, root)
    there = sum(at in image for at in map_paths(source, guess).values())
    if recipe is None and there > sum(at in image for at in map_paths(source, found).values()):
        return Layout(code=guess, known_by="its working folder")
    if found:
        return Layout(code=found, known_by="its content", recipe=recipe)
    brings_nothing = recipe is not None and not recipe.code and not recipe.image.unclear
    return Layout(code={}, known_by=recipe.dockerfile if recipe is not None and brings_nothing else "", recipe=recipe)


def assumed_code(build: Mapping[str, Any], workdir: str, folder: Path) -> dict[str, str]:
    """Where the application's files land as long as nothing is known: the build context in the working folder."""
    context = Path(str(build.get("context") or folder))
    inside = context.is_relative_to(folder) and context != folder
    return {context.relative_to(folder).as_posix() if inside else ".": workdir or "/"}


def _in_folders(recipe: BuildRecipe, read: Reader) -> BuildRecipe:
    """The same, where a file's target without a slash at its end is a folder of the base image: only that knows it.

    ``COPY nginx.conf /etc/nginx/conf.d`` puts the file into the folder.
    """
    files = recipe.image.files
    doubtful = {at: f"{at}/{name}" for at, one in files.items() if (name := _other_name(at, one))}
    if not doubtful:
        return recipe
    found = read(doubtful)
    moved = {at: inside for at, inside in doubtful.items() if at not in found and inside in found}
    whole = {moved.get(at, at): replace(one, there=moved.get(at, one.there)) for at, one in files.items()}
    return replace(recipe, image=replace(recipe.image, files=whole))


def _other_name(at: str, one: File) -> str:
    """The name of a file that alone was copied to a place of another name; an empty text for every other file."""
    name = posixpath.basename(one.path)
    return name if one.here == one.path and one.there == at and posixpath.basename(at) != name else ""


def _stands(recipe: BuildRecipe, read: Reader) -> bool:
    """Whether an image has files where its Dockerfile puts them; a few are looked at."""
    places = sorted(recipe.image.files)
    return bool(read(places[:: max(1, len(places) // _SAMPLE)]))


def _outermost(folders: Iterable[str]) -> list[str]:
    """Folders without those that lie in another one; the whole image is never read for a search."""
    wanted = {folder.rstrip("/") for folder in folders} - {""}
    return sorted(one for one in wanted if not any(one.startswith(f"{other}/") for other in wanted))
