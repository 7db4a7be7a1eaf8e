"""Whether secrets can be guessed, and whether addresses are any. Messages name variables, never their values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gonogo.checks.predeploy.started import started
from gonogo.config import Environment
from gonogo.inspection.variables import strength, urlvalues
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.plugins.source import Source
from gonogo.words import Tier

__all__: list[str] = []


@pytest.mark.predeploy(
    "P21",
    in_prod="stricter",
    needs=("secrets or an env file",),
    reads=("secrets", "tier"),
    remedy="Put stronger values into the env file of [env.{env}] on the host; a fresh secret: openssl rand -hex 32",
)
def test_secrets_are_strong_enough(
    environment: Environment,
    env_file: Path | None,
    source: Source,
    context: Context,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> None:
    """Every secret is as long, and of the form, as gonogo.toml asks, and what the source takes for a URL is one.

    Catches the key of six letters that anybody finds from one signed token, and the address that stops the new release
    at its first query. So is, where a length is asked for, one that is long and found all the same: a character again
    and again, a sequence, `changeme1234changeme1234` (red in tier prod, a warning in staging). Warns of a short key
    that gonogo.toml says nothing of (tier prod), and of a variable such as DATABASE_URL whose value is no address.

    Before (.env):

        DATABASE_URL=db/shop

    After (.env):

        DATABASE_URL=postgresql://shop:${POSTGRES_PASSWORD}@db:5432/shop
    """
    given = _given(environment, context, request)
    values = {**context.variables, **given}
    if not values:
        pytest.skip("no env file, and no variable is given to a service")
    least = {name: rule.min_length for name, rule in environment.secrets.items()}
    evidence.table("Judged by length", ((name, wanted) for name, wanted in least.items() if wanted))
    if environment.tier is Tier.PROD:
        for said in strength.weak_keys(given, judged=least):
            evidence.advise(f"{said}; env.{environment.name}.secrets may say how many")
    found = list(strength.hopeless(values, least))
    if environment.tier is Tier.STAGING:
        for said in found:
            evidence.advise(said)
    where = f"{env_file}: " if env_file is not None else ""
    breaking = [f"{name}: {said}" for name, said in _no_urls(given, source, evidence)]
    if environment.tier is not Tier.PROD:
        for line in breaking:
            evidence.warn(f"{where}{line}")
    wrong = [*strength.too_short(values, least), *_of_another_form(values, environment)]
    if environment.tier is Tier.PROD:
        wrong += [*found, *breaking]
    assert not wrong, f"{where}{'; '.join((*wrong, *evidence.advice))}"


def _of_another_form(values: Mapping[str, str], environment: Environment) -> Iterator[str]:
    for name, rule in environment.secrets.items():
        yield from strength.of_another_form(values, name, prefix=rule.prefix, is_hex=rule.hex)


def _given(environment: Environment, context: Context, request: pytest.FixtureRequest) -> dict[str, str]:
    """What services are given; nothing where Compose refuses its files, which P12 tells."""
    found: dict[str, str] = {}
    with contextlib.suppress(InconclusiveError):
        for _, variables, _ in started(environment, context, request):
            found |= variables
    return found


def _no_urls(given: Mapping[str, str], source: Source, evidence: Collected) -> Iterator[tuple[str, str]]:
    """The variables that should hold a URL, do not, and stop the release so; the doubtful ones are advised of."""
    doubtful = {name: value for name, value in given.items() if urlvalues.is_known(name) and "://" not in value}
    texts = source.texts(".py") if any(value.strip() for value in doubtful.values()) else {}
    for name, value in doubtful.items():
        if use := urlvalues.use_of(name, value, texts):
            yield name, f"found a value that is no URL, expected scheme://host/name: {use}"
        elif not urlvalues.may_be_meant(value):
            evidence.advise(f"{name}: found a value that is no URL, expected one such as scheme://host/name")
