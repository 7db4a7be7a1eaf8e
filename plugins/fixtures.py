"""What a check looks at. Session-scoped, made once a process; a fixture skips when its subject is not configured."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from gonogo.config import Environment, Project, Service
from gonogo.errors import CommandError, GonogoError
from gonogo.gates.asked import baseline_of
from gonogo.gates.budget import FILE, Budget
from gonogo.gates.judgement import without_tls
from gonogo.gates.pending_migrations import Standing, standings
from gonogo.gates.subject import Subject
from gonogo.host.runner import Command, Host, this_machine
from gonogo.inspection.answers.addresses import is_loopback, passed_on
from gonogo.inspection.answers.refusals import Limit, limit_of
from gonogo.inspection.machine.engine import ASK, EngineFacts
from gonogo.inspection.machine.engine import parse as parse_engine
from gonogo.plugins.context import LIMITS, Context
from gonogo.plugins.evidence import COLLECTED, Collected
from gonogo.plugins.runtime_facts import Rendered, render_model
from gonogo.plugins.source import Source
from gonogo.plugins.target import TargetPython, choose
from gonogo.records.results import GateResult
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Artifact, Inside, Inspector, InstanceState, Place
from gonogo.runtimes.place import env_file_of, make_place, maker
from gonogo.runtimes.protocols import Runtime
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Role, Stage

if TYPE_CHECKING:
    import httpx

    from gonogo.plugins.limits import Limits

__all__ = [
    "Asking",
    "artifact",
    "baseline",
    "compose_model",
    "context",
    "engine",
    "env_file",
    "environment",
    "evidence",
    "first_look",
    "host",
    "http",
    "inside",
    "inspector",
    "limits",
    "other_runtime",
    "place",
    "project",
    "python",
    "question",
    "release",
    "rendered",
    "runner",
    "service",
    "serving",
    "source",
    "state",
    "subject",
    "variables",
]

_NGINX = (".conf", ".conf.template", ".conf.j2", ".nginx")
_ENDS = 0.9
"""The share of its bound that one command of a check may take, so that the check can still say what it waited for."""


@pytest.fixture(scope="session")
def context(pytestconfig: pytest.Config) -> Context:
    """Everything below, in one object."""
    from gonogo.plugins.gate import CONTEXT  # noqa: PLC0415 (the gate registers this module)

    return pytestconfig.stash[CONTEXT]


@pytest.fixture(scope="session")
def subject(context: Context) -> Subject:
    """What this gate is asked about."""
    return context.subject


@pytest.fixture(scope="session")
def project(context: Context) -> Project:
    """The configuration that asks."""
    return context.project


@pytest.fixture(scope="session")
def environment(context: Context) -> Environment:
    """The environment's configuration."""
    return context.environment


@pytest.fixture(scope="session")
def state(context: Context) -> State:
    """The environment's memory: kept releases, runs, the lock."""
    return context.state


@pytest.fixture(scope="session")
def variables(context: Context) -> dict[str, str]:
    """The env file; skips where the environment has none. Its values never reach an assert."""
    if env_file_of(context.subject.path, context.environment) is None:
        pytest.skip("the environment has no env_file")
    return Hidden(context.variables)


@pytest.fixture(scope="session")
def env_file(context: Context) -> Path | None:
    """Where the env file should stand on the host; None where the environment has none."""
    return env_file_of(context.subject.path, context.environment)


class Hidden(dict[str, str]):
    """A mapping whose representation shows names only."""

    def __repr__(self) -> str:
        """Names without values."""
        return f"<{len(self)} variables: {', '.join(sorted(self))}>"


@pytest.fixture(scope="session")
def release(subject: Subject) -> Release:
    """The release that is judged; skips in a bare run before the first deploy."""
    if subject.release is None:
        pytest.skip("no release is recorded for this environment")
    return subject.release


@pytest.fixture(scope="session")
def serving(subject: Subject) -> Release | None:
    """The release that served before this run, or None before the first GO."""
    return subject.serving


