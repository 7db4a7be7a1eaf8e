"""A start command as gonogo.toml has it: without the machine that it was written for, on loopback and ``{port}``."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["DEFAULT_PORTS", "Written", "port_in", "written"]

DEFAULT_PORTS = {"flask": 5000, "waitress-serve": 8080}
"""Where a server listens that is told nothing; all others on 8000."""
_LISTENS = {
    "gunicorn": ("-b", "--bind"),
    "uvicorn": ("--host", "--port", "--uds", "--fd"),
    "hypercorn": ("-b", "--bind", "--insecure-bind", "--quic-bind"),
    "daphne": ("-b", "--bind", "-p", "--port", "-u", "--unix-socket", "-e", "--endpoint"),
    "granian": ("--host", "--port", "--uds"),
    "waitress-serve": ("--host", "--port", "--listen", "--unix-socket"),
    "flask": ("-h", "--host", "-p", "--port"),
    "fastapi": ("--host", "--port"),
    "uwsgi": ("--http", "--http-socket", "--socket", "-s", "--uwsgi-socket"),
}
_AT_PORT = {
    "gunicorn": ("--bind", "127.0.0.1:{port}"),
    "hypercorn": ("--bind", "127.0.0.1:{port}"),
    "daphne": ("-b", "127.0.0.1", "-p", "{port}"),
    "waitress-serve": ("--listen", "127.0.0.1:{port}"),
    "uwsgi": ("--http-socket", "127.0.0.1:{port}"),
}
_HOST_PORT = ("--host", "127.0.0.1", "--port", "{port}")
_FOR_A_DESK = frozenset({"--reload", "--debug", "--debugger", "--no-reload", "-D", "--daemon", "--detach", "-d"})
"""Left out: a reloader and a debugger belong to a desk, and what goes into the background cannot be watched."""
_OF_A_MACHINE = frozenset(
    {"--pid", "--pidfile", "--user", "--group", "--uid", "--gid", "--env-file", "--reload-dir", "--reload-include"}
    | {"--reload-exclude", "--reload-engine", "--chdir", "--app-dir", "--daemonize"}
)
"""Left out with their values: whose process it is, and where it stands, is for the release to say."""
_LOGS = frozenset({"--access-logfile", "--error-logfile", "--log-file", "--logfile", "-f", "--log-config"})
_WRAPPERS = (("poetry", "run"), ("uv", "run"), ("pipenv", "run"), ("pdm", "run"), ("hatch", "run"), ("rye", "run"))
_ASSIGNED = re.compile(r"^[A-Za-z_]\w*=")
_DESKS = re.compile(r"^(?:FLASK_DEBUG|FLASK_ENV|DEBUG|PYTHONPATH|PATH|PORT|HOST)=|.*\$")
"""Assignments that are left out: a debugger's, a machine's, and those that only a shell can fill in."""
_WITH_COMMAND = frozenset({"flask", "fastapi"})


@dataclass(frozen=True, kw_only=True)
class Written:
    """A command, and what it said itself."""

    words: tuple[str, ...]
    port: int | None = None
    host: str = ""
    """Where it listened: a host, or a socket's path."""
    left_out: tuple[str, ...] = ()
    """Variables of a shell whose values nothing names."""


def written(text: str, server: str, *, folder: str = ".") -> Written:
    """The command of one part of a shell's text.

    Args:
        text: The part, as it stands.
        server: The program in it that serves or works.
        folder: Where it is run, as the command itself names it.
    """
    words = _split(text)
    assigned = [word for word in words[: _start(words)] if _ASSIGNED.match(word) and not _DESKS.match(word)]
    prefix = ("env", *assigned) if assigned else ()
    if server in {"manage.py", "python"} or server.startswith("manage.py "):
        return _of_python(words, prefix, served=server != "python" and " " not in server, folder=folder)
    at = next((at for at, word in enumerate(words) if posixpath.basename(word) == server), 0)
    listens = _LISTENS.get(server, ())
    kept, said, lost = _kept(words[at + 1 :], listens)
    host, port = _address(said)
    if listens:
        place = next((at + 1 for at, word in enumerate(kept) if word in {"run", "dev"}), 0)
        place = place if server in _WITH_COMMAND else 0
        kept[place:place] = _AT_PORT.get(server, _HOST_PORT)
        kept = ["run" if server == "fastapi" and word == "dev" else word for word in kept]
    return Written(words=(*prefix, server, *kept), port=port, host=host, left_out=tuple(lost))


