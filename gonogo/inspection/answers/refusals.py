"""Whether a 503 may be a limit's: nginx answers so where ``limit_req_status`` is not set. Pure.

That it is one, only a second and slower request shows: one that answers well then was refused for being one too many.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["REFUSED", "SLOWLY", "Limit", "is_proxys_own", "limit_of", "may_be_limit"]

REFUSED = 503
SLOWLY = 5.0
"""Seconds before the second request, where nobody says how long: enough for twelve requests a minute."""
_LONGEST = 30.0
_MARGIN = 1.2
_OWN_PAGE = re.compile(r"<center>\s*(?:nginx|openresty|tengine|angie)\b[^<]*</center>", re.IGNORECASE)
_ERROR_PAGE = re.compile(r"^[^#\n]*\berror_page\s[^;]*\b503\b", re.MULTILINE)
_HEAD = 4000
_LIMIT = re.compile(r"^[^#\n]*\blimit_(?:req|conn)\s+[^;\n]*;", re.MULTILINE)
_RATE = re.compile(r"^[^#\n]*\blimit_req_zone\b[^;]*\brate=(\d+)r/([sm])", re.MULTILINE)


def is_proxys_own(status: int, text: str) -> bool:
    """Whether a proxy answered by itself: its limit, or ``return 503``. What is not reached behind it is a 502."""
    return status == REFUSED and _OWN_PAGE.search(text[:_HEAD]) is not None


def may_be_limit(status: int, headers: Mapping[str, str], text: str) -> bool:
    """Whether a 503 is worth a second, slower request: a proxy's own page, or one that says when to come back."""
    says_when = any(name.lower() == "retry-after" for name in headers)
    return status == REFUSED and (says_when or is_proxys_own(status, text))


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What nginx's configurations say of a limit on requests."""

    pause: float
    """Seconds after which the slowest one lets one more request in."""
    hides: bool
    """Whether a page of the team's own stands in place of nginx's, so that a refusal cannot be known by it."""


def limit_of(configurations: Iterable[str]) -> Limit | None:
    """The limit that nginx's configurations set; None for none."""
    text = "\n".join(configurations)
    if _LIMIT.search(text) is None:
        return None
    periods = [(1 if unit == "s" else 60) / int(count) for count, unit in _RATE.findall(text) if int(count) > 0]
    pause = min(max(_MARGIN * max(periods), 1.0), _LONGEST) if periods else SLOWLY
    return Limit(pause=pause, hides=_ERROR_PAGE.search(text) is not None)
