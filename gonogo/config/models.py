"""What a gonogo.toml may say; every field is documented where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gonogo.config.backups import BackupRule
from gonogo.config.calendar import judged_freezes, judged_windows, judged_zone
from gonogo.config.comparisons import judged_json
from gonogo.config.entries import (
    CheckRule,
    Ci,
    Endpoint,
    Heartbeat,
    Logs,
    Page,
    Promote,
    SecretRule,
    SqlAssertion,
    Tag,
    TeamCommand,
    TeamStep,
    Visitor,
    Waiver,
    Watch,
    Webhook,
)
from gonogo.config.frameworks import FRAMEWORKS
from gonogo.config.hosts import LOCAL, judged_host
from gonogo.config.images import is_of_one_commit, judged_image
from gonogo.config.metrics import MetricRule
from gonogo.config.migration_tools import MIGRATION_TOOLS
from gonogo.config.runtimes import RUNTIMES, Capability, has, with_capability
from gonogo.config.strategies import BESIDE, STRATEGIES
from gonogo.config.traffic import Canary, Traffic
from gonogo.config.types import (
    Argv,
    CheckName,
    Duration,
    HostPort,
    HttpUrl,
    Name,
    RelativePath,
    Words,
)
from gonogo.errors import UsageError
from gonogo.words import CONFIG_NAME, Tier

__all__ = ["LEADS_ON", "App", "Environment", "Health", "Project", "Service"]

if TYPE_CHECKING:
    RuntimeName = str
    StrategyName = str
    MigrationToolName = str
    FrameworkName = str
else:
    RuntimeName, StrategyName = Literal[tuple(RUNTIMES)], Literal[tuple(STRATEGIES)]
    MigrationToolName = Literal[(*MIGRATION_TOOLS, "none")]
    FrameworkName = Literal[(*FRAMEWORKS, "none")]
    """Names of the tables, so that a schema and a refusal list them."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class App(_Model):
    """The application that this repository holds."""

    name: Name
    root: RelativePath = "."
    """Where the application stands, from the folder of gonogo.toml."""
    required: tuple[RelativePath, ...] = ()
    """Files and folders that must exist in the source and in the image (P05, B08)."""
    not_source: tuple[str, ...] = ()
    """Paths and patterns, as an ignore file has them, that are no source of the application's."""
    default_env: str | None = None
    plugins: tuple[str, ...] = ()
    """pytest plugins that the team's own checks need; all others stay out of gates."""


LEADS_ON = (301, 302, 303, 307, 308)
"""The statuses of an answer that names another page."""


