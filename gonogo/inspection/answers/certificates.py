"""When a certificate ends, and whether somebody should have renewed it by now. Pure."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Term", "term"]

_DAY = 86_400.0
_LONGEST = 14 * _DAY
_SHARE = 0.25
"""Of its whole life: those who renew by themselves do it at a third, also for certificates that live for days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The life of a certificate, in seconds since 1970."""

    begins: float
    ends: float

    def days_left(self, now: float) -> float:
        """How many days it is still valid."""
        return (self.ends - now) / _DAY

    def is_overdue(self, now: float) -> bool:
        """Whether less than two weeks are left, or than a quarter of a shorter life."""
        return self.ends - now < min(_LONGEST, _SHARE * (self.ends - self.begins))


def term(certificate: Mapping[str, Any]) -> Term | None:
    """Reads what ``ssl`` says of a certificate; None where it says nothing."""
    try:
        begins, ends = (ssl.cert_time_to_seconds(certificate[name]) for name in ("notBefore", "notAfter"))
    except (KeyError, ValueError, TypeError):
        return None
    return Term(begins=begins, ends=ends)
