"""What was found out about a repository: each fact with its source, and whether it is certain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

__all__ = ["Fact", "Found", "Given", "Page", "Question", "ServiceFacts", "guess"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """One thing that was found out."""

    value: T
    where: str
    """The file and line that says so, or what was asked of what runs."""
    sure: bool = True
    """Whether that says it outright; otherwise it is the likeliest reading."""


def guess(value: T, where: str) -> Fact[T]:
    """A fact that is only likely."""
    return Fact(value, where, sure=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What only a person knows: a line that is left commented out."""

    about: str
    """``url``, ``service.api.entrypoint``."""
    text: str
    line: str = ""
    """How the line might read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """One deployed service; what is None was not found."""

    name: str
    where: str
    role: str = "unknown"
    """``web``, ``worker``, ``proxy``, ``store`` or ``unknown``."""
    framework: Fact[str] | None = None
    entrypoint: Fact[str] | None = None
    chdir: Fact[str] | None = None
    """The folder that its server moves to, where its own command does not say so."""
    code: Fact[dict[str, str]] | None = None
    routes: Fact[int] | None = None
    """How many routes the source declares below the entry point."""
    migrations: Fact[str] | None = None
    migrations_config: Fact[str] | None = None
    settings: Fact[tuple[str, ...]] | None = None
    url: Fact[str] | None = None
    """Where it answers itself, when that is not the environment's address."""
    live: Fact[str] | None = None
    command: Fact[str] | None = None
    """How the runtime ``process`` starts it."""
    port: Fact[int] | None = None
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that was found out about an application and one environment of it."""

    name: Fact[str]
    runtime: str
    project: Fact[str]
    services: tuple[ServiceFacts, ...]
    required: Fact[tuple[str, ...]] | None = None
    root: Fact[str] | None = None
    """The application's folder, where it is not the repository's."""
    compose: Fact[tuple[str, ...]] | None = None
    profiles: Fact[tuple[str, ...]] | None = None
    env_file: Fact[str] | None = None
    logs: Fact[tuple[str, ...]] | None = None
    """Files in the instances that are logs as well."""
    url: Fact[str] | None = None
    connect_to: Fact[str] | None = None
    """Where the requests to ``url`` are sent."""
    live: Fact[str] | None = None
    live_status: Fact[int] | None = None
    ready: Fact[str] | None = None
    timeout: Fact[float] | None = None
    secrets: Fact[dict[str, str]] | None = None
    """Each with who asks for it."""
    commands: Fact[dict[str, str]] | None = None
    """Commands that take the place of gonogo's own."""
    fronts: Fact[tuple[str, ...]] | None = None
    behind: Fact[tuple[str, ...]] | None = None
    pages: tuple[Page, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()
    running: bool = False
    """Whether its Compose project runs on this machine now."""
    to_do: tuple[str, ...] = ()
    """What must be done by hand before anything can be asked: a command, or a sentence."""

    def document(self) -> dict[str, Any]:
        """Everything as plain data, for ``--json``."""
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that was asked of what serves."""

    path: str
    status: int
    seconds: float
    where: str = field(default="asked of what serves")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the operator said; what is empty is found out."""

    env: str = "staging"
    name: str = ""
    project: str = ""
    compose: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    env_file: str = ""
    url: str = ""
    live: str = ""
    runtime: str = ""
    command: str = ""
    """How it is started, where no file says so."""
    port: int = 0


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value
