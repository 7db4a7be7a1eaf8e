"""What the checks of sources share: which files an artifact will hold, and which are imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from gonogo.config import Environment, Service
from gonogo.inspection.code.imports import files_of_module, imported_files
from gonogo.inspection.code.reach import led_to, may_lead_to
from gonogo.plugins.runtime_facts import Rendered
from gonogo.plugins.source import Source
from gonogo.runtimes.compose.model import roles

__all__ = ["contained", "entries", "entry_files", "imported"]


def contained(source: Source, environment: Environment, request: pytest.FixtureRequest) -> Callable[[str], bool]:
    """Whether an artifact of the release will hold a path; all do where that cannot be known before it is built."""
    if not environment.has("compose files"):
        return lambda _path: True
    rendered: Rendered = request.getfixturevalue("rendered")
    model, services = rendered.model, rendered.model.get("services") or {}
    deployed = roles.deployed_services(model, tuple(environment.service))
    builders = roles.built_by(model)
    recipes = [source.recipe(services[builders.get(one, one)].get("build") or {}) for one in deployed]
    if not recipes or any(recipe is None or recipe.image.unclear for recipe in recipes):
        return lambda _path: True
    brought = {file.path for recipe in recipes if recipe is not None for file in recipe.image.files.values()}
    mounts = [Path(mount.source) for mount in roles.bind_mounts(model) if mount.service in deployed]
    return lambda path: path in brought or any((source.root / path).is_relative_to(mount) for mount in mounts)


def entries(source: Source, environment: Environment) -> set[str]:
    """The files of entry points."""
    return entry_files(source, environment.service.values())


def entry_files(source: Source, services: Iterable[Service]) -> set[str]:
    """The files of these services' entry points."""
    modules = [service.entrypoint.partition(":")[0] for service in services if service.entrypoint]
    ends = tuple(end for module in modules for end in files_of_module(module.replace(".", "/")))
    return {path for path in source.tracked for end in ends if f"/{path}".endswith(f"/{end}")}


def imported(paths: Iterable[str], source: Source, environment: Environment) -> tuple[set[str], set[str]]:
    """Of these files those that sources import, entry points included, and those that they import for another Python.

    One that stands in for another, or that expects a ``SyntaxError``, is one of the latter.
    """
    asked, every = set(paths), source.texts(".py")
    surely = entries(source, environment) & asked
    for path in (texts := may_lead_to(asked, every)):
        if asked <= surely:
            break
        surely.update(led_to(path, texts, among=asked))
    left = asked - surely
    found = {file for path, text in may_lead_to(left, every).items() for file in imported_files(path, text)}
    return surely, found & left