def _of_python(words: Sequence[str], prefix: tuple[str, ...], *, served: bool, folder: str) -> Written:
    """``python manage.py runserver``, a worker that manage.py starts, or a script of the application's own."""
    at = next((at for at, word in enumerate(words) if word.endswith(".py") or word == "-m"), len(words))
    rest = list(words[at:])
    if rest and folder != "." and rest[0].endswith(".py"):
        rest[0] = posixpath.basename(rest[0])
    rest[:1] = [posixpath.normpath(word) if word.endswith(".py") else word for word in rest[:1]]
    if not served:
        kept, _, lost = _kept(rest, ())
        return Written(words=(*prefix, "{python}", *kept), left_out=tuple(lost))
    where = next((word for word in rest[2:] if re.fullmatch(r"(?:\S*:)?\d+", word)), "")
    host, _, port = where.rpartition(":")
    words = (*prefix, "{python}", rest[0], "runserver", "--noreload", "127.0.0.1:{port}")
    return Written(words=words, port=int(port) if port else None, host=host)


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text.strip())
    except ValueError:
        return text.split()


def _start(words: Sequence[str]) -> int:
    """Where the program stands, behind assignments and what runs it in an environment."""
    at = 0
    while at < len(words) and (_ASSIGNED.match(words[at]) or words[at] in {"exec", "env"}):
        at += 1
    while tuple(words[at : at + 2]) in _WRAPPERS:
        at += 2
    return at


def _kept(words: Sequence[str], listens: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """The words that stay, the values of the options that say where it listens, and variables that are not known."""
    kept: list[str] = []
    said: list[str] = []
    lost: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=") if word.startswith("-") else (word, "", "")
        short = next((name for name in listens if len(name) == 2 and word.startswith(name) and len(word) > 2), "")  # noqa: PLR2004
        if option in listens or short:
            said.append(word[2:].lstrip("=") if short else value if equals else rest.pop(0) if rest else "")
        elif option in _OF_A_MACHINE or (option in _LOGS and _stands_elsewhere(value or (rest or [""])[0])):
            _ = equals or not rest or rest.pop(0)
        elif option in _FOR_A_DESK and not equals:
            continue
        elif word in {"&", "2>&1"} or word.startswith((">", "2>", "1>")):
            _ = word in {">", ">>", "2>", "1>"} and rest and rest.pop(0)
        elif "$" in word or "%(" in word:
            lost.append(word)
            if kept and kept[-1].startswith("-") and not word.startswith("-"):
                kept.pop()
        else:
            kept.append(word)
    return kept, said, lost


def _stands_elsewhere(path: str) -> bool:
    return path.startswith(("/", "~", "$"))


def _address(said: Iterable[str]) -> tuple[str, int | None]:
    """Host and port among the values of the options that say where a server listens."""
    host, port = "", None
    for value in said:
        port = port_in(value) or port
        name = value.rpartition(":")[0] if ":" in value and not value.startswith("unix:") else value
        host = name if name and not name.isdecimal() and "$" not in name else host
    return host, port


def port_in(value: str) -> int | None:
    """The port that ``0.0.0.0:8000``, ``*:8000`` or ``8000`` names."""
    match = re.fullmatch(r"(?:\S*:)?(\d{2,5})", value.strip("'\""))
    return int(match[1]) if match and int(match[1]) < 65536 else None  # noqa: PLR2004
