"""The Caddy that gonogo runs itself in front of an application which has no proxy."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from gonogo.config.traffic import Traffic
from gonogo.host.programs import find_program
from gonogo.traffic.caddy import Caddy

__all__ = ["CONFIG", "SOCKET", "UPSTREAMS", "OwnCaddy", "caddyfile", "run_words", "variables"]

CONFIG, SOCKET, UPSTREAMS = "Caddyfile", "admin.sock", "upstreams"
"""In its folder, in which it is started: a socket's whole path may be too long for the kernel."""

_FILE = ("--config", CONFIG, "--adapter", "caddyfile")
_ASK = f"""\
import http.client, socket
asked = http.client.HTTPConnection("localhost", timeout=5)
asked.sock = socket.socket(socket.AF_UNIX)
asked.sock.connect({SOCKET!r})
asked.request("GET", "/reverse_proxy/upstreams")
print(asked.getresponse().read().decode())
"""

_TEXT = """\
# Written by gonogo at each deployment: change nothing here.
{{
	admin unix/{socket}
	auto_https off
	persist_config off
	skip_install_trust
	storage file_system storage
	log {{
		level WARN
	}}
	servers {{
		protocols h1
		trusted_proxies static private_ranges
	}}
}}

import {folder}/*.caddy

http://:{port} {{
{bind}	reverse_proxy {{
		import {name}
		transport http {{
			# Shorter than servers keep a connection: a request is never sent into one that is being closed.
			keepalive 500ms
		}}
	}}
}}
"""


def caddyfile(traffic: Traffic) -> str:
    """What it is configured with, apart from where requests go."""
    host, port = traffic.listens
    name = next(iter(traffic.upstreams))
    bind = "" if host == "0.0.0.0" else f"\tbind {host}\n"  # noqa: S104 (every address, of both kinds)
    return _TEXT.format(socket=SOCKET, folder=UPSTREAMS, bind=bind, port=port, name=name)


def program() -> str:
    """Where the wheel put it; its bare name where it is nowhere."""
    return str(find_program("caddy") or "caddy")


def run_words() -> tuple[str, ...]:
    """The command that is this proxy."""
    return (program(), "run", *_FILE)


def variables(home: Path) -> Mapping[str, str]:
    """Where it keeps what it needs: in its folder, and nowhere else."""
    return {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}


class OwnCaddy(Caddy):
    """Its commands run in its folder, and reach it through a socket that only its user may use."""

    def test(self) -> tuple[str, ...]:
        """Loads it without serving it."""
        return (program(), "validate", *_FILE)

    def reload(self, upstreams: object) -> tuple[str, ...]:  # noqa: ARG002 (its file has them)
        """The command that ends when the new configuration serves, or says why it does not."""
        return (program(), "reload", *_FILE, "--address", f"unix/{SOCKET}")

    def under_way(self) -> tuple[str, ...]:
        """Asks its admin API."""
        return (sys.executable, "-I", "-c", _ASK)

    def wiring(self, inside: str, names: object) -> str:  # noqa: ARG002 (all of it is gonogo's)
        """Nothing that a person wrote."""
        return "nothing of yours: look at its log, instances/@front/front.log in the state folder"
