"""Whether what stands in front of the release accepts its configuration, asked before anything is touched."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gonogo.host.runner import Host
from gonogo.inspection.machine.fronts import hosts, lacks_its_place, not_found, others, upstreams
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.base import Inspector, Place
from gonogo.runtimes.compose.model import roles
from gonogo.state.release import Release

__all__: list[str] = []

_LINES = 4
_TELLING = re.compile(r'"level":"error"|\[(?:emerg|alert|crit|error)\]|^Error', re.IGNORECASE)
"""Lines in which a proxy says why it refuses; those around tell what it did."""


@pytest.mark.build(
    "B18",
    needs=("compose", "nginx or Caddy in front"),
    remedy="Mend the proxy's configuration where it says, commit, then: gonogo deploy --env {env}",
)
def test_proxies_accept_their_configuration(
    inspector: Inspector,
    place: Place,
    release: Release,
    serving: Release | None,
    runner: Host,
    evidence: Collected,
) -> None:
    """Every nginx and Caddy in front of the release accepts the configuration that the release brings.

    Catches a missing semicolon, and the name of a service that there is no more, which would be noticed when the proxy
    does not start any more. Told in aschmelyun/docker-compose-laravel#50, Screenly/Anthias#1752.

    Before (nginx/shop.conf):

        location / {
            proxy_pass http://web:8000
        }

    After (nginx/shop.conf):

        location / {
            proxy_pass http://web:8000;
        }
    """
    if not place.environment.has("compose files"):
        pytest.skip(f"runtime {place.environment.runtime} starts no proxy")
    from gonogo.runtimes.compose.trial import reachable, trial, unwritten  # noqa: PLC0415 (only where the runtime is compose)
    from gonogo.runtimes.compose.ways import kind_of  # noqa: PLC0415 (likewise)

    model: Mapping[str, Any] = getattr(inspector, "model", {})
    fronts = [*roles.fronts(model, release.services), *release.services]
    leads_nowhere = unwritten(place, serving)
    kinds = {name: kind for name in fronts if name != leads_nowhere and (kind := kind_of(model, name, runner))}
    names = {name: reachable(model, name) for name in kinds}
    asked = {name: trial(model, name, runner, names=names[name]) for name in kinds}
    answers = {name: done for name, done in asked.items() if done is not None}
    if not answers:
        pytest.skip("no nginx or Caddy stands in front that can be asked yet")
    said = {name: (done.errors.strip() or done.output.strip()) for name, done in answers.items()}
    for name, text in said.items():
        evidence.text(f"{name}: {' '.join(answers[name].command.argv[-3:])}", text)
    wrong = [name for name, done in answers.items() if not done.ok]
    nobodys = [_unknown(name, not_found(said[name]), names[name], evidence) for name in wrong]
    for name in [one for one, done in answers.items() if done.ok and kinds[one] == "caddy"]:
        shown = trial(model, name, runner, names=names[name], shown=True)
        found = hosts(upstreams("caddy", shown.output)) if shown is not None else ()
        evidence.text(f"{name}: where it sends requests", ", ".join(found) or "nowhere that is written out")
        nobodys += _of_caddy(name, found, names[name], _before(serving, name), evidence)
    red = [one for one in nobodys if one]
    assert not red, red[0]
    for name in [one for one in wrong if answers[one].timed_out or lacks_its_place(said[one])]:
        evidence.warn(f"{name}: its configuration could not be tried: {_last(said[name])}")
        wrong.remove(name)
    assert not wrong, (
        f"{wrong[0]}: found a configuration that it refuses, expected a valid one: {_last(said[wrong[0]])}"
    )


def _of_caddy(
    proxy: str, found: Sequence[str], known: Sequence[str], before: Sequence[str], evidence: Collected
) -> list[str]:
    """The names that nobody has, where they are missed: Caddy starts without, and answers 502 there.

    One file may serve several environments, and name services that only some of them have.
    """
    lost = [host for host in found if host not in known]
    said = {host: one for host in lost if (one := _unknown(proxy, host, known, evidence))}
    missed = [one for host, one in said.items() if host in before or len(said) == len(found)]
    for one in (one for one in said.values() if one not in missed):
        evidence.warn(one)
    return missed


def _before(serving: Release | None, name: str) -> tuple[str, ...]:
    """The services that the proxy could reach until now."""
    from gonogo.runtimes.compose.files import COMPOSE, read_model, services_of  # noqa: PLC0415 (likewise)

    model = read_model(serving) if serving is not None and (serving.folder / COMPOSE).is_file() else {}
    return others(model, name) if name in services_of(model) else ()


def _unknown(proxy: str, host: str, known: Sequence[str], evidence: Collected) -> str:
    """What is wrong with a name that nobody has; empty where somebody has it, or where that is not known for certain.

    The proxy's own resolver is this machine's, so that what it is told, the proxy is told.
    """
    problem = _lookup(host) if host else None
    if problem is None:
        return ""
    said = (
        f'{proxy}: found the name "{host}", which nobody has ({problem.strerror}), expected a service of the release '
        f"on its networks ({', '.join(known) or 'none'}), or a name that the DNS knows"
    )
    if "." in host and problem.errno == socket.EAI_AGAIN:
        evidence.warn(f"{said}; the DNS did not answer")
        return ""
    return said


def _lookup(host: str) -> socket.gaierror | None:
    try:
        socket.getaddrinfo(host, None)
    except socket.gaierror as problem:
        return problem
    return None


def _last(text: str) -> str:
    lines = text.splitlines()
    return " | ".join(([line for line in lines if _TELLING.search(line)] or lines)[-_LINES:]) or "it said nothing"
