"""Programs that are started as root, as their images do it, and give that up by themselves."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

__all__ = ["becomes_another", "gives_up_root"]

_PROGRAMS = frozenset(
    """
    apache2 apache2-foreground apache2ctl httpd httpd-foreground mariadbd mysqld nginx php-fpm postgres redis-server
    valkey-server
    """.split()  # noqa: SIM905 (a list of words reads best as words)
)
_WRAPPERS = frozenset(
    {"docker-entrypoint.sh", "docker-php-entrypoint", "dumb-init", "entrypoint.sh", "tini", "--", "-g"}
)

_BECOMES = re.compile(
    r"(?:gosu|su-exec|setuidgid|s6-setuidgid)\s+(?P<plain>[^-\s]\S*)\s+\S|chpst\b.*?\s-u\s*(?P<chpst>\S+)\s+\S|"
    r"setpriv\b.*?\s--reuid[= ](?P<setpriv>\S+)\s+\S|runuser\b.*?\s(?:-u|--user)[= ]?(?P<runuser>\S+)\s+\S|"
    r"su\s+(?:-\S*\s+)*(?P<before>[^-\s]\S*)\s+(?:-s\s+\S+\s+)?-c\s+\S|su\s+(?:-\S+\s+)*?-c\s+.+\s(?P<after>[\w$\"{}-]+)"
)
"""Programs that run a command as another user, and that user."""
_EXEC = re.compile(r"(?:^|[;&|]|\b(?:then|else|do)\b)\s*exec\s+(?P<command>[^;\n]+)")
_PASSES = re.compile(r"[\"']?\$[@*{]")
_ROOT = frozenset({"root", "0", "root:root", "0:0"})


def becomes_another(text: str) -> bool:
    """Whether a start script's last word, or a command that it is replaced by, is run as another user than root.

    What is done as another user before the server starts (``su-exec app manage.py migrate``) says nothing of that.
    """
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = [line.strip() for line in joined.splitlines()]
    commands = [line for line in lines if line and not line.startswith("#")]
    replacing = [found["command"] for line in commands for found in _EXEC.finditer(line)]
    served = [one for one in replacing if not _PASSES.match(one)] if replacing else commands[-1:]
    return bool(served) and all(map(_is_another, served))


def _is_another(command: str) -> bool:
    found = _BECOMES.match(command)
    user = next(filter(None, found.groups()), "") if found else ""
    return bool(user) and user.strip("\"'") not in _ROOT


def gives_up_root(words: Sequence[str]) -> str | None:
    """The program of an entry command that works under another user than it is started by; None where none does.

    Web servers keep one process as root for the ports below 1024 and answer requests in others; the entry points of
    databases change to the user that owns the data.
    """
    if not words:
        return None
    names = map(posixpath.basename, words)
    program = next((name for name in names if name not in _WRAPPERS), None)
    if program in _PROGRAMS:
        return program
    return posixpath.basename(words[0]) if _is_another(" ".join((posixpath.basename(words[0]), *words[1:]))) else None
