"""The configured things that one check is asked of, each as a case of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gonogo.config import Endpoint, Heartbeat, Page, SqlAssertion, TeamCommand, Webhook
from gonogo.plugins.context import Context
from gonogo.plugins.stages import stage_of
from gonogo.words import OnRed, Severity

__all__ = [
    "Script",
    "assertion",
    "attestation",
    "command",
    "configured_page",
    "endpoint",
    "heartbeat",
    "parametrize",
    "webhook",
]

_MARGIN = 5.0
"""Seconds beyond a command's own bound before its check is ended."""

_PROBED = 30.0
"""Seconds in which a beat is looked for once more, at the end."""


@dataclass(frozen=True)
class Script:
    """A configured command, and what the files that it names hold: a check that changed is another one."""

    configured: TeamCommand
    digest: str

    @property
    def severity(self) -> Severity:
        """Whether its red blocks."""
        return self.configured.severity

    @property
    def on_red(self) -> OnRed:
        """What its red causes after the first touch."""
        return self.configured.on_red


def parametrize(metafunc: pytest.Metafunc, context: Context) -> None:
    """One test for each service, artifact, instance or configured thing; a skip with its reason where there is none."""
    services = sorted(_services(context))
    for name in ("service", "artifact", "inside"):
        if name in metafunc.fixturenames:
            _spread(metafunc, name, services, services, "no deployed service is configured")
    if "endpoint" in metafunc.fixturenames:
        endpoints = context.environment.endpoint
        ids = [endpoint.request for endpoint in endpoints]
        _spread(metafunc, "endpoint", endpoints, ids, "no endpoint is configured")
    if "configured_page" in metafunc.fixturenames:
        pages = context.environment.page
        _spread(metafunc, "configured_page", pages, [page.path for page in pages], "no page is configured")
    if "webhook" in metafunc.fixturenames:
        hooks = context.environment.webhook
        _spread(metafunc, "webhook", hooks, [one.request for one in hooks], "no webhook is configured")
    if "attestation" in metafunc.fixturenames:
        asked = context.environment.attest
        _spread(metafunc, "attestation", [*asked.items()], [*asked], "no attestation is asked for")
    if "heartbeat" in metafunc.fixturenames:
        beats = context.environment.heartbeat
        bounds = [one.within + _PROBED for one in beats]
        _spread(metafunc, "heartbeat", beats, [one.name for one in beats], "no heartbeat is configured", bounds=bounds)
    if "assertion" in metafunc.fixturenames:
        said = context.environment.sql
        bounds = [2 * one.within + _PROBED for one in said]
        _spread(metafunc, "assertion", said, [one.name for one in said], "no sql is configured", bounds=bounds)
    if "command" in metafunc.fixturenames:
        stage = stage_of(metafunc.definition)
        scripts = [_script(one, context) for one in context.environment.command if one.stage == stage]
        names = [one.configured.name for one in scripts]
        bounds = [one.configured.timeout for one in scripts]
        _spread(metafunc, "command", scripts, names, f"no command is configured for {stage}", bounds=bounds)


def _services(context: Context) -> Sequence[str]:
    release = context.subject.release
    return (release.services if release is not None else ()) or tuple(context.environment.service)


def _script(command: TeamCommand, context: Context) -> Script:
    digest = hashlib.sha256()
    for path in _files(command.run, context.project.source_root):
        digest.update(f"{path}\0".encode() + path.read_bytes())
    return Script(command, digest.hexdigest())


def _files(words: Sequence[str], root: Path) -> Iterator[Path]:
    """The files of the application that a command's words name, and those in folders that they name."""
    for word in words:
        path = root / word
        if path.is_file() and path.is_relative_to(root):
            yield path
        elif path.is_dir() and root in path.parents:
            yield from (one for one in sorted(path.rglob("*")) if one.is_file() and one.suffix != ".pyc")


def _spread(
    metafunc: pytest.Metafunc,
    name: str,
    values: Sequence[Any],
    ids: Sequence[str],
    reason: str,
    *,
    bounds: Sequence[float] = (),
) -> None:
    """One test for each value; ``bounds``: seconds that each may take, where it is not the gate's own bound."""
    cases = (
        [
            pytest.param(value, marks=[pytest.mark.timeout(bound + _MARGIN)])
            for value, bound in zip(values, bounds, strict=True)
        ]
        if bounds
        else list(values)
    )
    if cases:
        metafunc.parametrize(name, cases, ids=list(ids), indirect=True)
    else:
        metafunc.parametrize(
            name, [pytest.param(None, marks=pytest.mark.skip(reason=reason))], ids=["none"], indirect=True
        )


@pytest.fixture(scope="session")
def endpoint(request: pytest.FixtureRequest) -> Endpoint:
    """One configured request."""
    configured: Endpoint = request.param
    return configured


@pytest.fixture(scope="session")
def configured_page(request: pytest.FixtureRequest) -> Page:
    """One configured page."""
    configured: Page = request.param
    return configured


@pytest.fixture(scope="session")
def webhook(request: pytest.FixtureRequest) -> Webhook:
    """One configured webhook."""
    configured: Webhook = request.param
    return configured


@pytest.fixture(scope="session")
def command(request: pytest.FixtureRequest) -> Script:
    """One configured command of the gate's stage, with what its files hold."""
    configured: Script = request.param
    return configured


@pytest.fixture(scope="session")
def assertion(request: pytest.FixtureRequest) -> SqlAssertion:
    """One configured query of the database."""
    configured: SqlAssertion = request.param
    return configured


@pytest.fixture(scope="session")
def heartbeat(request: pytest.FixtureRequest) -> Heartbeat:
    """One configured heartbeat."""
    configured: Heartbeat = request.param
    return configured


@pytest.fixture(scope="session")
def attestation(request: pytest.FixtureRequest) -> tuple[str, str]:
    """One attestation that the environment asks for: its id and its sentence."""
    asked: tuple[str, str] = request.param
    return asked
