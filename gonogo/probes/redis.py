"""Ask the stores that an instance's variables name ``PING``, as Redis and Valkey are asked; no library is needed.

With the name of a key as argument it tells what each store has under that, and how long it will have it.

Self-contained: fed on standard input to the Python of a running instance. It prints one JSON document on a line that
begins with a marker, and never an address, a user or a password.
"""

from __future__ import annotations

import os
import sys

if not __package__:  # it is given to a Python on standard input
    sys.path[:] = [path for path in sys.path if path not in {"", os.getcwd()}]  # noqa: PTH109
# An application's types.py is not the library's, and nothing of the application is asked.

import json
import re
import socket
import ssl
import time
from typing import Any
from urllib.parse import unquote, urlsplit

__all__ = ["main"]

MARKER = "<<gonogo-redis>>"
NAMES = re.compile(r"(?:\w+_)?(?:REDIS|VALKEY|BROKER|CACHE|QUEUE|CELERY)(?:_\w+)?")
SCHEMES = ("redis", "rediss", "valkey", "valkeys")
TIMEOUT = 5
TIMES = 3
"""How often it is asked: the quickest answer counts, on a busy machine too."""
MOST = 20
LONGEST = 4096
"""Bytes of one answer."""


class RefusedError(Exception):
    """The store answered with an error."""


def named() -> dict[str, str]:
    """The variables that hold the address of such a store, one for each address."""
    found: dict[str, str] = {}
    for name, value in sorted(os.environ.items()):
        scheme, is_address, _ = value.strip().partition("://")  # a host may be called redis, and a kind of cache
        if NAMES.fullmatch(name) and is_address and scheme in SCHEMES and value not in found.values():
            found[name] = value.strip()
    return dict(list(found.items())[:MOST])


def command(*words: str) -> bytes:
    """A command as the protocol has it."""
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def said(connection: socket.socket, *words: str) -> str:
    """The first line of the answer to a command."""
    connection.sendall(command(*words))
    answer = b""
    while b"\n" not in answer and len(answer) < LONGEST:
        piece = connection.recv(LONGEST)
        if not piece:
            raise ConnectionResetError("it hung up without an answer")
        answer += piece
    line = answer.partition(b"\n")[0].decode("utf-8", "replace").strip()
    if line.startswith("-") and not line.startswith("-NOPERM"):  # who may not ask PING may ask for what it needs
        raise RefusedError(line[1:])
    return line


def text_under(connection: socket.socket, key: str) -> str | None:
    """The text under a key, nothing of another kind of value, and None where there is none."""
    connection.sendall(command("GET", key))
    answer = b""
    while not is_whole(answer) and len(answer) < LONGEST:
        piece = connection.recv(LONGEST)
        if not piece:
            raise ConnectionResetError("it hung up without an answer")
        answer += piece
    head, _, rest = answer.partition(b"\r\n")
    if head == b"$-1":
        return None
    return rest[: int(head[1:])].decode("utf-8", "replace") if head.startswith(b"$") else ""


def is_whole(answer: bytes) -> bool:
    """Whether an answer has come to its end."""
    head, found, rest = answer.partition(b"\r\n")
    return bool(found) and (not head.startswith(b"$") or head == b"$-1" or len(rest) >= int(head[1:]) + 2)


def ask_for(connection: socket.socket, key: str, number: str) -> dict[str, Any]:
    """What is under a key of a numbered database, and for how many milliseconds more."""
    if number.isdigit() and int(number):
        said(connection, "SELECT", number)
    left = said(connection, "PTTL", key).lstrip(":")
    return {"text": text_under(connection, key), "left": int(left) if left.isdigit() else None}


def ping(url: str, key: str, document: dict[str, Any]) -> float:
    """Connects, logs in, asks, and returns how many seconds the quickest answer to PING took."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "localhost", parts.port or 6379), timeout=TIMEOUT) as plain:
        connection: socket.socket = plain
        if parts.scheme in {"rediss", "valkeys"}:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whom to trust is the application's
            connection = context.wrap_socket(plain, server_hostname=parts.hostname)
        if parts.password:
            words = [unquote(parts.username)] if parts.username else []
            said(connection, "AUTH", *words, unquote(parts.password))
        quickest = min(timed(connection) for _ in range(TIMES))
        if key:
            document.update(ask_for(connection, key, parts.path.strip("/")))
        return quickest


def timed(connection: socket.socket) -> float:
    """How long one answer took."""
    began = time.monotonic()
    said(connection, "PING")
    return time.monotonic() - began


def ask(name: str, url: str, key: str) -> dict[str, Any]:
    """What became of one address."""
    document: dict[str, Any] = {"variable": name, "ping": None, "error": None}
    try:
        document["ping"] = ping(url, key, document)
    except RefusedError as error:
        document["error"] = str(error)
    except (OSError, ValueError) as error:
        document["error"] = f"{type(error).__name__}: {getattr(error, 'strerror', None) or 'no answer'}"
    return document


def main() -> int:
    """Prints the document, whatever else is printed around it."""
    sys.dont_write_bytecode = True
    key = sys.argv[1] if sys.argv[1:] else ""
    document = {"stores": [ask(name, url, key) for name, url in named().items()]}
    sys.stdout.write(f"\n{MARKER}{json.dumps(document)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
