"""Whether what services are given, and the environment's address, still come from a template."""

from __future__ import annotations

from collections import defaultdict

import pytest

from gonogo.checks.predeploy.env_files import other_files
from gonogo.checks.predeploy.started import started
from gonogo.config import Environment
from gonogo.inspection.variables.placeholders import placeholders
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.plugins.source import Source
from gonogo.runtimes.compose.model.leftovers import left_in, stand_in, unexpanded
from gonogo.words import Tier

__all__: list[str] = []


@pytest.mark.predeploy(
    "P23",
    in_prod="red",
    needs=("a tier that is not dev",),
    reads=("url", "tier"),
    remedy="Write this environment's own values in the compose files, or name a variable there that the env file sets",
)
def test_rendered_configuration_is_this_environments_own(
    environment: Environment, source: Source, context: Context, request: pytest.FixtureRequest, evidence: Collected
) -> None:
    """No service is given a placeholder by the compose files, and the environment's address is no example's.

    Catches `PUBLIC_URL: https://example.com` that went live, the default `${SECRET_KEY:-change-me}`, and the `${NAME}`
    that single quotes in the env file kept from being filled in. Red in tier prod for a domain that is nobody's and a
    key that everybody knows; the rest is advice. What env files say is P20's; labels and mail addresses are left alone.

    Before (docker-compose.yml):

        environment:
          PUBLIC_URL: https://example.com

    After (docker-compose.yml):

        environment:
          PUBLIC_URL: ${PUBLIC_URL:?}
    """
    if environment.tier is Tier.DEV:
        pytest.skip("tier dev: values of a template are nobody's mistake there")
    sure: dict[str, list[str]] = defaultdict(list)
    rest: dict[str, list[str]] = defaultdict(list)
    if host := stand_in(environment.url):
        sure[f"env.{environment.name}.url: holds the placeholder domain {host!r}"] = []
    if environment.has("compose files"):
        _look(environment, source, context, request, sure, rest)
    lines = {True: list(map(_line, sure.items())), False: list(map(_line, rest.items()))}
    evidence.table("Left from a template", ((one,) for one in (*lines[True], *lines[False])))
    is_prod = environment.tier is Tier.PROD
    for said in (*lines[False], *(() if is_prod else lines[True])):
        evidence.advise(f"{said}; expected a value of this environment's own")
    assert not (is_prod and sure), f"{'; '.join(lines[True])}; expected values of this environment's own"


def _look(
    environment: Environment,
    source: Source,
    context: Context,
    request: pytest.FixtureRequest,
    sure: dict[str, list[str]],
    rest: dict[str, list[str]],
) -> None:
    """What the compose files give the deployed services beside what stands in env files."""
    _, others = other_files(environment, source, context)
    files = (context.variables, *others.values())
    told = {values[found.name] for values in files for found in placeholders(values)}
    own = {value for values in files for value in values.values()}
    known = {name for values in files for name, value in values.items() if value}
    texts = "\n".join(source.text(path) for path in environment.compose if path in source.tracked)
    try:
        services = list(started(environment, context, request))
    except InconclusiveError:
        pytest.skip("Compose does not render the files, which P12 tells")
    for service, variables, _ in services:
        given = {name: value for name, value in variables.items() if value not in own}
        for one in left_in(given, told=told):
            (sure if one.is_sure else rest)[one.said].append(service)
        for said in unexpanded(variables, known=known, escaped=texts):
            rest[said].append(service)


def _line(found: tuple[str, list[str]]) -> str:
    said, services = found
    return f"{said} ({', '.join(services)})" if services else said
