"""Whether what starts a service is there and can be started, and whether its user may read its code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gonogo.checks.build.holding import made_alike
from gonogo.checks.build.probing import released
from gonogo.checks.build.starting import Begun, look, remedy_of, wrong_starts
from gonogo.host.runner import Host
from gonogo.inspection.code import presence
from gonogo.inspection.code.contents import map_paths
from gonogo.inspection.code.rights import unreadable, unstartable
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.base import Artifact, Inspector, Place

__all__: list[str] = []

_SHOWN = 3


@pytest.mark.build(
    "B14",
    needs=("images",),
    remedy="In the Dockerfile of {param}: COPY --chown=USER, or RUN chmod -R a+rX on the code, chmod +x on what is "
    "started; git update-index --chmod=+x FILE keeps the bit in the repository",
)
def test_image_user_may_read_and_start_the_code(
    artifact: Artifact, inspector: Inspector, place: Place, runner: Host, context: Context, evidence: Collected
) -> None:
    """What starts the service is there, with its interpreter, and its user may start it and read every Python file.

    Catches the `chmod 600` of a careful script, a folder that root alone may enter, an entry point that lost its
    executable bit, `#!/bin/bash` in an image without bash, and a script with Windows line ends: the container would end
    as soon as it is started. Told in bodleian/iiif-static-choices#20, cachethq/Docker#222.

    Before (Dockerfile; start.sh is not executable in the repository):

        COPY start.sh /srv/start.sh
        CMD ["/srv/start.sh"]

    After (Dockerfile):

        COPY --chmod=755 start.sh /srv/start.sh
        CMD ["/srv/start.sh"]
    """
    if artifact.facts is None:
        pytest.skip("runtime process builds no image")
    begun = look(
        artifact, artifact.facts, getattr(inspector, "model", {}), project=place.environment.project, host=runner
    )
    evidence.text("Runs as", f"{begun.user or 'root'} ({begun.who})")
    evidence.text("Starts", " ".join(begun.words))
    if begun.who is None:
        evidence.warn(f"{artifact.label}: user: found {begun.user}, expected one that its /etc/passwd knows")
    _judge_start(artifact, begun, evidence)
    if begun.who is None:
        return
    places = map_paths(released(context).tracked, artifact.code)
    code = [path for path in places.values() if path.endswith(".py") and path in begun.rights]
    closed = unreadable(begun.rights, begun.who, code)
    evidence.table(
        "Cannot be read", [(path, f"{begun.rights[path].mode:o}", begun.rights[path].uid) for path in closed]
    )
    evidence.alike(made_alike(artifact, "rights"))
    found = _shown(begun.rights, closed)
    assert not closed, f"{artifact.label}: {found}, which {begun.user} cannot read; expected readable code"


def _judge_start(artifact: Artifact, begun: Begun, evidence: Collected) -> None:
    """Red for what keeps the service from being started: rights first, for they are mended first."""
    idle = unstartable(begun.rights, begun.who, begun.started) if begun.who is not None else []
    lost = list(wrong_starts(artifact, begun))
    rows = [(path, f"{begun.rights[path].mode:o}", begun.rights[path].uid) for path in idle]
    evidence.table("Cannot be started", [*rows, *((line,) for line in lost)])
    if idle or lost:
        evidence.alike(made_alike(artifact, "start"))
        evidence.remedy("" if idle else remedy_of(lost[0]))
    found = _shown(begun.rights, idle)
    assert not idle, f"{artifact.label}: {found}, which {begun.user or 'root'} cannot start; expected a program"
    assert not lost, f"{artifact.label}: {presence.first(lost)}"


def _shown(rights: Mapping[str, Any], paths: list[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    shown = ", ".join(f"{path} (mode {rights[path].mode:o}, owner {rights[path].uid})" for path in paths[:_SHOWN])
    return f"found {shown}{more}"