@pytest.fixture(scope="session")
def baseline(subject: Subject, context: Context) -> GateResult | None:
    """What the post-deploy checks said of the serving release in this run, or what this stage did; or None.

    Where a release is asked past a proxy that ends TLS, they asked for addresses with it, and it is asked without.
    """
    found = baseline_of(subject.run, context.stages) if subject.run is not None else None
    public = context.project.environments[subject.env].url
    return without_tls(found, public) if found is not None and public and subject.direct else found


@pytest.fixture(scope="session")
def runner(context: Context) -> Host:
    """Runs commands on the environment's host: bounded and redacted."""
    return this_machine(redact=context.redactor.text, timeout=_ENDS * context.bound)


@pytest.fixture(scope="session")
def engine(environment: Environment, runner: Host) -> EngineFacts:
    """The Docker Engine, or why it does not answer; skips where the runtime needs none."""
    if not environment.has("a Docker Engine"):
        pytest.skip(f"runtime {environment.runtime} needs no Docker")
    sent = time.time()
    try:
        asked = runner.run(Command(argv=ASK, timeout=20.0), output_limit=None)
    except CommandError as error:
        return EngineFacts(problem=str(error))
    if asked.timed_out:
        return EngineFacts(problem="no answer within 20 s")
    return parse_engine(asked.output, asked.errors, asked=(sent, time.time()))


@pytest.fixture(scope="session")
def host() -> Any:
    """Testinfra's host: files, sockets, mounts and processes of the environment's machine."""
    import testinfra  # noqa: PLC0415 (heavy: only where a check asks)

    return testinfra.get_host("local://")


@pytest.fixture(scope="session")
def place(context: Context, runner: Host) -> Place:
    """Where the runtime works."""
    return make_place(
        context.project,
        context.environment,
        state=context.subject.state,
        path=context.subject.path,
        host=runner,
        variables=context.variables,
    )


@pytest.fixture(scope="session")
def inspector(place: Place, subject: Subject) -> Iterator[Inspector]:
    """The read-only side of the runtime, bound to the judged release."""
    made = runtime_of(place.environment.runtime).inspector(place, subject.release)
    with made.looking():
        yield made


@pytest.fixture(scope="session")
def other_runtime(place: Place, subject: Subject) -> Inspector | None:
    """What serves as the runtime sees it that made it, where that is another one than today's."""
    serving = subject.serving
    if serving is None or serving.runtime == place.environment.runtime:
        return None
    runtime, then = maker(runtime_of(place.environment.runtime), place, serving)
    return runtime.inspector(then, serving)


@dataclass(frozen=True)
class Asking:
    """What comes, what serves, and where: what the library asks a migration tool with."""

    place: Place
    runtime: Runtime
    release: Any
    """None in a bare run before the first deploy."""
    serving: Release | None
    in_time: bool = False
    """What does not answer in time is asked once more, alone; until then nothing is guessed."""

    @functools.cached_property
    def databases(self) -> tuple[Standing, ...]:
        """Where the databases stand, asked once, and what the source of the release would run on them."""
        return tuple(standings(self, built=False, in_time=self.in_time))


@pytest.fixture(scope="session")
def question(place: Place, subject: Subject, context: Context) -> Asking:
    """The judged release and the serving one, for whoever asks both."""
    runtime = runtime_of(place.environment.runtime)
    in_time = context.only is None and subject.role is not Role.BARE
    return Asking(place, runtime, subject.release, subject.serving, in_time)


@pytest.fixture(scope="session")
def rendered(place: Place) -> Rendered:
    """What Compose makes of the environment's files, or why it refuses them; skips without Compose."""
    if not place.environment.has("compose files"):
        pytest.skip(f"runtime {place.environment.runtime} has no compose files")
    return render_model(place)


@pytest.fixture(scope="session")
def compose_model(rendered: Rendered) -> Mapping[str, Any]:
    """The rendered model; skips where Compose renders none."""
    if rendered.problem:
        pytest.skip("Compose does not render the files, which P12 tells")
    return rendered.model


