"""Whether a service can write to the volumes and folders that hold its data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gonogo.checks.postdeploy.instances import noted, running
from gonogo.config import Service
from gonogo.host.runner import Host
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector
from gonogo.runtimes.compose.model.writable import data_mounts, judged, tracked_folders

__all__: list[str] = []

_FACTS = "Writable"


@pytest.mark.postdeploy(
    "D28",
    needs=("compose", "volumes"),
    on_red="hold",
    remedy="Look who owns it: docker compose exec {param} id; then chown it in the Dockerfile before USER, or mount it "
    "without :ro; a volume keeps the owner that its first image gave it",
)
def test_volumes_can_be_written(
    service: tuple[str, Service],
    inspector: Inspector,
    context: Context,
    source: Source,
    baseline: GateResult | None,
    runner: Host,
    evidence: Collected,
) -> None:
    """The user of a running container may write to its named volumes and folders of the host, as before.

    Catches the new USER that does not own the volume of uploads, and the volume that is mounted read-only: the release
    starts, and the first upload fails. Red where the serving release could write; otherwise a warning, once. Nothing is
    written. Told in wger-project/docker#70, netbox-community/netbox-docker#281.

    Before (Dockerfile):

        RUN useradd --system app
        USER app

    After (Dockerfile):

        RUN useradd --system app && mkdir -p /srv/uploads && chown app /srv/uploads
        USER app
    """
    name, _ = service
    model: Mapping[str, Any] = getattr(inspector, "model", {})
    own, folder = (str(context.subject.state), str(source.root)), context.subject.path
    tracked = [str(folder / one) for one in tracked_folders(source.tracked)]
    mounts = list(data_mounts(model, name, of_release=own, tracked=tracked))
    if not mounts:
        pytest.skip(f"{name} mounts no volume and no folder of the host to write to")
    from gonogo.runtimes.compose.writable import writable_in  # noqa: PLC0415 (only where the runtime is compose)

    container = getattr(running(inspector, name), "container", "")
    writable = writable_in(container, [one.target for one in mounts], runner)
    if writable is None:
        pytest.skip(f"container {container} has no shell to be asked with")
    evidence.json(_FACTS, {one.source: writable[one.target] for one in mounts if one.target in writable})
    red, unknown = judged(mounts, writable, noted(baseline, f"D28[{name}]", _FACTS))
    for said in unknown:
        evidence.advise(f"{name}: found that {said}")
    assert not red, f"{name}: found that {'; '.join(red)}"
