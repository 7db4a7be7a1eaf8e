"""Ask what listens in a container for one path, past everything that stands in front of it.

Runs where the service runs, under its Python, with the standard library alone: path, the origin that visitors ask, then
the ports to ask; without any, those on which a process of this place listens. Prints one line of JSON: port, whether
others can reach it, and the status that it answers (0: none).
"""

from __future__ import annotations

import os
import sys

if not __package__:  # it is given to a Python on standard input
    sys.path[:] = [path for path in sys.path if path not in {"", os.getcwd()}]  # noqa: PTH109
# An application's types.py is not the library's.

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

__all__ = ["main"]

MARKER = "<<gonogo-direct>>"
TIMEOUT = 3.0
MOST = 8
AGENT = "gonogo-check"
LISTEN = "0A"
LOOPBACK_6 = "0" * 24 + "01000000"


def own_sockets() -> set[str]:
    """The sockets of the processes that can be seen here."""
    found = {link_of(name) for process in Path("/proc").glob("[0-9]*") for name in open_files(process)}
    return {link[8:-1] for link in found if link.startswith("socket:[")}


def open_files(process: Path) -> list[Path]:
    """What a process has open; nothing where this user may not know."""
    try:
        return list((process / "fd").iterdir())
    except OSError:
        return []


def link_of(name: Path) -> str:
    """Where a link leads; one that is gone meanwhile leads nowhere."""
    try:
        return os.readlink(name)  # noqa: PTH115  # absent before 3.9
    except OSError:
        return ""


def listening() -> dict[int, bool]:
    """Each port on which one of them listens, and whether it is more than this place's loopback."""
    sockets = own_sockets()
    found: dict[int, bool] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = [line.split() for line in Path(table).read_text(encoding="ascii").splitlines()][1:]
        except OSError:
            continue
        for row in rows:
            address, _, port = row[1].rpartition(":")
            if row[3] == LISTEN and row[9] in sockets:
                alone = address == LOOPBACK_6 or (len(address) < len(LOOPBACK_6) and address.endswith("7F"))
                found[int(port, 16)] = found.get(int(port, 16), False) or not alone
    return found


class Unmoved(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for the answer: where it leads to, somebody else may answer."""

    def redirect_request(self, *_: Any) -> None:
        """Goes nowhere."""


def ask(port: int, path: str, origin: str) -> int:
    """The status that a port answers to what the proxy of an origin would pass on; 0 for none."""
    scheme, _, host = origin.rpartition("://")
    headers = {"User-Agent": AGENT, "Host": host, **({"X-Forwarded-Proto": scheme} if scheme else {})}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Unmoved)
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)
    except (OSError, ValueError, EOFError):
        return 0
    except Exception:  # noqa: BLE001  # what is no HTTP raises what it likes
        return 0


def answers(path: str, origin: str, ports: list[int]) -> dict[str, Any]:
    """The document."""
    found = dict.fromkeys(ports, True) if ports else listening()
    asked = sorted(found)[:MOST]
    return {"ports": [{"port": port, "reachable": found[port], "status": ask(port, path, origin)} for port in asked]}


def main() -> int:
    """Prints it, whatever else is printed around it."""
    sys.dont_write_bytecode = True
    path, origin, *ports = sys.argv[1:]
    sys.stdout.write(f"\n{MARKER}{json.dumps(answers(path, origin, [int(port) for port in ports]))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
