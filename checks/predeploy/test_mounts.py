"""Whether what containers mount is there, is the commit's where it should be, and stays visible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.model.mounts import never_written
from gonogo.state.release import Release

if TYPE_CHECKING:
    from gonogo.runtimes.compose.mounted import Mounted

__all__: list[str] = []


@pytest.mark.predeploy(
    "P15",
    needs=("compose", "bind mounts"),
    remedy="Commit what the mount names, or correct it in the compose files. Give what containers write a folder or a "
    "volume of its own, with nothing tracked in it but a placeholder (.gitkeep)",
)
def test_mounts_are_what_they_should_be(
    compose_model: Mapping[str, Any], source: Source, serving: Release | None, place: Place, evidence: Collected
) -> None:
    """Everything that containers mount from this machine exists, is of the right kind, and is the commit's own.

    Catches the file that this commit lacks, so that the one of another commit would be mounted; the folder that Docker
    makes of a file that is not there; and what containers wrote into a copy of a tracked folder, where the next release
    does not see it. Warns of tracked folders that stay the host's, because something is written there, and of a volume
    for uploads that nobody may write to. Told in wger-project/docker#114, nginx/docker-nginx#241.

    Before (docker-compose.yml; git tracks uploads/logo.png):

        volumes:
          - ./uploads:/srv/uploads

    After (docker-compose.yml; `uploads` stands under its `volumes` too):

        volumes:
          - uploads:/srv/uploads
    """
    from gonogo.runtimes.compose.mounted import all_mounts, left_behind  # noqa: PLC0415 (only where it is compose)
    from gonogo.runtimes.compose.pinning import mounts_of  # noqa: PLC0415 (likewise)

    for said in (unwritable := list(never_written(compose_model))):
        evidence.advise(said)
    mounts = mounts_of(place, compose_model, source.root, tracked=source.tracked, copies=False)
    found = list(all_mounts(compose_model, mounts))
    if not found and not unwritable:
        pytest.skip("no container mounts a file or folder of this machine")
    evidence.table("Mounts", [(one.service, one.source, one.target, one.stands) for one in found])
    for said in dict.fromkeys(one.loose for one in found if one.loose and not one.wrong):
        evidence.advise(said)
    lost = list(dict.fromkeys(left_behind(compose_model, serving, mounts))) if serving is not None else []
    wrong = [*_of_services(found), *_moved(lost)]
    assert not wrong, "; ".join(wrong)


def _of_services(found: Iterable[Mounted]) -> list[str]:
    """What is wrong, each told once with the services that mount it."""
    told: dict[str, list[str]] = {}
    for one in found:
        if one.wrong:
            told.setdefault(one.wrong, []).append(one.service)
    return [f"{', '.join(services)}: {wrong}" for wrong, services in told.items()]


def _moved(lost: list[str]) -> list[str]:
    return [
        f"{one}: found data that this release would not see, expected it on the host or in a volume" for one in lost
    ]
