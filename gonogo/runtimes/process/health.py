"""Whether a started process serves: is its port free before, and does the answer come from it and nobody else."""

from __future__ import annotations

import contextlib
import errno
import http.client
import socket
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import psutil

from gonogo.errors import CommandError, telling
from gonogo.host.runner import Command, Host
from gonogo.inspection.answers.addresses import asks_for_a_name
from gonogo.runtimes.process.instances import Instance, exit_code, family, is_alive
from gonogo.runtimes.process.pinned import PinnedService

__all__ = ["addresses_of", "ask", "holder_of", "last_lines", "listeners", "require_free", "wait_until_healthy"]

AGENT = "gonogo-start"
"""User-Agent of the requests that wait for a start."""

_LINES = 20
_OBSERVED = 1.0
_POLL = 0.05
_SLOWER = 1.5
"""An instance that answers already is asked less and less often: it may count requests."""
_LONGEST_POLL = 1.0
_STATUS = "status "
_REQUEST = 10.0
_RELEASED = 2.0


def require_free(service: str, port: int) -> None:
    """Waits shortly until a port is free.

    Raises:
        CommandError: a stranger holds it.
    """
    deadline = time.monotonic() + _RELEASED
    while (holder := holder_of(port)) is not None:
        if time.monotonic() >= deadline:
            raise CommandError(
                f"{service}: found port {port} held by {holder}, expected it free. "
                f"Stop that process, or give {service} another port in gonogo.toml."
            )
        time.sleep(_POLL)


def holder_of(port: int) -> str | None:
    """Who listens on a port of this machine, as people would name it; None when it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return f"the system itself ({error.strerror})"
        else:
            return None
    return ", ".join(map(_named, sorted(listeners(port) or ()))) or "a process of another user"


def wait_until_healthy(instance: Instance, service: PinnedService, host: Host) -> None:
    """Waits until an instance answers, or stays alive for a second when it has no port.

    Raises:
        CommandError: it ended, or did not answer as it should within its time; with the end of its log.
    """
    begin, pause = time.monotonic(), _POLL
    while True:
        complaint = _complaint(instance, service, begin)
        spent = time.monotonic() - begin
        if not is_alive(instance):
            raise CommandError(
                f"{instance.service}: found {_ending(instance)} after {spent:.1f} s, {_wish(service)}."
                f" {last_lines(instance, host)}",
                services=(instance.service,),
            )
        if complaint is None:
            return
        if spent >= service.timeout:
            status = complaint.removeprefix(_STATUS).strip()
            asked = f"http://{service.name}" if service.name else service.address
            named = asks_for_a_name(asked, int(status)) if status.isdecimal() else ""
            raise CommandError(
                f"{instance.service}: found {complaint} for {spent:.1f} s, {_wish(service)} "
                f"within {service.timeout:g} s (health.timeout){named}. {last_lines(instance, host)}",
                services=(instance.service,),
            )
        pause = min(pause * _SLOWER, _LONGEST_POLL) if complaint.startswith(_STATUS) else _POLL
        time.sleep(pause)


def ask(service: PinnedService, *, timeout: float = _REQUEST) -> int | str:
    """The status that an instance's liveness address answers, or why it did not answer.

    One that does not live under the name of its visitors is asked by its address: what stands in front may ask so too.
    """
    answer = _asked(service, service.named, timeout)
    is_elsewhere = isinstance(answer, int) and answer not in {*service.alive, HTTPStatus.TOO_MANY_REQUESTS}
    return _asked(service, {}, timeout) if service.named and is_elsewhere else answer


def _asked(service: PinnedService, named: Mapping[str, str], timeout: float) -> int | str:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=timeout)
    with contextlib.closing(connection):
        try:
            connection.request("GET", service.live, headers={"User-Agent": AGENT, **named})
            return connection.getresponse().status
        except TimeoutError:
            return f"no answer within {timeout:.1f} s"
        except ConnectionRefusedError:
            return "the connection refused"
        except (OSError, http.client.HTTPException) as error:
            return f"no HTTP answer ({error or type(error).__name__})"


def last_lines(instance: Instance, host: Host) -> str:
    """The end of what an instance wrote, as a sentence for the operator (redacted by the runner)."""
    command = Command(argv=("tail", "-c", f"+{instance.offset + 1}", str(instance.log)), timeout=_REQUEST)
    lines = telling(host.run(command).output, most=_LINES)
    if not lines:
        return f"It wrote nothing to {instance.log}."
    return f"The last lines of {instance.log}:" + "".join(f"\n    {line}" for line in lines)


def _complaint(instance: Instance, service: PinnedService, begin: float) -> str | None:
    """What is still missing, or None."""
    spent = time.monotonic() - begin
    if service.port is None:
        return None if spent >= min(_OBSERVED, service.timeout) else "a start"
    answer = ask(service, timeout=min(_REQUEST, max(service.timeout - spent, 0.1)))
    if answer not in {*service.alive, HTTPStatus.TOO_MANY_REQUESTS}:  # who refuses so is alive
        return f"{_STATUS}{answer}" if isinstance(answer, int) else answer
    heard = listeners(service.port)
    if heard is None or heard & {process.pid for process in family(instance)}:
        return None
    return f"an answer by {', '.join(map(_named, sorted(heard))) or 'a process of another user'}"


def _wish(service: PinnedService) -> str:
    if service.port is None:
        return "expected a process that stays"
    return f"expected {service.live_status} from {service.address}"


def _ending(instance: Instance) -> str:
    code = exit_code(instance)
    if code is None:
        return "its end"
    return f"its end by signal {-code}" if code < 0 else f"exit code {code}"


def addresses_of(port: int) -> frozenset[str]:
    """The addresses on which somebody listens to a port; none where this system does not tell."""
    return frozenset(one.laddr.ip for one in _listening(port) or ())


def listeners(port: int) -> frozenset[int] | None:
    """The pids that listen on a port, as far as they can be seen; None when this system does not tell."""
    found = _listening(port)
    return frozenset(one.pid for one in found if one.pid is not None) if found is not None else None


def _listening(port: int) -> list[Any] | None:
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return None
    return [one for one in connections if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port]


def _named(pid: int) -> str:
    with contextlib.suppress(psutil.Error):
        return f"pid {pid} ({' '.join(psutil.Process(pid).cmdline())[:160]})"
    return f"pid {pid}"
