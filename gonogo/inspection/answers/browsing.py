"""What a browser noticed while a page was loaded, and what of it is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from gonogo.inspection.answers.addresses import is_loopback

__all__ = ["Noticed", "is_mixed", "unresolved", "wrong"]

_ICON = "/favicon.ico"
_UNRESOLVED = ("ERR_NAME_NOT_RESOLVED", "ERR_INTERNET_DISCONNECTED", "ERR_NETWORK_CHANGED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """One thing: a message of the console, an exception, a request that failed, mixed content."""

    kind: str
    """``console``, ``exception``, ``request`` or ``mixed content``."""
    text: str
    where: str = ""
    """The address that it is about."""


def wrong(noticed: Iterable[Noticed], *, allow: Iterable[str]) -> tuple[Noticed, ...]:
    """Each once, without what is allowed and without an icon that nobody asked for.

    Args:
        noticed: what the browser said, in order.
        allow: regular expressions; one that is found in the text or the address allows it.
    """
    patterns = [re.compile(pattern) for pattern in allow]
    return tuple(
        dict.fromkeys(
            one
            for one in noticed
            if urlsplit(one.where).path != _ICON
            and not any(pattern.search(one.text) or pattern.search(one.where) for pattern in patterns)
        )
    )


def is_mixed(page: str, request: str) -> bool:
    """Whether a page that came encrypted asks for something that does not."""
    if not page.startswith("https://") or not request.startswith("http://"):
        return False
    return not is_loopback(request)


def unresolved(said: str) -> bool:
    """Whether a browser's message says that the way there could not be found, and nothing of the page."""
    return any(word in said for word in _UNRESOLVED)
