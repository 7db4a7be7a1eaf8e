"""What a runtime is: how instances of a release run, and how one looks at them.

What checks see is here (``Artifact``, ``InstanceState``, ``Inspector``); what builds and moves is in ``protocols``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gonogo import git
from gonogo.config import Environment, Project
from gonogo.errors import GonogoError
from gonogo.host.runner import Command, Completed, Host
from gonogo.state.release import Release

if TYPE_CHECKING:
    from gonogo.inspection.code.contents import FileDigest
    from gonogo.inspection.code.recipe import BuildRecipe

__all__ = [
    "EARLY",
    "LIMITED",
    "Artifact",
    "Described",
    "Front",
    "ImageFacts",
    "Inside",
    "Inspector",
    "InstanceState",
    "Layout",
    "LogLine",
    "Place",
    "RuntimeUnreachableError",
    "remove_worktree",
]

EARLY = 2
"""As often an instance may be started again because it was early for its database; more is a loop."""
LIMITED = "not known: 429, a limit on requests"
"""The health of an instance that answered that it is asked too often."""


class RuntimeUnreachableError(GonogoError):
    """The runtime could not be asked (its API is dead or too slow): nothing is known, which is not a failure."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Everything that tells a runtime where it works."""

    project: Project
    """The configuration that applies: the release's own."""
    environment: Environment
    state: Path
    """The environment's state folder on the host."""
    path: Path
    """The folder on the host that holds the env file and what is not in git."""
    host: Host = field(repr=False)
    """Where its commands run."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the env file says (secrets!)."""


@dataclass(frozen=True, kw_only=True)
class ImageFacts:
    """What an image says of itself."""

    id: str
    tags: tuple[str, ...]
    user: str
    """``""`` is root."""
    labels: Mapping[str, str]
    healthcheck: tuple[str, ...] | None
    """As Docker keeps it: ``("CMD-SHELL", "curl …")``; None without one."""
    size: int
    """Bytes."""
    created: str
    workdir: str
    command: tuple[str, ...]
    """Entry point and command together."""


@dataclass(frozen=True, kw_only=True)
class InstanceState:
    """One instance as its runtime sees it now."""

    service: str
    name: str
    status: str
    """``running``, ``restarting``, ``exited``, ``missing`` …"""
    health: str | None
    """``healthy``, ``starting``, ``unhealthy``, or ``LIMITED``; None without a health check."""
    restarts: int
    started_at: str
    image: str | None
    """Image id it runs (runtime compose)."""
    release: str | None
    """The release it says it belongs to."""
    exit_code: int | None = None
    one_shot: bool = False
    """A service that is meant to end (exit 0 is success)."""
    created_at: str = ""
    """When it was made; empty where the runtime makes a new one for every start."""
    health_said: str = ""
    """What its health check said last, with its exit code; empty where it passed or the runtime does not know."""

    def is_of(self, release: Release) -> bool:
        """Whether it is of a release; one that was adopted never said so, and is known by its image."""
        if self.release:
            return self.release == release.id
        return self.image is not None and self.image == release.images.get(self.service)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where paths of the application are inside an artifact or instance, and how that is known."""

    code: Mapping[str, str]
    """``{".": "/app"}``; absolute paths inside."""
    known_by: str
    """Who says so: ``gonogo.toml``, ``Dockerfile``, ``its content``; an empty text where nobody does."""
    recipe: BuildRecipe | None = None
    """What its build makes of the application's files, where that can be read."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of an instance's log."""

    text: str
    at: datetime | None = None
    """When it was written; of a log without times the start for what was written until all were healthy, else None."""


@dataclass(frozen=True, kw_only=True)
class Described:
    """What one service of a release is started as, fit to be shown: of its variables the names alone."""

    definition: Mapping[str, Any]
    """In the runtime's own words, without the variables."""
    variables: tuple[str, ...]
    """The names of those that it is given, in order."""


@dataclass(frozen=True, kw_only=True)
class Front:
    """What stands between a URL and the services of a release."""

    service: str
    """Its service; empty for one that this environment does not start."""
    behind: tuple[str, ...]
    """The services that it leads to, as far as is known."""
    is_named: bool = False
    """Whether its configuration names them; else all may be meant."""
    upstreams: tuple[str, ...] = ()
    """Where its configuration sends requests."""
    changed: tuple[tuple[str, str], ...] = ()
    """What the release changes of it: a file or a setting, and the difference."""

    @property
    def name(self) -> str:
        """As people call it."""
        return self.service or "what answers there"


