"""Where an environment lives, as ``host`` in a gonogo.toml says it."""

from __future__ import annotations

import os
import re
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = ["LOCAL", "ON_HOST", "Address", "address_of", "judged_host"]

LOCAL = "local"
ON_HOST = "GONOGO_ON_HOST"
"""Set where gonogo was started by a deployer elsewhere: there the environment's host is this machine."""

_FORM = 'expected "local", or "ssh://user@host" with a port where it is another one: "ssh://deploy@example.com:2222"'
_USER = re.compile(r"[\w.][\w.-]*\$?", re.ASCII)
_NAME = re.compile(r"[\w.][\w.-]*|[0-9a-fA-F:.]+(?:%\w+)?", re.ASCII)


class Address(NamedTuple):
    """Whom ``ssh`` is told to reach; nothing stands for what its own configuration says."""

    name: str
    user: str = ""
    port: int | None = None

    def __str__(self) -> str:
        """As a person would write it."""
        who = f"{self.user}@{self.name}" if self.user else self.name
        return f"{who} (port {self.port})" if self.port else who


def judged_host(value: str) -> str:
    """The value, where it is a host that can be reached.

    Raises:
        ValueError: it is none; a password is not repeated.
    """
    if value != LOCAL:
        _address(value)
    return value


def address_of(value: str) -> Address | None:
    """Where the wrapper runs; None for this machine, which it also is where a deployer elsewhere has started it."""
    return None if value == LOCAL or os.environ.get(ON_HOST) else _address(value)


def _address(value: str) -> Address:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{_FORM} ({error})") from error
    if parts.scheme != "ssh" or not parts.hostname or not _NAME.fullmatch(parts.hostname):
        raise ValueError(_FORM)
    if parts.password is not None:
        raise ValueError("expected no password in it: ssh asks for a key, or its agent does")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError('expected nothing after the host: the folder there is the key "path"')
    if parts.username is not None and not _USER.fullmatch(parts.username):
        raise ValueError("expected the name of a user before the @")
    written = parts.netloc.rpartition("@")[2].removesuffix(f":{port}").strip("[]")  # ``hostname`` is in lower case
    return Address(written, parts.username or "", port)
