"""Whether this machine is fit to deploy from: the names that it asks, its clock, where it writes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pytest

from gonogo.checks.predeploy.resolving import nobodys
from gonogo.config import Environment, Project
from gonogo.gates.subject import Subject
from gonogo.host import disk
from gonogo.inspection.answers.addresses import is_loopback
from gonogo.inspection.answers.expectations import UnknownVariableError, fill
from gonogo.inspection.machine import clock
from gonogo.inspection.machine.engine import EngineFacts
from gonogo.inspection.variables.hosts import may_be_asked
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.proxies import proxy_of
from gonogo.state.store import State

__all__: list[str] = []

_CHANNELS = frozenset(f"{kind}{secure}" for kind in ("http", "json", "form", "xml") for secure in ("", "s"))
"""Schemes of channels whose address has a host in the place of one; others have a token there."""


@pytest.mark.predeploy(
    "P52",
    severity="blocker",
    reads=("url", "connect_to"),
    remedy="getent hosts NAME; make it known where gonogo runs (DNS, /etc/hosts), or say where it is in gonogo.toml: "
    'connect_to = "127.0.0.1"',
)
def test_the_address_is_known_here(environment: Environment, subject: Subject, evidence: Collected) -> None:
    """The names in `url` resolve where the checks ask them; it stops a deployment, and only warns in a gate alone.

    Catches the address whose DNS entry is still to come: the release would be started, and nobody could find out how
    it is. A resolver that does not answer denies no name; names below `localhost` are this machine.

    Before (gonogo.toml):

        [env.prod]
        url = "https://shop.exmaple.com"

    After (gonogo.toml):

        [env.prod]
        url = "https://shop.example.com"
    """
    if not environment.url and not any(service.url for service in environment.service.values()):
        pytest.skip("the environment has no url")
    problems = list(_unknown(dict(_addresses(environment))))
    if problems and subject.run is not None:
        pytest.fail("\n".join(problems))
    for problem in problems:
        evidence.advise(problem)


@pytest.mark.predeploy(
    "P28",
    severity="advisory",
    reads=("notify", "max_clock_offset"),
    remedy="Names: getent hosts NAME; the clock: timedatectl, and whether chrony or systemd-timesyncd runs; folders: "
    "ls -ld, and who runs gonogo",
)
def test_this_machine_is_fit_to_deploy_from(
    environment: Environment,
    context: Context,
    project: Project,
    state: State,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> None:
    """The names of notify's channels resolve here, the clock is right, and state and reports may be written.

    Catches the clock that went wrong in a virtual machine's sleep (new tokens are refused as not yet valid,
    certificates as not yet begun), the channel that hears nothing, and folders that belong to another user. The
    clock is compared with the Docker Engine's and with that of whatever answers at the environment's address; nobody
    else is asked. It warns.

    Before (shell):

        $ timedatectl show --property NTPSynchronized
        NTPSynchronized=no

    After (shell):

        sudo timedatectl set-ntp true
    """
    for problem in _unknown(dict(_channels(environment, context.variables))):
        evidence.advise(problem)
    clocks = dict(_clocks(environment, request))
    evidence.table("Other clocks", [(whose, f"{seconds:+.1f} s") for whose, seconds in clocks.items()])
    for whose, seconds in clocks.items():
        if abs(seconds) > environment.max_clock_offset:
            way = "ahead of" if seconds > 0 else "behind"
            most = f"{environment.max_clock_offset:g} s (max_clock_offset)"
            evidence.advise(
                f"{whose}: found a clock that is {abs(seconds):.0f} s {way} this machine's, expected {most} at most"
            )
    folders = {"the state folder": state.root, "the folder of reports": project.root / "reports"}
    for problem in disk.unwritable(folders):
        evidence.advise(problem)


def _unknown(named: Mapping[str, str]) -> Iterator[str]:
    """What the resolver denies of the hosts that keys of gonogo.toml name."""
    nobody = nobodys({host for host in named.values() if may_be_asked(host, known=())})
    for key, host in named.items():
        if host in nobody:
            yield f"{key}: found the host {host}, which nobody has here, expected a name that the DNS knows"


def _addresses(environment: Environment) -> Iterator[tuple[str, str]]:
    """Keys with an address that checks ask, and the host that this machine asks for it; none that a proxy asks."""
    urls = {f"service.{name}.url": service.url for name, service in environment.service.items()}
    for key, url in {"url": environment.url, **urls}.items():
        if url and not proxy_of(url):
            yield key, urlsplit(environment.reached(url)).hostname or ""


def _channels(environment: Environment, variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The same of the channels that are told, where their scheme has a host at all."""
    for number, channel in enumerate(environment.notify):
        try:
            parts = urlsplit(str(fill(channel, variables)))
            host = parts.hostname
        except (UnknownVariableError, ValueError):
            continue
        if host and parts.scheme in _CHANNELS and not proxy_of(f"http://{host}"):
            yield f"notify[{number}]", host


def _clocks(environment: Environment, request: pytest.FixtureRequest) -> Iterator[tuple[str, float]]:
    """Whose clock was read, and by how many seconds it is ahead of this machine's."""
    if environment.has("a Docker Engine"):
        engine: EngineFacts = request.getfixturevalue("engine")
        if (said := clock.said_by_engine(engine.time)) is not None:
            sent, received = engine.asked
            yield "the Docker Engine", clock.ahead(said, sent=sent, received=received)
    url = environment.url
    if url is None or is_loopback(environment.reached(url)):
        return
    import httpx  # noqa: PLC0415 (takes 60 ms: only where an address is asked)

    sent = time.time()
    try:
        answer = request.getfixturevalue("limits").send("GET", f"{url}{environment.health.live}")
    except httpx.TransportError:
        return
    if (said := clock.said_by_answer(answer.headers)) is not None:
        yield f"what answers at {url}", clock.ahead(said, sent=sent, received=time.time())
