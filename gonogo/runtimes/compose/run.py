"""A service's own command beside its instances: in which folder it runs, and what its entry point makes of it."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gonogo.host.runner import Command
from gonogo.inspection.code.contents import folder_place
from gonogo.inspection.code.entrypoint import passes_on
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.code import recipe_of
from gonogo.runtimes.compose.entry import entry_point, image_config, scripts_of
from gonogo.runtimes.compose.files import services_of
from gonogo.state.release import Release

__all__ = ["deaf_services", "ends_of", "is_once", "marked", "marked_by", "run_name", "run_words", "standing"]

_SECONDS = 30.0
_GRACE = 8.0
_MARK = "GONOGO_INSIDE"
"""Variable of what gonogo starts in a running container, which outlives its client."""
_END = """for how in TERM KILL; do
  left=
  for one in /proc/[0-9]*; do
    grep -qsz '^MARK$' "$one/environ" || continue
    kill -$how "${one#/proc/}" && left=yes
  done
  [ -z "$left" ] || [ $how = KILL ] || sleep 2
done 2>/dev/null
"""


def standing(
    place: Place, service: str, build: Mapping[str, Any], root: Path, argv: Sequence[str], *, folder: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Options and command that run ``argv`` where a folder of the application landed in the image.

    Without ``code`` in gonogo.toml it is where the Dockerfile puts that; where it does not say so either, the build
    context is where the service works.
    """
    configured = place.environment.service.get(service)
    code = configured.code if configured is not None else None
    if code is None and folder != ".":
        recipe = recipe_of(build, root=root)
        code = recipe.code if recipe is not None else None
    landed = folder_place(folder, code or {}) if folder != "." else None
    if landed is not None:
        return ("--workdir", landed), tuple(argv)
    context = Path(str(build.get("context") or root))
    below = posixpath.relpath((root / folder).as_posix(), context.as_posix())
    if folder == "." or below == "." or below.startswith(".."):
        return (), tuple(argv)
    return (), ("sh", "-c", f"cd {shlex.quote(below)} && exec {shlex.join(argv)}")


def run_words(
    release: Release, service: str, options: Sequence[str], argv: Sequence[str], *, name: str
) -> tuple[str, ...]:
    """``run`` with a command; an entry point that would swallow the command is replaced by it."""
    words = ("run", "--rm", "--name", name, "--no-deps", "--no-TTY", *options)
    if service in release.deaf:
        return (*words, "--entrypoint", argv[0], service, *argv[1:])
    return (*words, service, *argv)


def run_name(place: Place, release: Release, service: str) -> str:
    """The name of the container that runs a service's own command."""
    return f"{place.environment.project}-{service}-once-{release.id}"


def is_once(name: str, project: str) -> bool:
    """Whether a container has such a name."""
    return re.fullmatch(re.escape(project) + r"-.+-once-\d{8}T\d{6}-[0-9a-f]{7,}", name) is not None


def ends_of(name: str) -> tuple[Command, ...]:
    """What ends a container whose client was killed: the client's end does not reach a first process that ignores it.

    INT first: a migration cancels the statement that the database still works on.
    """
    return (
        Command(argv=("docker", "kill", "--signal", "INT", name), timeout=_SECONDS),
        Command(argv=("docker", "wait", name), timeout=_GRACE),
        Command(argv=("docker", "rm", "--force", name), timeout=_SECONDS),
    )


def marked(release: Release) -> tuple[tuple[str, str], tuple[str, ...]]:
    """Options of ``exec`` by which what it starts is known in the container, and the command there that ends it."""
    return marked_by(release.id)


def marked_by(name: str) -> tuple[tuple[str, str], tuple[str, ...]]:
    """The same by any name that nobody else has."""
    mark = f"{_MARK}={name}"
    return ("--env", mark), ("sh", "-c", _END.replace("MARK", mark))


def deaf_services(place: Place, release: Release, model: Mapping[str, Any]) -> tuple[str, ...]:
    """The services whose entry point does not run a command that it is given."""
    definitions = services_of(model)
    entries = {
        name: entry_point(definitions[name], image_config(release.images.get(name, release.tags[name]), place.host))
        for name in release.services
    }
    scripts = scripts_of(release.source_root(place.project.app.root), entries.values())
    return tuple(name for name, words in entries.items() if not passes_on(words, scripts))
