"""Which variables a release adds, and which it takes away. Names are told, values never."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from gonogo.checks.predeploy.started import started
from gonogo.config import Environment
from gonogo.errors import GonogoError
from gonogo.gates.subject import as_it_serves
from gonogo.inspection.variables.changed import gone, gone_and_read, of_the_runtime, parted
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Place
from gonogo.state.release import Release

__all__: list[str] = []


@pytest.mark.predeploy(
    "P24",
    severity="advisory",
    needs=("a serving release",),
    remedy="Put the named variables back into the env file of [env.{env}] or the compose file; where the source does "
    "without them, take them out of it",
)
def test_no_variable_that_is_read_goes_away(
    environment: Environment,
    serving: Release | None,
    place: Place,
    source: Source,
    context: Context,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> None:
    """Every variable that the serving release is given and this one is not is read by no source any more.

    Catches the line that was lost when the env file was edited: what falls back to a default sends mail to nobody,
    or writes to another folder or database (a field of a settings class that has one). So is the store told that
    services shared and do not any more: a worker that waits at another Redis than the one where its jobs are put.
    Which variables came and went is listed by name. It warns.

    Before (.env, which had MAIL_FROM):

        SMTP_HOST=mail.internal

    After (.env):

        SMTP_HOST=mail.internal
        MAIL_FROM=office@shop.internal
    """
    if serving is None:
        pytest.skip("first deploy: nothing was given to a release before")
    then = replace(place, environment=as_it_serves(place.environment, serving))
    try:
        before = runtime_of(then.environment.runtime).expected_variables(then, serving)
    except (GonogoError, OSError, ValueError) as error:
        pytest.skip(f"what {serving.id} is given is not known: {error}")
    now = {name: variables for name, variables, _ in started(environment, context, request)}
    changed = [(name, _names(before[name]), _names(now[name])) for name in sorted(before) if name in now]
    came = sorted({one for _, had, has in changed for one in has - had})
    went = {name: gone(had, has) for name, had, has in changed}
    evidence.text("Added", ", ".join(came) or "none")
    evidence.text("Gone", ", ".join(sorted(set().union(*went.values()))) or "none")
    for one, services in parted(before, now):
        evidence.warn(
            f"{one}: {', '.join(services)} were given the same before, and are not now; expected one value for all who "
            "share that store, or that it is meant"
        )
    texts = source.texts(".py", ".js", ".ts") if any(went.values()) else {}
    said = [
        f"{name}: is no longer given {one}, which {where} reads"
        for name, names in went.items()
        for one, where in gone_and_read(names, texts)
    ]
    assert not said, f"{'; '.join(said)}; expected it as the serving release has it"


def _names(variables: Mapping[str, str]) -> set[str]:
    """What has a value, beside what every runtime sets."""
    return {name for name, value in variables.items() if value and not of_the_runtime(name)}
