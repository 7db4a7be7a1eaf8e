"""Whether what stands in front of the release accepts its configuration, asked before anything is touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gonogo.host import LocalHost
from gonogo.inspection import compose_model
from gonogo.inspection.fronts import lacks_its_place
from gonogo.plugins.evidence import Collected
from gonogo.release import Release
from gonogo.runtimes.base import Inspector, Place

__all__: list[str] = []

_LINES = 4


@pytest.mark.build(
    "B18",
    needs=("compose", "nginx or Caddy in front"),
    remedy="Mend the proxy's configuration where it says, commit, then: gonogo deploy --env {env}",
)
def test_proxies_accept_their_configuration(
    inspector: Inspector, place: Place, release: Release, runner: LocalHost, evidence: Collected
) -> None:
    """Every nginx and Caddy in front of the release accepts the configuration that the release brings.

    Catches a missing semicolon, which would be noticed when the proxy does not start any more.
    """
    if place.environment.runtime != "compose":
        pytest.skip(f"runtime {place.environment.runtime} starts no proxy")
    from gonogo.runtimes.compose_trial import trial  # noqa: PLC0415 (only where the runtime is compose)

    model: Mapping[str, Any] = getattr(inspector, "model", {})
    asked = {name: trial(model, name, runner) for name in compose_model.fronts(model, release.services)}
    answers = {name: done for name, done in asked.items() if done is not None}
    if not answers:
        pytest.skip("no nginx or Caddy whose image and volumes are here stands in front")
    said = {name: (done.errors.strip() or done.output.strip()) for name, done in answers.items()}
    for name, text in said.items():
        evidence.text(f"{name}: {' '.join(answers[name].command.argv[-3:])}", text)
    wrong = [name for name, done in answers.items() if not done.ok]
    for name in [one for one in wrong if answers[one].timed_out or lacks_its_place(said[one])]:
        evidence.warn(f"{name}: its configuration could not be tried: {_last(said[name])}")
        wrong.remove(name)
    assert not wrong, (
        f"{wrong[0]}: found a configuration that it refuses, expected a valid one: {_last(said[wrong[0]])}"
    )


def _last(text: str) -> str:
    return " | ".join(text.splitlines()[-_LINES:]) or "it said nothing"