class Inside(Protocol):
    """A place where the application's own Python can be asked: an image, a container, an environment."""

    @property
    def service(self) -> str:
        """Whose it is."""

    @property
    def label(self) -> str:
        """What people call it: ``image shop-api:20261121T…``."""

    @property
    def layout(self) -> Layout:
        """Where paths of the application are in it."""

    @property
    def code(self) -> Mapping[str, str]:
        """Where paths of the application land; nothing where that is not known, or none is there."""

    def python(self, script: str, *args: str, isolated: bool = True, timeout: float | None = None) -> Completed:
        """Runs a script under the target's own Python, given on standard input.

        ``isolated`` is ``python -I -``; otherwise ``python -`` in the application's working folder with its
        environment, as the application itself would be started.
        """

    def importing(self, entrypoint: str, chdir: str = "") -> Inside:
        """The same, where its server imports an entry point: ``chdir``, else what its own command says."""

    def files(self, paths: Iterable[str]) -> dict[str, FileDigest]:
        """Digests of every regular file and link below these absolute paths (missing ones are left out)."""

    def text(self, path: str) -> str | None:
        """The text of a file at an absolute path, or behind the link there; None where no file is."""

    def exists(self, path: str) -> bool:
        """Whether a program or path is there (a bare name is looked up on the PATH)."""


class Artifact(Inside, Protocol):
    """What the build gate examines, for one service."""

    @property
    def facts(self) -> ImageFacts | None:
        """None where it is no image."""


class Inspector(Protocol):
    """The read-only side of a runtime, for one release; the defaults are of one that nothing stands around."""

    def looking(self) -> AbstractContextManager[None]:
        """Inside it, what it takes to look at an artifact is kept from one look to the next."""
        return nullcontext()

    @abstractmethod
    def artifacts(self) -> Sequence[Artifact]:
        """One for each deployed service (services that share an image appear once each)."""

    @abstractmethod
    def instances(self, *, health: bool = True) -> Sequence[InstanceState]:
        """Every instance of every deployed service; one that should run and does not is ``missing``.

        ``health`` False: an instance is not sent a request to find out how it is.
        """

    def described(self, service: str) -> Described | None:  # noqa: ARG002 (nothing is known)
        """What a service is started as; None where that is not known.

        Raises:
            GonogoError: what the release was pinned with cannot be read.
        """
        return None

    def fronts(self) -> Sequence[InstanceState]:
        """What stands in front of the deployed services (a proxy), whatever release it was started with."""
        return ()

    @abstractmethod
    def inside(self, service: str) -> Inside:
        """The running instance of a service."""

    @abstractmethod
    def logs(self, since: datetime | None, *, around: bool = False) -> Mapping[str, list[str]]:
        """Service → its log lines since then; ``around``: also of what stands in front."""

    def last_lines(self, since: datetime, *, most: int) -> Mapping[str, list[str]]:
        """What each thing that this environment runs wrote since then, stores too: so many last lines of it."""
        return {name: lines[-most:] for name, lines in self.logs(since, around=True).items()}

    @abstractmethod
    def log_lines(self, since: datetime | None) -> Mapping[str, list[LogLine]]:
        """Service → its log lines since then, each with its moment."""

    def unread(self) -> Sequence[str]:
        """Services of which nobody can read what they write."""
        return ()

    @abstractmethod
    def url(self, service: str | None = None) -> str | None:
        """Where a service (or the environment) answers; no trailing slash."""

    def published(self) -> Sequence[tuple[str, str, int]]:
        """(service, address, port) of every port that the release publishes on the host."""
        return ()

    def holders(self, outgoing: Release | None) -> Mapping[int, str]:  # noqa: ARG002 (nobody holds one)
        """Port → which instance of this environment's own holds it now, and gives it up for this release."""
        return {}

    def front(self, url: str, former: Release | None) -> Front | None:  # noqa: ARG002 (nothing stands there)
        """What stands in front of the services at a URL, and what the release changes of it; None for nothing.

        Raises:
            RuntimeUnreachableError: the runtime does not answer.
        """
        return None

    def memory(self, names: Sequence[str]) -> Mapping[str, int]:  # noqa: ARG002 (nobody weighs them)
        """Of these instances, by name, how many bytes each uses; none that cannot be told of."""
        return {}

    def strangers(self) -> Sequence[str]:
        """Whoever else gets requests that are meant for this release, one text each; nothing where nobody is seen."""
        return ()

    def left_behind(self) -> Sequence[str]:
        """Databases in what the next release replaces, one text each: in a container, or in a release's own folder."""
        return ()


def remove_worktree(release: Release) -> tuple[Command, ...]:
    """The command that takes away a checkout's worktree, as an older gonogo made it; nothing where there is none."""
    try:
        leads = (release.worktree / ".git").read_text(encoding="utf-8").removeprefix("gitdir:").strip()
    except OSError:
        return ()
    home = release.worktree / leads
    if home.parent.name != "worktrees" or not home.is_dir():
        return ()
    return (git.ask(release.worktree, "worktree", "remove", "--force", str(release.worktree)),)
