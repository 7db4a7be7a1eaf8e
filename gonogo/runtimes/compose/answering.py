"""Wait for instances that nothing watches: Compose calls a container without a health check started at once."""

from __future__ import annotations

import errno
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import httpx

from gonogo.host.busy import patient
from gonogo.host.directed import directed
from gonogo.host.runner import Command, Host
from gonogo.inspection.answers.addresses import is_loopback
from gonogo.runtimes.base import Front
from gonogo.runtimes.compose.entry import image_config
from gonogo.runtimes.compose.files import services_of
from gonogo.runtimes.compose.model import roles
from gonogo.state.release import Release

__all__ = ["patience", "unwatched", "wait_until_answering"]

AGENT = "gonogo-start"
"""User-Agent of the requests that wait for a start."""

_SOON = 45.0
"""Seconds within which a proxy leads to a service whose own health check is content: its own may ask every 30 s."""
_PAUSE = 1.0
_REQUEST = 5.0
_SECONDS = 30.0
_NOT_YET = frozenset({502, 503, 504})
"""What a proxy says while nothing listens behind it, and an application while it warms up."""
_RESTARTS = 5
"""How often a proxy must have started again in vain, after all that it leads to runs, until it is given up."""
_OVER = frozenset({"exited", "dead", "restarting"})
_NO_BETTER = (socket.gaierror, ssl.SSLCertVerificationError)
_NO_WAY = frozenset({errno.ENETUNREACH, errno.EACCES, errno.EPERM})


def unwatched(model: Mapping[str, Any], release: Release, host: Host) -> tuple[str, ...]:
    """The deployed services that go on and have no health check, by the model or by their image."""
    definitions, ending = services_of(model), roles.one_shots(model)
    lasting = (name for name in release.services if name not in ending)
    return tuple(name for name in lasting if not _is_watched(definitions.get(name, {}), release, name, host))


def _is_watched(definition: Mapping[str, Any], release: Release, name: str, host: Host) -> bool:
    said = definition.get("healthcheck") or {}
    image = release.images.get(name) or release.tags.get(name)
    test = said.get("test")
    if test is None and image:  # a model may change only the interval of the image's own
        test = (image_config(image, host).get("Healthcheck") or {}).get("Test")
    return not said.get("disable") and bool(test and test[0] != "NONE")


def patience(services: Collection[str], front: Front | None, timeout: float) -> float:
    """Seconds to wait for an answer: ``timeout`` where it may come from one of ``services``, which nobody watches.

    What a proxy answers for a service that is healthy already does not get better with the start of a worker.
    """
    behind = services if front is None or not front.is_named else {front.service, *front.behind}
    return timeout if not set(services).isdisjoint(behind) else min(timeout, patient(_SOON))


def wait_until_answering(
    url: str,
    services: Collection[str],
    project: str,
    host: Host,
    *,
    timeout: float,
    reached: Callable[[str], str] = str,
    front: str = "",
) -> None:
    """Asks ``url`` once a second until an application answers, whatever it says; the gate judges what it is.

    It ends earlier where an instance of ``services`` ended or starts again, or the ``front`` starts again and again,
    and without a word when the time is over: the checks say what they find. A name that is not known, or a certificate
    that nobody trusts, does not get better.
    """
    restarts: list[int] = []
    headers = {"User-Agent": AGENT, "Connection": "close"}
    direct, proxied = directed(url, reached), not is_loopback(reached(url))
    with httpx.Client(transport=direct, trust_env=proxied, timeout=_REQUEST, headers=headers) as client:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and _is_starting(client, url):
            rows = _states(project, host)
            if any(service in services and state in _OVER for _, service, state in rows):
                break
            restarts += [
                _restarts(number, host) for number, service, state in rows if service == front and state in _OVER
            ]
            if restarts and restarts[-1] - restarts[0] >= _RESTARTS:
                break
            time.sleep(_PAUSE)


def _is_starting(client: httpx.Client, url: str) -> bool:
    try:
        with client.stream("GET", url) as answer:
            return answer.status_code in _NOT_YET
    except httpx.TimeoutException:
        return True
    except httpx.ConnectError as error:  # with TLS also the connection that a published port takes and drops
        return not any(isinstance(one, _NO_BETTER) or _is_no_way(one) for one in _causes(error))
    except httpx.TransportError:  # a published port takes the connection before anything listens behind it
        return True


def _is_no_way(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in _NO_WAY


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _states(project: str, host: Host) -> list[list[str]]:
    """Of each container of the project its id, its service and its state."""
    form = '{{.ID}}\t{{.Label "com.docker.compose.service"}}\t{{.State}}'
    labels = (f"com.docker.compose.project={project}", "com.docker.compose.oneoff=False")
    filters = (word for label in labels for word in ("--filter", f"label={label}"))
    listed = host.run(Command(argv=("docker", "ps", "--all", "--format", form, *filters), timeout=_SECONDS))
    return [line.split("\t") for line in listed.output.splitlines()]


def _restarts(number: str, host: Host) -> int:
    words = ("docker", "inspect", "--format", "{{.RestartCount}}", number)
    said = host.run(Command(argv=words, timeout=_SECONDS)).output.strip()
    return int(said) if said.isdecimal() else 0
