"""Whether the user that a service runs as may read its code and start what is started."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

import pytest

from gonogo.checks.build.holding import made_alike
from gonogo.checks.build.probing import released
from gonogo.host import LocalHost
from gonogo.inspection import compose_model
from gonogo.inspection.contents import map_paths
from gonogo.inspection.rights import started_paths, unreadable, unstartable
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.base import Artifact, Inspector, Place

__all__: list[str] = []

_SHOWN = 3


@pytest.mark.build(
    "B14",
    needs=("compose",),
    remedy="In the Dockerfile of {param}: COPY --chown=USER, or RUN chmod -R a+rX on the code, chmod +x on what is "
    "started; git update-index --chmod=+x FILE keeps the bit in the repository",
)
def test_image_user_may_read_and_start_the_code(
    artifact: Artifact, inspector: Inspector, place: Place, runner: LocalHost, context: Context, evidence: Collected
) -> None:
    """The user that the service runs as may read every Python file of the code, and start what its start command names.

    Catches the `chmod 600` of a careful script, a folder that root alone may enter, and an entry point that lost its
    executable bit: the container would end as soon as it is started.
    """
    if artifact.facts is None:
        pytest.skip("runtime process builds no image")
    from gonogo.runtimes.compose_entry import entry_words, image_config  # noqa: PLC0415 (only where it is compose)
    from gonogo.runtimes.compose_rights import rights_in  # noqa: PLC0415 (likewise)

    model: Mapping[str, Any] = getattr(inspector, "model", {})
    definition: Mapping[str, Any] = (model.get("services") or {}).get(artifact.service) or {}
    user = str(definition.get("user") or artifact.facts.user)
    words = entry_words(definition, image_config(artifact.facts.id, runner))
    started = list(started_paths(words, str(definition.get("working_dir") or artifact.facts.workdir)))
    roots = [*artifact.code.values(), *(path for path, _ in started)]
    groups = [str(one) for one in definition.get("group_add") or ()]
    rights, who = rights_in(artifact.facts.id, roots, user=user, groups=groups, project=place.environment.project)
    over = [one.target for one in compose_model.bind_mounts(model) if one.service == artifact.service]
    over += [str(one["target"]) for one in definition.get("volumes") or () if one.get("type") == "volume"]
    seen = {path: one for path, one in rights.items() if not _is_under(path, over)}
    evidence.text("Runs as", f"{user or 'root'} ({who})")
    evidence.text("Starts", " ".join(words))
    if who is None:
        evidence.warn(f"{artifact.label}: user: found {user}, expected one that its /etc/passwd knows")
        return
    places = map_paths(released(context).tracked, artifact.code)
    code = [path for path in places.values() if path.endswith(".py") and path in seen]
    closed, idle = unreadable(seen, who, code), unstartable(seen, who, started)
    evidence.table("Cannot be read", [(path, f"{seen[path].mode:o}", seen[path].uid) for path in closed])
    evidence.table("Cannot be started", [(path, f"{seen[path].mode:o}", seen[path].uid) for path in idle])
    evidence.alike(made_alike(artifact, "rights"))
    assert not idle, f"{artifact.label}: {_shown(seen, idle)}, which {user or 'root'} cannot start; expected a program"
    assert not closed, f"{artifact.label}: {_shown(seen, closed)}, which {user} cannot read; expected readable code"


def _shown(rights: Mapping[str, Any], paths: list[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    shown = ", ".join(f"{path} (mode {rights[path].mode:o}, owner {rights[path].uid})" for path in paths[:_SHOWN])
    return f"found {shown}{more}"


def _is_under(path: str, folders: list[str]) -> bool:
    return any(path == one or posixpath.normpath(path).startswith(f"{one.rstrip('/')}/") for one in folders)
