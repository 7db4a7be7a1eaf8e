"""How many requests an address still allows, as the headers of its answers say. Pure."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Allowance", "allowance_of"]

_REMAINING = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining")
_RESET = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")
_A_MOMENT = 1e8
"""A number of seconds above that is a moment since 1970, and no pause."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a limit."""

    remaining: int
    until: float
    """When it begins anew, in seconds since 1970."""


def allowance_of(headers: Mapping[str, str], *, now: float) -> Allowance | None:
    """What an answer says is left; None where it does not say both how many and until when."""
    known = {name.lower(): value for name, value in headers.items()}
    remaining, reset = (_number(known, names) for names in (_REMAINING, _RESET))
    if remaining is None or reset is None:
        return None
    return Allowance(int(remaining), reset if reset > _A_MOMENT else now + reset)


def _number(known: Mapping[str, str], names: tuple[str, ...]) -> float | None:
    said = next((known[name] for name in names if name in known), "").partition(",")[0].partition(";")[0]
    with contextlib.suppress(ValueError):
        found = float(said)
        return found if math.isfinite(found) and found >= 0 else None
    return None
