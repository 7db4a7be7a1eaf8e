"""What the checks of env files share: which files a release reads, and which examples stand beside them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from gonogo.config import Environment
from gonogo.inspection.variables import demands, envfile, envfiles
from gonogo.plugins.context import Context
from gonogo.plugins.source import Source
from gonogo.runtimes.place import env_file_of

__all__ = ["examples_of", "other_files"]


def other_files(
    environment: Environment, source: Source, context: Context
) -> tuple[set[str], dict[str, dict[str, str]]]:
    """What the env files say that services name, by their paths: those in git, and all of them.

    Compose says in its rendered model what services are given, and no longer from which file.
    """
    if not environment.has("compose files"):
        return set(), {}
    folder = posixpath.dirname(environment.compose[0])
    own = env_file_of(context.subject.path, environment)
    tracked: set[str] = set()
    found: dict[str, dict[str, str]] = {}

    def text(path: str) -> str | None:
        return source.text(path) if path in source.tracked else None

    for named in envfiles.named_in(environment.compose, text, context.variables, folder=folder):
        inside = named.path
        path = (source.root if inside in source.tracked else context.subject.path) / inside
        if own is not None and path.resolve() == own.resolve():
            continue
        problem, values = demands.read(path, grammar="compose")
        if problem:
            continue  # one that is not there, or cannot be read, is for Compose to judge (P12)
        tracked |= {str(path)} if inside in source.tracked else set()
        found[str(path)] = dict(values)
    return tracked, found


def examples_of(name: str, environment: Environment, source: Source) -> dict[str, Mapping[str, str]]:
    """Every example that this env file may have been copied from: name → what it says."""
    beside = environment.env_file or next(iter(environment.compose_files), "")
    wanted = posixpath.join(posixpath.dirname(beside), posixpath.basename(name))
    usual, _ = demands.example_file(source.root, environment)
    names = dict.fromkeys([*([usual] if usual else []), *envfiles.examples_of(wanted, source.tracked)])
    return {one: envfile.parse(source.text(one), name=one).values for one in names if one != name}
