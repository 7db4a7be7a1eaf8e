"""The hosts that a service's variables name, and those of them that nobody can be. Pure; values are never told."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from gonogo.inspection.variables.placeholders import placeholders
from gonogo.inspection.variables.urlvalues import is_known

__all__ = ["hosts_in", "is_itself", "may_be_asked"]

_ADDRESS = re.compile(r"(?:.*_)?(?:UR[IL]|DSN|ENDPOINT|BROKER|BACKEND)", re.IGNORECASE)
_OWN = re.compile(
    r"(?:^|_)(?:PUBLIC|SITE|BASE|FRONT\w*|APP|ROOT|WEB\w*|CALLBACK|REDIRECT|ORIGINS?|CANONICAL|EXTERNAL|LOGIN|LOGOUT|HOME|DOCS"
    r"|SUPPORT|STATIC|MEDIA|CDN|ASSETS?|LOCATION|LINKS?|MAPS?|BROWSER|CLIENT|PORTAL|DASHBOARD|UI|SUCCESS|CANCEL|RETURN|INVITE|CONFIRM"
    r"|SHARE|SHORT|HOMEPAGE|AVATARS?|GRAVATAR|LOGO|FAVICON|TERMS|PRIVACY|HELP|ABSOLUTE|DOMAIN)(?:_|$)",
    re.IGNORECASE,
)
"""Addresses that an application tells its visitors, and does not ask itself: of pages, never of a store."""
_PAGES = frozenset({"http", "https"})
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_ITSELF = frozenset({"localhost", "127.0.0.1", "::1"})
_ENGINES = frozenset({"host.docker.internal", "gateway.docker.internal", "docker.internal"})
_NO_NAMES = frozenset({"sqlite", "file", "memory", "unix", "mailto", "data", "arn"})


def hosts_in(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Variable and host of each address that a variable of such a name holds; not of what a template left."""
    left = {one.name for one in placeholders(variables)}
    for name, value in sorted(variables.items()):
        text = value.strip()
        scheme = text.partition("://")[0].partition("+")[0].lower()
        is_asked = _ADDRESS.fullmatch(name) and not (scheme in _PAGES and _OWN.search(name))
        if name not in left and is_asked and _SCHEME.match(text) and scheme not in _NO_NAMES:
            host = _host(text)
            if host:
                yield name, host


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return "" if host in _ENGINES or any(mark in parts.netloc.rpartition("@")[2] for mark in ",%$") else host


def is_itself(name: str, host: str) -> bool:
    """Whether a store's address names the machine that asks: in a container, the container."""
    return host in _ITSELF and is_known(name)


def may_be_asked(host: str, *, known: Collection[str]) -> bool:
    """Whether a host is a name that somebody has to have: no number, none that is known, one that DNS could hold."""
    if host in known or host in _ITSELF or not all(_LABEL.fullmatch(part) for part in host.rstrip(".").split(".")):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False
