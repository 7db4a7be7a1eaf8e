"""The Caddy that gonogo runs itself in front of an application which has no proxy."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from gonogo.config.traffic import Traffic
from gonogo.host.programs import find_program
from gonogo.traffic.base import Backend, Upstreams
from gonogo.traffic.caddy import Caddy

__all__ = ["CONFIG", "SOCKET", "OwnCaddy", "caddyfile", "program", "run_words", "variables", "version_words"]

CONFIG, SOCKET = "Caddyfile", "admin.sock"
"""In its folder, in which it is started: a socket's whole path may be too long for the kernel."""
_PORT = "release.port"
"""Read at each request, so that no switch is a reload: at each of those Caddy closes a few connections. With a dot,
since a Caddyfile takes ``{file.name}`` for a part of the request's path."""
_READS = (2, 11)
"""The version that was seen to; one that knows no such placeholder would send every request nowhere."""
_VERSION = re.compile(r"(\d+)\.(\d+)")
_HERE = "127.0.0.1"

_FILE = ("--config", CONFIG, "--adapter", "caddyfile")
_ESTABLISHED = """\
import collections, json, pathlib
found = collections.Counter()
for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
    _, _, there, state, *_ = line.split()
    address, port = there.split(":")
    if state == "01":
        found[".".join(str(part) for part in reversed(bytes.fromhex(address))) + f":{int(port, 16)}"] += 1
print(json.dumps([{"address": address, "num_requests": number} for address, number in found.items()]))
"""
"""Connections of this machine, by where they lead; the front keeps an idle one for half a second."""

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

import {file}

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
    return _TEXT.format(socket=SOCKET, file=OwnCaddy.file, bind=bind, port=port, name=name)


def program() -> str:
    """Where the wheel put it; its bare name where it is nowhere."""
    return str(find_program("caddy") or "caddy")


def version_words() -> tuple[str, ...]:
    """The command that says which version it is."""
    return (program(), "version")


def run_words() -> tuple[str, ...]:
    """The command that is this proxy."""
    return (program(), "run", *_FILE)


def variables(home: Path) -> Mapping[str, str]:
    """Where it keeps what it needs: in its folder, and nowhere else."""
    return {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}


class OwnCaddy(Caddy):
    """Its commands run in its folder, and reach it through a socket that only its user may use."""

    def __init__(self, traffic: Traffic, *, version: str = "") -> None:
        """``version`` is what its program says of itself; one that is not known to read files is reloaded."""
        super().__init__(traffic)
        found = _VERSION.search(version)
        self._reads = found is not None and (int(found[1]), int(found[2])) >= _READS

    def render(self, upstreams: Upstreams) -> str:
        """The same text for every release that gets all requests: only the file beside it says which one."""
        led = {
            name: (Backend(f"{_HERE}:{{file.{_PORT}}}"),) if self.looked_up({name: backends}) else backends
            for name, backends in upstreams.items()
        }
        return super().render(led)

    def looked_up(self, upstreams: Upstreams) -> Mapping[str, str]:
        """The port of the one release that gets all requests."""
        (backends,) = upstreams.values()
        host, _, port = backends[0].endpoint.rpartition(":")
        return {_PORT: port} if self._reads and len(backends) == 1 and host == _HERE else {}

    def test(self) -> tuple[str, ...]:
        """Loads it without serving it."""
        return (program(), "validate", *_FILE)

    def reload(self, upstreams: object) -> tuple[str, ...]:  # noqa: ARG002 (its file has them)
        """The command that ends when the new configuration serves, or says why it does not."""
        return (program(), "reload", *_FILE, "--address", f"unix/{SOCKET}")

    def under_way(self) -> tuple[str, ...]:
        """Counts connections: a switch without a reload leaves them under one name in its admin API."""
        return (sys.executable, "-I", "-c", _ESTABLISHED)

    def wiring(self, inside: str, names: object) -> str:  # noqa: ARG002 (all of it is gonogo's)
        """Nothing that a person wrote."""
        return "nothing of yours: look at its log, instances/@front/front.log in the state folder"
