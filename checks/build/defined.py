"""How a service is defined by the rendered Compose model, which outweighs its image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gonogo.runtimes.base import ImageFacts, Inspector

__all__ = ["definition_of", "healthcheck_of"]


def definition_of(inspector: Inspector, service: str) -> Mapping[str, Any]:
    """The service in the rendered Compose model; nothing where there is none."""
    model: Mapping[str, Any] = getattr(inspector, "model", {})
    return (model.get("services") or {}).get(service) or {}


def healthcheck_of(definition: Mapping[str, Any], facts: ImageFacts) -> tuple[str, ...] | None:
    """The health check that runs: the model's, or else the image's; None where it is switched off or there is none."""
    configured = definition.get("healthcheck") or {}
    if configured.get("disable"):
        return None
    test = configured.get("test")
    if not test:
        return facts.healthcheck
    words = ["CMD-SHELL", test] if isinstance(test, str) else test
    return tuple(str(word).replace("$$", "$") for word in words)
