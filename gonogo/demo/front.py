"""A real Caddy in front of the application, on a free loopback port; gonogo does not deploy it."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gonogo.demo.ports import free_port
from gonogo.demo.programs import program
from gonogo.errors import GonogoError
from gonogo.host.tree import kill_group
from gonogo.traffic.caddy import Caddy

__all__ = ["Front", "front"]

_ATTEMPTS = 3
_DEADLINE = 20.0
_POLL = 0.05
_SIGN = "/.front"

_CADDYFILE = """\
{{
	admin 127.0.0.1:{admin}
	auto_https off
	grace_period 5s
	persist_config off
	storage file_system {home}/storage
}}

import {folder}/*.caddy

http://127.0.0.1:{port} {{
	bind 127.0.0.1
	respond {sign} {token}
	# Before the first release serves, requests wait for it.
	reverse_proxy {{
		import web
		lb_try_duration 5s
		lb_try_interval 50ms
	}}
}}
"""


@dataclass(frozen=True, kw_only=True)
class Front:
    """The proxy that runs, and how it is told where requests go."""

    url: str
    folder: Path
    """Where the file stands that says so."""
    test: tuple[str, ...]
    reload: tuple[str, ...]


@contextlib.contextmanager
def front(home: Path, *, upstream: int) -> Iterator[Front]:
    """Runs a reverse proxy to a loopback port.

    Raises:
        UsageError: there is no Caddy.
        GonogoError: it did not start.
    """
    caddy, folder = program("caddy"), home / "upstreams"
    folder.mkdir(exist_ok=True)
    (folder / Caddy.file).write_text(f"(web) {{\n\tto 127.0.0.1:{upstream}\n}}\n", encoding="utf-8")
    config = ("--config", str(home / "Caddyfile"), "--adapter", "caddyfile")
    for attempt in range(_ATTEMPTS):
        port, admin, token = free_port(), free_port(), secrets.token_hex(8)
        text = _CADDYFILE.format(home=home, folder=folder, port=port, admin=admin, sign=_SIGN, token=token)
        process = _start(caddy, home, text)
        try:
            if _serves(process, port, token):
                yield Front(
                    url=f"http://127.0.0.1:{port}",
                    folder=folder,
                    test=(str(caddy), "validate", *config),
                    reload=(str(caddy), "reload", *config, "--address", f"127.0.0.1:{admin}"),
                )
                return
        finally:
            if process.poll() is None:
                kill_group(process.pid)
                process.wait()
        if attempt == _ATTEMPTS - 1:
            lines = (home / "caddy.log").read_text(errors="replace").splitlines()[-6:]
            raise GonogoError(
                f"Caddy: found no answer on 127.0.0.1:{port}, expected one within {_DEADLINE:g} s. Its last words:"
                + "".join(f"\n    {line}" for line in lines)
            )


def _start(caddy: Path, home: Path, text: str) -> subprocess.Popen[bytes]:
    caddyfile = home / "Caddyfile"
    caddyfile.write_text(text, encoding="utf-8")
    folders = {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    with (home / "caddy.log").open("ab") as log:
        return subprocess.Popen(
            [caddy, "run", "--config", caddyfile, "--adapter", "caddyfile"],
            cwd=home,
            env={**os.environ, **folders},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _serves(process: subprocess.Popen[bytes], port: int, token: str) -> bool:
    """Whether this very process answers in time; it ends at once when somebody else took the port."""
    deadline = time.monotonic() + _DEADLINE
    while process.poll() is None and time.monotonic() < deadline:
        if _ask(port) == token:
            return True
        time.sleep(_POLL)
    return False


def _ask(port: int) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2.0)
    with contextlib.closing(connection):
        try:
            connection.request("GET", _SIGN)
            return connection.getresponse().read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return None
