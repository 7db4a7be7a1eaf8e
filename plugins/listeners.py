"""Who listens on the ports of this machine."""

from __future__ import annotations

import contextlib
import errno
import socket

import psutil

__all__ = ["holder_of"]

_ANYWHERE = frozenset({"", "0.0.0.0", "::", "*"})  # noqa: S104 (compared with, never bound)


def holder_of(address: str, port: int) -> str | None:
    """Who already listens where a release would, as people would name it; None when it is free."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return _by_binding(address, port)
    for one in connections:
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and _meet(one.laddr.ip, address):
            return _named(one.pid)
    return None


def _meet(found: str, wanted: str) -> bool:
    plain = found.removeprefix("::ffff:")
    return plain == wanted or plain in _ANYWHERE or wanted in _ANYWHERE


def _named(pid: int | None) -> str:
    if pid is None:
        return "a process of another user"
    with contextlib.suppress(psutil.Error):
        words = " ".join(psutil.Process(pid).cmdline()) or psutil.Process(pid).name()
        return f"pid {pid} ({words[:160]})"
    return f"pid {pid}"


def _by_binding(address: str, port: int) -> str | None:
    """Where the system does not tell who listens: try to."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address or "127.0.0.1", port))
        except OSError as error:
            return "some process" if error.errno == errno.EADDRINUSE else None
    return None
