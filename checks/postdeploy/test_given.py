"""Whether instances have the variables that their release was pinned with. Names are told, values never."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from gonogo.errors import GonogoError
from gonogo.plugins.evidence import Collected
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Place
from gonogo.state.release import Release

__all__: list[str] = []

_MARK = "GONOGO_RELEASE"
_SHOWN = 5


@pytest.mark.postdeploy(
    "D25",
    severity="advisory",
    remedy="Look who started it by hand, or what sets other values; then: gonogo restart --new-settings --env {env}",
)
def test_instances_have_their_variables(release: Release, place: Place, evidence: Collected) -> None:
    """Every running instance has the variables that its release gives it, with the values that it gives.

    Catches the container that somebody brought up by hand with other settings, or that was left running when the env
    file changed. It warns.

    Before (shell, what somebody did by hand):

        DEBUG=1 docker compose up --detach web

    After (shell):

        gonogo restart --new-settings --env prod
    """
    if release.adopted:
        pytest.skip("adopted: what it was started with is what it has")
    runtime = runtime_of(place.environment.runtime)
    try:
        expected = runtime.expected_variables(place, release)
        found = runtime.found_variables(place, release)
    except (GonogoError, OSError, ValueError) as error:
        pytest.skip(f"what instances have is not known: {error}")
    seen = {name: [one for one in several if _MARK in one] for name, several in found.items()}
    if not any(seen.values()):
        pytest.skip("no running instance shows its variables")
    evidence.text("Compared", ", ".join(f"{name}: {len(expected.get(name, {}))} variables" for name in sorted(seen)))
    wrong = [said for name in sorted(seen) for said in _differing(name, expected.get(name, {}), seen[name])]
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    assert not wrong, f"{', '.join(wrong[:_SHOWN])}{more}: found another value, expected what {release.short} was given"


def _differing(service: str, wanted: Mapping[str, str], instances: list[Mapping[str, str]]) -> Iterator[str]:
    for name, value in sorted(wanted.items()):
        if any(one.get(name) != value for one in instances):
            yield f"{service} ({name})"