@pytest.fixture(scope="session")
def python(context: Context, source: Source, runner: Host) -> TargetPython:
    """The Python that judges the source: the target's own where it can be known here."""
    return choose(source, context.environment, runner)


@dataclass(frozen=True)
class FirstLook:
    """What ran when the gate began."""

    at: float
    """By the monotonic clock."""
    instances: tuple[InstanceState, ...] | None
    """None when the runtime did not answer then."""


@pytest.fixture(scope="session")
def first_look(inspector: Inspector) -> FirstLook:
    """What ran when the gate began; a check that observes over time compares with it while the others are asked."""
    try:
        return FirstLook(time.monotonic(), (*inspector.instances(health=False), *inspector.fronts()))
    except GonogoError:
        return FirstLook(time.monotonic(), None)


@pytest.fixture(scope="session")
def source(context: Context) -> Source:
    """The application's files as git knows them: the release's worktree, or the checkout."""
    return _source_of(context)


def _source_of(context: Context) -> Source:
    runner = this_machine(timeout=_ENDS * context.bound)
    return Source(context.source_root, runner, release=context.subject.release)


@pytest.fixture(scope="session")
def limits(context: Context, pytestconfig: pytest.Config) -> Iterator[Limits]:
    """Sends requests within the budget that the run's probe and checks share."""
    from gonogo.plugins.limits import Limits  # noqa: PLC0415 (httpx takes 60 ms: only where a check asks)

    run = context.subject.run

    def configured() -> Limit | None:
        with contextlib.suppress(GonogoError, OSError):
            return limit_of(_source_of(context).texts(*_NGINX).values())
        return None

    environment = context.environment
    budget = Budget(run / FILE if run is not None else None, per_minute=environment.requests_per_minute)
    alive = functools.partial(_alive, context)
    public = context.project.environments[environment.name].url
    made = Limits(
        budget,
        bound=context.bound,
        configured=configured,
        reached=environment.reached,
        alive=alive,
        headers=passed_on(public) if context.subject.direct else None,
    )
    pytestconfig.stash[LIMITS] = made
    yield made
    made.close()


def _alive(context: Context, url: str) -> str | None:
    """The liveness page of the environment's own address that a URL is of; a watch looks at it all the time anyway."""
    environment, parts = context.environment, urlsplit(url)
    known = {urlsplit(one).netloc for one in (environment.url, *(s.url for s in environment.service.values())) if one}
    if context.stages == (Stage.WATCH,) or not (parts.netloc in known or is_loopback(url)):
        return None
    return f"{parts.scheme}://{parts.netloc}{environment.health.live}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Each check has its own patience with limits."""
    if (made := item.config.stash.get(LIMITS, None)) is not None:
        made.begin()


@pytest.fixture(scope="session")
def http(inspector: Inspector, limits: Limits) -> Iterator[httpx.Client]:
    """A client bound to the environment's URL."""
    url = inspector.url()
    if url is None:
        pytest.skip("the environment has no url")
    with limits.client(url) as client:
        client.base_url = url
        client.headers["Connection"] = "close"
        yield client


@pytest.fixture(scope="session")
def service(request: pytest.FixtureRequest, environment: Environment) -> tuple[str, Service]:
    """One deployed service: its name and its configuration."""
    name: str = request.param
    return name, environment.service.get(name, Service())


@pytest.fixture(scope="session")
def artifact(request: pytest.FixtureRequest, inspector: Inspector, release: Release) -> Artifact:
    """What was built for one service."""
    found = {artifact.service: artifact for artifact in inspector.artifacts()}
    if request.param not in found:
        pytest.skip(f"{request.param} has no artifact in release {release.id}")
    return found[request.param]


@pytest.fixture(scope="session")
def inside(request: pytest.FixtureRequest, inspector: Inspector) -> Inside:
    """The running instance of one service."""
    return inspector.inside(request.param)


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> Collected:
    """Collects the facts that the operator will see."""
    collected: Collected = request.node.stash.setdefault(COLLECTED, Collected())
    return collected
