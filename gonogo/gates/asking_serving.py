"""Where the database of a service stands, asked through the release that serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from gonogo.config import Environment, Service, load_project
from gonogo.errors import GonogoError, OutOfTimeError, in_one_line
from gonogo.migrations import tool_of
from gonogo.migrations.question import Said, ask
from gonogo.runtimes.base import Place
from gonogo.runtimes.place import maker
from gonogo.runtimes.protocols import Runtime
from gonogo.state.release import Release

__all__ = ["Question", "ask_serving", "migrated", "said_by_serving"]


class Question(Protocol):
    """What is asked about: a release that comes, what serves, and where."""

    @property
    def place(self) -> Place:
        """Where the runtime works."""

    @property
    def runtime(self) -> Runtime:
        """What runs the releases."""

    @property
    def release(self) -> Release:
        """The one that comes."""

    @property
    def serving(self) -> Release | None:
        """The one that serves."""


def migrated(environment: Environment, *, every: bool = False) -> Mapping[str, Service]:
    """The services with migrations; those that share them are asked once, by the first one's name, unless ``every``."""
    found: dict[str, Service] = {}
    seen: set[tuple[str, str]] = set()
    for name, service in environment.service.items():
        key = (service.migrations, service.migrations_config)
        if service.migrations != "none" and (every or key not in seen):
            seen.add(key)
            found[name] = service
    return found


def ask_serving(question: Question, name: str, service: Service, **asked: Any) -> tuple[Said | None, str]:
    """What the tool says in the serving release's instance, with its own configuration; else why it does not."""
    try:
        return said_by_serving(question, name, service, **asked)
    except OutOfTimeError as error:
        return None, in_one_line(error)


def said_by_serving(question: Question, name: str, service: Service, **asked: Any) -> tuple[Said | None, str]:
    """The same.

    Raises:
        OutOfTimeError: it does not say it in time.
    """
    serving = question.serving
    if serving is None:
        return None, ""
    known = _its_own(question.place, serving, name, service)
    if known is None:
        return None, (
            f"{serving.id} has no service {name}, nor another one with these migrations; "
            "it is asked with the next release"
        )
    name, own = known
    root = serving.source_root(question.place.project.app.root)
    try:
        runtime, place = maker(question.runtime, question.place, serving)
        inside = runtime.inspector(place, serving).inside(name)
        said = ask(inside, root, own, tool_of(own.migrations), current=True, **asked)
    except OutOfTimeError:
        raise
    except (GonogoError, OSError) as error:
        return None, in_one_line(error)
    return (said, "") if said.error is None else (None, f"{inside.label}: {said.error}")


def _its_own(place: Place, serving: Release, name: str, service: Service) -> tuple[str, Service] | None:
    """What the service is called in the serving release, and as what its own configuration has it, if that migrates.

    One that was renamed is the one that had these migrations; None where none had them.
    """
    try:
        own = migrated(load_project(serving.root).environments[place.environment.name], every=True)
    except (GonogoError, OSError, KeyError):
        own = {}
    if name in serving.services:
        return name, own.get(name, service)
    same = (service.migrations, service.migrations_config)
    former = [one for one, was in own.items() if (was.migrations, was.migrations_config) == same]
    found = next((one for one in former if one in serving.services), None)
    return None if found is None else (found, own[found])
