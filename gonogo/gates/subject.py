"""What a gate is asked about; the wrapper writes it, the pytest side reads it. It holds no secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from gonogo.config import Environment, Project, load_project
from gonogo.errors import ConfigError, UsageError
from gonogo.records.results import Attestation
from gonogo.state.lock import operator
from gonogo.state.release import Release
from gonogo.words import Role

__all__ = ["Subject", "as_it_serves", "attestations", "today"]


def today() -> date:
    """The day in UTC, by which waivers are judged."""
    return datetime.now(UTC).date()


class Subject(BaseModel):
    """One question's subject: which configuration asks, and about what."""

    model_config = ConfigDict(frozen=True)

    role: Role = Role.BARE
    env: str
    root: Path
    """The folder of the gonogo.toml that asks: the release's worktree in a deploy, the checkout otherwise."""
    path: Path
    """The folder on the host that holds the env file and what is not in git."""
    state: Path
    checkout: Path
    """The repository's own checkout, where the operator stands."""
    release: Release | None = None
    """What is judged: the candidate, or the serving release in a baseline or a rollback."""
    serving: Release | None = None
    """The release that served before this run."""
    run: Path | None = None
    """The run's folder (journal, results, probe)."""
    hotfix: bool = False
    force: bool = False
    """The operator deploys although gonogo would refuse, and has said why."""
    day: date = Field(default_factory=today)
    """The day on which the run began; midnight ends no waiver in the middle of it."""
    attested: tuple[Attestation, ...] = ()
    watch: float = 0.0
    """For how many seconds a watch observes; 0: it takes one look."""
    direct: dict[str, str] = {}
    """Service → where the release itself is asked, past the proxy; empty: the public address is."""
    beside: dict[str, str] = {}
    """The same of the release that serves while this one gets a share of the requests."""
    lock_pid: int | None = None
    """The run that asks holds the lock itself."""

    def load(self) -> tuple[Project, Environment]:
        """The configuration that asks; in a baseline where what serves can be found, as its own says it."""
        project = load_project(self.root)
        environment = project.environments[self.env]
        if self.direct:
            return project, _past_the_proxy(environment, self.direct)
        return project, as_it_serves(environment, self.release) if self.role is Role.BASELINE else environment


def _past_the_proxy(environment: Environment, direct: Mapping[str, str]) -> Environment:
    """The environment whose URLs lead to the services themselves, each under the name that its public one has."""
    at = next(iter(direct.values()))
    name = urlsplit(environment.url or f"http://{at}").netloc
    services = {
        key: one.model_copy(update=_beside(one.url, direct[key], name)) if one.url and key in direct else one
        for key, one in environment.service.items()
    }
    return environment.model_copy(
        update={"url": f"http://{name}", "connect_to": at, "traffic": None, "service": services}
    )


def _beside(url: str, at: str, taken: str) -> Mapping[str, str | None]:
    """Where a service with a URL of its own is asked; one address is known already by the name ``taken``."""
    name = urlsplit(url).netloc
    return {"url": f"http://{at}", "connect_to": None} if name == taken else {"url": f"http://{name}", "connect_to": at}


_OF_A_RUNTIME = ("runtime", "project", "compose", "profiles", "env_file", "commands")


def as_it_serves(environment: Environment, serving: Release | None) -> Environment:
    """The environment with the runtime, addresses, health pages and services that what serves came with.

    The release that comes may bring others: at those the serving one does not answer, and is well all the same.
    """
    if serving is None or not (serving.gate.is_file() or serving.runtime != environment.runtime):
        return environment
    try:
        own = load_project(serving.root).environments.get(environment.name)
    except (ConfigError, OSError):
        return environment
    if own is None:
        return environment
    names = ("url", "connect_to", "health", "service", *(_OF_A_RUNTIME if own.runtime != environment.runtime else ()))
    return environment.model_copy(update={name: getattr(own, name) for name in names})


def attestations(environment: Environment, given: Iterable[str]) -> tuple[Attestation, ...]:
    """What the operator says now, each id once (``--attest``).

    Raises:
        UsageError: the environment asks for no such attestation.
    """
    asked, ids, now = environment.attest, dict.fromkeys(given), datetime.now(UTC)
    for name in ids:
        if name not in asked:
            known = ", ".join(f'{one} ("{sentence}")' for one, sentence in asked.items())
            expected = f"one of {known}" if known else f"none: env.{environment.name}.attest asks for nothing"
            raise UsageError(f'--attest: found "{name}", expected {expected}.')
    return tuple(Attestation(id=name, sentence=asked[name], by=operator(), given=now) for name in ids)
