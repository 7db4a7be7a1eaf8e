"""Which services do not wait for what must be over, or ready, before they start. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gonogo.runtimes.compose.model import roles

__all__ = ["Hasty", "hasty"]

_STARTED = "service_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hasty:
    """A service that starts as soon as another one has begun."""

    service: str
    other: str
    expected: str
    why: str

    def __str__(self) -> str:
        """Says it in one line."""
        return f"{self.service} depends on {self.other}: found {_STARTED}, expected {self.expected}: {self.why}"


def hasty(model: Mapping[str, Any], deployed: Collection[str]) -> Iterator[Hasty]:
    """The deployed services that wait for no end of what only migrates, or for no health of what has a health check."""
    services, ending = dict(model.get("services") or {}), roles.one_shots(model)
    for name in deployed:
        for other, how in (services.get(name, {}).get("depends_on") or {}).items():
            if (how or {}).get("condition", _STARTED) != _STARTED or other not in services:
                continue
            if other in ending:
                yield Hasty(
                    service=name,
                    other=other,
                    expected="service_completed_successfully",
                    why=f"{name} may be there before {other} has come to its end",
                )
            elif _is_asked(services[other]):
                yield Hasty(
                    service=name,
                    other=other,
                    expected="service_healthy",
                    why=f"{other} has a health check that nobody waits for",
                )


def _is_asked(service: Mapping[str, Any]) -> bool:
    said = service.get("healthcheck") or {}
    test = said.get("test") or ()
    return bool(test) and not said.get("disable") and list(test)[:1] != ["NONE"]
