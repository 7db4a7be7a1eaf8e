"""Whether the env file gives the release what it asks for. Messages name variables, never their values."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gonogo.checks.predeploy.env_files import examples_of, other_files
from gonogo.checks.predeploy.started import model_of
from gonogo.config import Environment
from gonogo.inspection import things
from gonogo.inspection.variables import demands, envfile
from gonogo.inspection.variables.envgrammar import grammar_of
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.runtime_facts import Rendered
from gonogo.plugins.source import Source
from gonogo.runtimes.place import wanted_env_file
from gonogo.secrets.known import is_secret_name
from gonogo.state.release import Release
from gonogo.words import Tier

__all__: list[str] = []


@pytest.mark.predeploy(
    "P19",
    rests_on="env_file",
    needs=("required_env or secrets or service.settings or a variable in compose files",),
    remedy="Set the named variables in the env file of [env.{env}] on the host (.env.example says what they mean): "
    "python -m pytest -m predeploy --env {env} -k required_variable",
)
def test_every_required_variable_is_set(
    environment: Environment,
    env_file: Path | None,
    source: Source,
    context: Context,
    serving: Release | None,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> None:
    """Every variable that compose files, settings classes or gonogo.toml require has a value.

    Catches the variable that a new release reads and nobody added on the server: it starts, and dies at its first use.
    A plain `${X}` of a compose file that the env file leaves empty, or for which the application's settings have a
    default, is told of: Compose passes on an empty text. A secret must have a value, except where its account or host
    is left empty too (mail that is switched off), and all of it: what stands behind a `$` is taken for a variable and
    left out, which is red where it did not happen to the release that serves. Told in docker/compose#9661,
    paperless-ngx/paperless-ngx#8118.

    Before (.env):

        ADMIN_USER=office

    After (.env):

        ADMIN_USER=office
        SMTP_HOST=mail.internal
    """
    rendered: Rendered | None = request.getfixturevalue("rendered") if environment.has("compose files") else None
    problem, values = demands.read(env_file, grammar=grammar_of(environment.runtime))
    evidence.needs(*([things.ENV_FILE] if problem else []))
    assert not problem, problem
    name, example = demands.example_file(source.root, environment)
    asked = demands.of_environment(environment, source.root)
    in_services = demands.of_services(environment, source.root)
    if env_file is None and not asked and not any(in_services.values()):
        pytest.skip("no env file, and nothing requires a variable")
    evidence.text("Variables in the env file", ", ".join(sorted(values)) or "none")
    evidence.text(
        f"Only in {name or 'an example file (none found)'}",
        ", ".join(envfile.only_in_example(example, values)) or "none",
    )
    optional = demands.optional(environment, source.root)
    missing = list(envfile.missing(asked, values, example=example, optional=optional))
    if rendered is not None and any(in_services.values()) and all(one.may_be_meant for one in missing):
        model_of(request)
    for service, variables in in_services.items():
        known = {**values, **demands.given(rendered.model if rendered else {}, service)}
        missing += envfile.missing(variables, known, example=example)
    where = env_file or f"no env file at {wanted_env_file(context.subject.path, environment) or 'all'}"
    for one in (one for one in missing if one.may_be_meant):
        evidence.advise(f"{where}: {one}; the services get an empty text")
    missing = [one for one in missing if not one.may_be_meant]
    evidence.needs(*(things.variable(one.name) for one in missing))
    wrong = [f"{'; '.join(map(str, missing))}; expected a value for each"] if missing else []
    passed = _passed_on(rendered, environment, source)
    wrong += _cut(env_file, environment, serving, evidence, passed)
    assert not wrong, f"{where}: {'; '.join(wrong)}"


def _passed_on(rendered: Rendered | None, environment: Environment, source: Source) -> Callable[[str], bool]:
    """Whether who reads the env file hands a variable on: an application may read the file itself, and otherwise."""
    if rendered is None:
        return lambda _name: True
    services = (rendered.model.get("services") or {}).values()
    given = {name for service in services for name in service.get("environment") or ()}
    texts = "\n".join(source.text(path) for path in environment.compose_files if path in source.tracked)
    return lambda name: name in given or re.search(rf"\$\{{?{re.escape(name)}\b", texts) is not None


def _cut(
    env_file: Path | None,
    environment: Environment,
    serving: Release | None,
    evidence: Collected,
    is_passed_on: Callable[[str], bool],
) -> Iterator[str]:
    """The secrets that lose a part, but for those that lost it in the release that serves; the rest is told of."""
    grammar = grammar_of(environment.runtime)
    before = serving.folder / "env" if serving is not None else None
    then = demands.lost(before, os.environ, grammar=grammar)
    for name in sorted(demands.lost(env_file, os.environ, grammar=grammar)):
        if not is_passed_on(name):
            continue
        is_secret = name in environment.secrets or is_secret_name(name)
        said = (
            f"{name}: found a $ with a name behind it, which is left out as a variable that nothing sets; "
            "expected $$, or the value in single quotes"
        )
        if is_secret and before is not None and before.is_file() and name not in then:
            evidence.needs(things.variable(name))
            yield said
        else:
            evidence.advise(f"{env_file}: {said}")


@pytest.mark.predeploy(
    "P20",
    in_prod="stricter",
    needs=("an env file",),
    remedy="Put real values into the env file of [env.{env}] on the host; a fresh secret: openssl rand -hex 32",
)
def test_no_placeholder_is_left(
    env_file: Path | None, environment: Environment, source: Source, context: Context, evidence: Collected
) -> None:
    """No value is left from a template, and no secret is an example file's own, in any env file that is read.

    Catches the copied .env.example that went live: its secrets stand in the repository for everybody to read.

    Before (.env):

        SECRET_KEY=change-me

    After (shell):

        sed -i "s/^SECRET_KEY=.*/SECRET_KEY=$(openssl rand -hex 32)/" .env
    """
    asked = {str(env_file): context.variables} if env_file is not None else {}
    tracked, others = other_files(environment, source, context)
    if not asked and not others:
        pytest.skip("the environment has no env_file")
    wrong: list[str] = []
    for name, values in {**asked, **others}.items():
        examples = examples_of(name, environment, source)
        left = {str(found) for example in examples.values() or [{}] for found in envfile.placeholders(values, example)}
        evidence.table(
            f"{name}, judged beside {', '.join(examples) or 'no example file'}", [(one,) for one in sorted(left)]
        )
        said = f"{name}: {'; '.join(sorted(left))}; expected values of this environment's own" if left else ""
        if left and name in tracked and environment.tier is not Tier.PROD:
            evidence.warn(said)
        elif left:
            wrong.append(said)
    assert not wrong, "; ".join(wrong)
