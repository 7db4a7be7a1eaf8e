"""Programs that are started as root, as their images do it, and give that up by themselves."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

__all__ = ["gives_up_root"]

_PROGRAMS = frozenset(
    """
    apache2 apache2-foreground apache2ctl httpd httpd-foreground mariadbd mysqld nginx php-fpm postgres redis-server
    valkey-server
    """.split()  # noqa: SIM905 (a list of words reads best as words)
)
_WRAPPERS = frozenset(
    {"docker-entrypoint.sh", "docker-php-entrypoint", "dumb-init", "entrypoint.sh", "tini", "--", "-g"}
)


def gives_up_root(words: Sequence[str]) -> str | None:
    """The program of an entry command that works under another user than it is started by; None where none does.

    Web servers keep one process as root for the ports below 1024 and answer requests in others; the entry points of
    databases change to the user that owns the data.
    """
    names = map(posixpath.basename, words)
    program = next((name for name in names if name not in _WRAPPERS), None)
    return program if program in _PROGRAMS else None