class Health(_Model):
    """Where an instance says how it is."""

    live: Annotated[str, Field(pattern="^/")] = "/healthz"
    ready: Annotated[str, Field(pattern="^/")] | None = None
    stable_for: Duration = 5.0
    """How long restart counts must stand still (D03)."""
    timeout: Duration = 120.0
    """How long a starting release may take to become healthy."""
    live_status: int = 200
    json_: Annotated[dict[str, Any], AfterValidator(judged_json), Field(alias="json")] = {}
    """What a health document must say, by dotted path, as an endpoint's ``json`` (D08)."""

    def stated(self) -> dict[str, Any]:
        """What was written down, without the defaults."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    @property
    def alive(self) -> tuple[int, ...]:
        """What ``live`` may answer while it lives: the status that was written down, else 200 or that it leads on.

        Where it leads to is D06's to judge.
        """
        return (self.live_status,) if "live_status" in self.model_fields_set else (self.live_status, *LEADS_ON)


_CONNECT_TO = "connect_to needs a url: it says where the requests to that are sent"


class Service(_Model):
    """One deployed service of the application."""

    framework: FrameworkName = "none"
    entrypoint: Annotated[str, Field(pattern=r"^[\w.]+(:[\w.]+(\(\))?)?$")] | None = None
    """``module:attribute`` as uvicorn or gunicorn would be given it."""
    chdir: Annotated[str, Field(pattern=r"^[\w./+@-]+$")] | None = None
    """The folder that its server moves to before it imports that; None: as its own command says."""
    code: dict[RelativePath, Annotated[str, Field(pattern="^/")]] | None = None
    """Where paths of the repository land in the image; empty: none of them does."""
    required: tuple[RelativePath, ...] = ()
    max_image_size: Annotated[int, Field(gt=0)] | None = None
    """MiB that its image should have at most (B10)."""
    min_routes: Annotated[int, Field(ge=0)] = 0
    migrations: MigrationToolName = "none"
    migrations_config: RelativePath = "alembic.ini"
    compatible_migrations: tuple[str, ...] = ()
    """Revisions that the team states the previous release can live with."""
    url: HttpUrl | None = None
    connect_to: HostPort | None = None
    """Where the requests to ``url`` are sent, under its name."""
    health: Health | None = None
    command: Argv | None = None
    """How the runtime ``process`` starts an instance; ``{port}`` and ``{python}`` are filled in."""
    port: Annotated[int, Field(gt=0, lt=65536)] | None = None
    settings: tuple[RelativePath, ...] = ()
    """Python files whose settings classes name required variables (P19)."""
    image: Annotated[str, AfterValidator(judged_image)] | None = None
    """The image that was built elsewhere, and is pulled instead of being built."""
    revision: bool = True
    """That image must name the commit in its label ``org.opencontainers.image.revision``."""
    single: bool = False
    """Two of it must never run at a time: strategy ``bluegreen`` stops the old one before it starts the new one."""

    @model_validator(mode="after")
    def _is_tied_to_the_commit(self) -> Service:
        if self.connect_to and not self.url:
            raise ValueError(_CONNECT_TO)
        if not self.revision and self.image is None:
            raise ValueError("revision = false needs image: an image that gonogo builds names its commit")
        if not self.revision and self.image is not None and not is_of_one_commit(self.image):
            raise ValueError(
                "revision = false needs {commit}, {short} or a digest in image: else nothing ties it to the commit"
            )
        return self


class Environment(_Model):
    """One named target."""

    name: str = ""
    tier: Tier = Tier.STAGING
    runtime: RuntimeName = "compose"
    strategy: StrategyName = "recreate"
    traffic: Traffic | None = None
    """Who receives requests, where releases take turns (strategy ``bluegreen``)."""
    canary: Canary | None = None
    """The shares of the requests that a release gets there before it gets all; None: all at once."""
    keep_blue: Duration = 0.0
    """How long the release before runs on there after a GO, so that going back is only a switch."""
    project: Name
    url: HttpUrl | None = None
    requests_per_minute: Annotated[int, Field(ge=1)] | None = None
    """How many requests from one address the application allows; None: as its answers say, where they do."""
    connect_to: HostPort | None = None
    """Where the requests to ``url`` are sent, under its name: this machine, whatever the name leads to."""
    host: Annotated[str, AfterValidator(judged_host)] = LOCAL
    """The machine that it lives on: this one, or one that ``ssh`` reaches, on which gonogo then runs."""
    confirm: Annotated[Duration, Field(gt=0)] | None = None
    """Whoever deploys must confirm a release within this time, or the host goes back."""
    path: str | None = None
    """The folder on the host that holds the env file and what is not in git; default: the application's folder."""
    state: str | None = None
    """Where releases, runs and the lock are kept; default: the user's state folder."""
    compose: tuple[RelativePath, ...] = ("docker-compose.yml",)
    profiles: tuple[str, ...] = ()
    env_file: str | None = None
    health: Health = Health()
    service: dict[str, Service] = {}
    endpoint: tuple[Endpoint, ...] = ()
    page: tuple[Page, ...] = ()
    webhook: tuple[Webhook, ...] = ()
    visitor: Visitor | None = None
    heartbeat: tuple[Heartbeat, ...] = ()
    metric: tuple[MetricRule, ...] = ()
    command: tuple[TeamCommand, ...] = ()
    sql: tuple[SqlAssertion, ...] = ()
    step: tuple[TeamStep, ...] = ()
    watch: Watch = Watch()
    checks: dict[CheckName, CheckRule] = {}
    """How checks are judged here: by code (``D15``), or by one of its cases (``B02[api]``)."""
    waive: tuple[Waiver, ...] = ()
    attest: dict[Name, Words] = {}
    """What somebody must have said before a deployment (P39): an id, and the sentence that they stand for."""
    secrets: dict[str, SecretRule] = {}
    required_env: tuple[str, ...] = ()
    logs: Logs = Logs()
    refused: tuple[HostPort, ...] = ()
    """Addresses with a port where nobody may be reached from here (D33)."""
    branches: tuple[str, ...] = ()
    """Patterns of the branches of which a release must be (P02)."""
    release_tag: str | None = None
    """The pattern of the annotated tag that a release must have (P03)."""
    ci: Ci | None = None
    promote: Promote | None = None
    """Where a commit must have served before (P41)."""
    tag: Tag | None = None
    window: Annotated[tuple[str, ...], AfterValidator(judged_windows)] = ()
    """When deployments may begin (P40)."""
    freeze: Annotated[tuple[str, ...], AfterValidator(judged_freezes)] = ()
    """Days on which none may (P40)."""
    timezone: Annotated[str, AfterValidator(judged_zone)] = "UTC"
    """What ``window`` and ``freeze`` mean."""
    not_asked: tuple[str, ...] = ()
    """Patterns of paths that D30 leaves alone."""
    notify: tuple[str, ...] = ()
    """Channels that are told of a run: addresses of apprise, with ``${NAME}`` from the env file."""
    commands: dict[Literal["build", "environment", "install", "migrate"], Argv] = {}
    """Replaces the command of a move; the plan prints what would run."""
    backup: BackupRule | None = None
    """How the data are kept before a deployment; None: where a database container is found, outside dev."""
    keep: Annotated[int, Field(ge=2)] = 5
    """How many releases stay on the host."""
    command_timeout: Duration = 900.0
    lock_timeout: Duration = 5.0
    """How long a statement of a migration waits for a lock of PostgreSQL's, while everybody waits behind it."""
    gate_timeout: Duration = 600.0
    workers: Literal["auto"] | Annotated[int, Field(ge=0, le=64)] = 0
    """How many processes ask the checks of the postdeploy gate; 0: one does."""
    check_timeout: Duration = 60.0
    max_downtime: Duration = 30.0
    min_free_disk: Annotated[int, Field(ge=0)] = 1024
    """MiB that must be free before a build (P26)."""
    min_free_memory: Annotated[int, Field(ge=0)] = 128
    max_clock_offset: Duration = 30.0
    """How far this machine's clock may be from the ones that it is compared with (P28)."""
    allow_forward_only: bool = False
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """How often a red check is asked in all, after the first touch, before it counts."""
    retry_every: Duration = 1.0

    @model_validator(mode="after")
    def _complete(self) -> Environment:
        if self.has("commands"):
            missing = sorted(name for name, service in self.service.items() if service.command is None)
            if missing or not self.service:
                raise ValueError(
                    f"runtime {self.runtime} needs a command for each service (none for {missing or 'any'})"
                )
        if self.health.stable_for >= self.check_timeout:
            raise ValueError("health.stable_for must be shorter than check_timeout: D03 observes for that long")
        if self.has("compose files") and not self.compose:
            raise ValueError(f"runtime {self.runtime} needs at least one compose file")
        if slow := next((one for one in self.heartbeat if one.within >= self.gate_timeout), None):
            raise ValueError(f"heartbeat {slow.name}: within must be shorter than gate_timeout: D16 waits for a beat")
        for number, one in enumerate(self.command):
            if one.timeout >= self.gate_timeout:
                raise ValueError(f"command {one.name}: timeout must be shorter than gate_timeout")
            if one.name in (other.name for other in self.command[:number]):
                raise ValueError(f"command {one.name}: found two of this name, expected a name of its own for each")
        if self.connect_to and not self.url:
            raise ValueError(_CONNECT_TO)
        return self

    @model_validator(mode="after")
    def _elsewhere(self) -> Environment:
        for key, value in (("path", self.path), ("state", self.state)) if self.host != LOCAL else ():
            if value is None and key == "path":
                raise ValueError(
                    'host needs path, the folder there that holds the env file, such as path = "/opt/shop"'
                )
            if value is not None and not value.startswith(("/", "~/")):
                raise ValueError(
                    f'{key}: found "{value}", expected one that begins with / or ~/: it is a folder of host'
                )
            if value is not None and not value.isprintable():
                raise ValueError(f"{key}: found a character that no terminal shows, expected a folder's name")
        if self.confirm is not None and self.host == LOCAL:
            raise ValueError("confirm needs a host: what is confirmed is that the deployer still reaches it")
        return self

    @model_validator(mode="after")
    def _takes_turns(self) -> Environment:
        if self.strategy in BESIDE and not self.has("beside"):
            names = " or ".join(with_capability("beside"))
            raise ValueError(f"strategy {self.strategy}: found runtime {self.runtime}, expected {names}")
        if self.strategy in BESIDE and self.traffic is None:
            raise ValueError(
                f"strategy {self.strategy} needs traffic: which proxy sends requests to a release, such as "
                'traffic = { kind = "nginx", service = "nginx", folder = "nginx/upstreams", '
                'upstreams = { web = "api:8000" } }'
            )
        if self.canary is not None:
            self._shares(self.traffic)
        if self.keep_blue and self.strategy not in BESIDE:
            names = " or ".join(sorted(BESIDE))
            raise ValueError(f"keep_blue: found strategy {self.strategy}, expected {names}: else no release runs on")
        return self

    def _shares(self, traffic: Traffic | None) -> None:
        if self.strategy not in BESIDE or traffic is None:
            names = " or ".join(sorted(BESIDE))
            raise ValueError(f"canary: found strategy {self.strategy}, expected {names}: two releases share requests")
        if traffic.kind == "command" and not any("{weight}" in word for word in traffic.reload or ()):
            raise ValueError(
                'canary: found no {weight} in traffic.reload, expected it: kind "command" is told how many of a '
                "hundred requests go to {NAME}"
            )

    @property
    def watched_for(self) -> float:
        """For how many seconds a deployment is watched after its gate."""
        stated = self.watch.for_
        return {Tier.DEV: 0.0, Tier.STAGING: 60.0, Tier.PROD: 300.0}[self.tier] if stated is None else stated

    def reached(self, url: str) -> str:
        """Where a request to a URL is sent: to ``connect_to``, where it has the name that the environment's URL has.

        A service's own ``connect_to`` comes first where its URL has that name and port. A port of ``connect_to`` stands
        for the URL's own; another one stays as it is. A name below ``localhost`` is this machine, as RFC 6761 (6.3)
        has it and browsers and curl do, whatever its resolver knows.
        """
        parts, own, sent = urlsplit(url), urlsplit(self.url or ""), self.connect_to
        for one in self.service.values():
            its = urlsplit(one.url or "")
            if one.connect_to is not None and (parts.scheme, parts.netloc) == (its.scheme, its.netloc):
                own, sent = its, one.connect_to
        named = parts.hostname or ""
        if sent is not None and named == own.hostname:
            to = urlsplit(f"//{sent}")
        elif named.endswith(".localhost"):
            to = urlsplit("//localhost")
        else:
            return url
        host = to.netloc.removesuffix(f":{to.port}")
        is_own = (parts.scheme, parts.port) == (own.scheme, own.port)
        port = (to.port if is_own else None) or parts.port
        return urlunsplit(parts._replace(netloc=f"{host}:{port}" if port else host))

    def has(self, capability: Capability) -> bool:
        """Whether its runtime has something that a reader needs."""
        return has(self.runtime, capability)

    @property
    def compose_files(self) -> tuple[str, ...]:
        """The Compose files that describe its services; none under another runtime, whatever ``compose`` says."""
        return self.compose if self.has("compose files") else ()

    def rule_of(self, code: str) -> CheckRule:
        """How a check is judged here, by its code with its case."""
        return self.checks.get(code) or self.checks.get(code.partition("[")[0]) or CheckRule.model_construct()

    def health_of(self, service: str) -> Health:
        """How one service says how it is: what it states itself, and the environment's word for all else."""
        own = self.service[service].health if service in self.service else None
        return self.health if own is None else self.health.model_copy(update=own.stated())


class Project(_Model):
    """A repository with its gonogo.toml."""

    root: Path
    """The folder of gonogo.toml."""
    app: App
    environments: dict[str, Environment]

    def environment(self, name: str | None) -> Environment:
        """The environment that is asked for, the default one, or the only one.

        Raises:
            UsageError: with the list of known environments.
        """
        known = self.environments
        chosen = name if name is not None else self.app.default_env or (next(iter(known)) if len(known) == 1 else None)
        names = ", ".join(known)
        if chosen is None:
            raise UsageError(f"--env: found nothing, expected one of {names} (or app.default_env in {CONFIG_NAME}).")
        if chosen not in known:
            raise UsageError(f'--env: found "{chosen}", expected one of {names}.')
        return known[chosen]

    @property
    def source_root(self) -> Path:
        """The application's folder."""
        return self.root / self.app.root
