"""Who listens on the ports of this machine."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterable, Iterator

import psutil

from gonogo.runtimes.compose.model.ports import Listener, PublishedPort

__all__ = ["listening"]


def listening(wanted: Iterable[PublishedPort]) -> tuple[Listener, ...]:
    """What listens on these ports, with its command line as far as this user may see it."""
    ports = list(wanted)
    numbers = {port.port for port in ports}
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return tuple(_by_binding(ports))
    return tuple(
        Listener(one.laddr.ip.removeprefix("::ffff:"), one.laddr.port, "tcp", one.pid, _command(one.pid))
        for one in connections
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port in numbers
    )


def _command(pid: int | None) -> str:
    with contextlib.suppress(psutil.Error):
        if pid is not None:
            process = psutil.Process(pid)
            return f"`{' '.join(process.cmdline())[:160].strip() or process.name()}`"
    return ""


def _by_binding(wanted: Iterable[PublishedPort]) -> Iterator[Listener]:
    """Where the system does not tell who listens: try to."""
    for port in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((port.host_ip, port.port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    yield Listener(port.host_ip, port.port)
