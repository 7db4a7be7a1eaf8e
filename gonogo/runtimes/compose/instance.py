"""What the Engine says of one container, in our words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gonogo.runtimes.base import InstanceState
from gonogo.runtimes.compose.engine import health_said

__all__ = ["instance_of"]

_SERVICE = "com.docker.compose.service"
_RELEASE = "gonogo.release"


def instance_of(
    attrs: Mapping[str, Any], *, one_shots: Sequence[str] = (), service: str | None = None
) -> InstanceState:
    """What ``docker inspect`` says of a container, in our words; ``service``: as the compose file calls it."""
    state = attrs["State"]
    labels = attrs["Config"].get("Labels") or {}
    name = labels.get(_SERVICE, "") if service is None else service
    health = (state.get("Health") or {}).get("Status") or None
    ended = state["Status"] in {"exited", "dead"}
    return InstanceState(
        service=name,
        name=attrs["Name"].lstrip("/"),
        status=state["Status"],
        health=health if health != "none" else None,
        restarts=int(attrs.get("RestartCount") or 0),
        started_at=state.get("StartedAt") or "",
        image=attrs["Image"],
        release=labels.get(_RELEASE),
        exit_code=int(state["ExitCode"]) if ended else None,
        one_shot=name in one_shots,
        created_at=attrs.get("Created") or "",
        health_said=health_said(state),
    )
