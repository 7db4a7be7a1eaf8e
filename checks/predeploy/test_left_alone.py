"""What a release changes in services that no deployment replaces, and whether anything would run over other data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from gonogo.checks.predeploy.started import model_of
from gonogo.gates.subject import Subject
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.base import Inspector, Place
from gonogo.runtimes.compose.model.left_alone import Change, changes
from gonogo.state.release import Release

__all__: list[str] = []

_MOST = 4


@pytest.mark.predeploy(
    "P44",
    needs=("compose", "a serving release"),
    remedy="Keep the volume's name: `name:` under volumes. Or move the data by hand first, and bring the service up "
    "with it: docker compose up --detach SERVICE; then: gonogo deploy --env {env}",
)
def test_data_stays_where_it_is(
    serving: Release | None,
    subject: Subject,
    place: Place,
    inspector: Inspector,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> None:
    """No service would come to stand over other data than it has, and what is left alone is named where it changed.

    Catches the volume that was renamed: the database is never recreated, so that all seems well until it is brought up
    again some day, with an empty one. Warns of an image, settings or a command that no deployment will apply.

    Before (docker-compose.yml; it was called `data`):

        volumes:
          database:

    After (docker-compose.yml):

        volumes:
          database:
            name: shop_data
    """
    if not place.environment.has("compose files"):
        pytest.skip(f"runtime {place.environment.runtime} leaves no service alone")
    if serving is None:
        pytest.skip("first deploy: nothing holds data yet")
    from gonogo.runtimes.compose.files import COMPOSE, read_model  # noqa: PLC0415 (only where the runtime is compose)
    from gonogo.runtimes.compose.held import held_now, holds_nothing, volumes_here  # noqa: PLC0415 (likewise)

    if not (serving.folder / COMPOSE).is_file():
        pytest.skip(f"{serving.id} has no model any more, which P37 tells")
    model_of(request)
    new: Mapping[str, Any] = getattr(inspector, "model", {})
    alike = subject.release is not None and not serving.adopted
    services = subject.release.services if subject.release is not None else serving.services
    found = list(changes(read_model(serving), new, services, alike=alike))
    evidence.table("Changed", [(one.service, one.what, one.before, one.after) for one in found])
    project = place.environment.project
    there = {one: _on_host(one, found, place) for one in found if one.is_other_data}
    found = [one for one in found if there.get(one) != ()]
    risky = [
        one for one in found if one in there and not (one.held_at and holds_nothing(project, one.service, one.held_at))
    ]
    now = held_now(project) if risky else {}
    here = volumes_here({one.volume for one in risky if one.volume})
    wrong = [one for one in risky if not _is_known_of(one, now, here, is_new=one.service in services)]
    for one in (one for one in found if one not in wrong):
        evidence.warn(f"{one}; it is left alone as it runs" if one.service not in services else str(one))
    if any(there[one] for one in wrong):
        evidence.remedy(
            "Mount what are data of its own by itself, as ./media:/app/media, or move away what nobody needs; "
            f"then: gonogo deploy --env {place.environment.name}"
        )
    elif wrong and all(one.only_reads for one in wrong):
        evidence.remedy(
            "Let the service write there again, without `:ro` or `read_only`, or leave the mount out of it for good; "
            f"then: gonogo deploy --env {place.environment.name}"
        )
    assert not wrong, "; ".join(f"{one}{_named(there[one])}: expected the data that it has" for one in wrong)


def _on_host(change: Change, found: Collection[Change], place: Place) -> tuple[str, ...] | None:
    """What may be data where a service would no longer see it on the host; None where all may be, or nobody knows.

    What is mounted below it by itself is a change of its own.
    """
    from gonogo.runtimes.compose.losable import data_at  # noqa: PLC0415 (only where the runtime is compose)

    if not (change.held_at and change.before.startswith("/")):
        return None
    others = [Path(one.before) for one in found if one is not change]
    return data_at(Path(change.before), place.host, besides=others)


def _named(names: Sequence[str] | None) -> str:
    """What stands in a folder, as far as a line has room."""
    if not names:
        return ""
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f", which has {', '.join(names[:_MOST])}{more}"


def _is_known_of(change: Change, now: Mapping[str, Mapping[str, str]], here: frozenset[str], *, is_new: bool) -> bool:
    """Whether the data is there already: the service runs over it, or the deployed one finds a volume that exists."""
    held = set(now.get(change.service, {}).values())
    return bool(change.volume) and (change.volume in held or (is_new and change.volume in here))
