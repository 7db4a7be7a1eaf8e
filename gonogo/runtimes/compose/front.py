"""What stands in front of a Compose release, and what a release changes of it."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from gonogo.host.runner import Host
from gonogo.inspection.answers.addresses import is_loopback
from gonogo.inspection.machine.fronts import hosts
from gonogo.inspection.things import address
from gonogo.runtimes.base import Front
from gonogo.runtimes.compose.engine import connect, containers_of
from gonogo.runtimes.compose.files import services_of
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.ways import fronts_of, upstreams_of

__all__ = ["changes_of", "front_at"]

_SERVICE = "com.docker.compose.service"
_MOST_FILES = 100
_MOST_BYTES = 256 * 1024
_SETTINGS = ("image", "command", "entrypoint", "ports", "networks")
_OWN_TAG = re.compile(r":\d{8}T\d{6}-[0-9a-f]{7,40}$")
"""Of an image that a release builds: it is another one each time, and tells nobody what is in it."""


def front_at(
    url: str,
    model: Mapping[str, Any],
    services: Collection[str],
    before: Mapping[str, Any] | None,
    host: Host,
) -> Front | None:
    """The proxy in front of the services at a URL; None where the URL is a service's own, or nobody's who is known.

    Raises:
        RuntimeUnreachableError: the Engine does not answer.
    """
    name = _at(url, model, fronts_of(model, services, host))
    if name is None:
        return None
    with connect() as client:
        found = containers_of(client, str(model["name"]))
        container = next(
            (one.name for one in found if one.labels.get(_SERVICE) == name and one.status == "running"), ""
        )
    upstreams = upstreams_of(model, name, container, host) if container else ()
    behind = [one for one in services if one in hosts(upstreams)]
    if not behind and name in services:  # it serves what it was built with, as far as anybody knows
        return None
    changed = tuple(changes_of(name, before, model)) if before is not None else ()
    return Front(
        service=name, behind=tuple(behind or services), is_named=bool(behind), upstreams=upstreams, changed=changed
    )


def _at(url: str, model: Mapping[str, Any], fronts: Collection[str]) -> str | None:
    """The front that publishes the URL's port; for a URL of elsewhere the only one there is."""
    ports = roles.published_ports(model)
    owners = {address(f"http://{one.host_ip}:{one.port}"): one.service for one in ports}
    owner = owners.get(address(url))
    if owner is not None or is_loopback(url):
        return owner if owner in fronts else None
    return next(iter(fronts)) if len(fronts) == 1 else None


def changes_of(service: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What differs between two models of one service: its mounted files, as a difference, and its settings."""
    old, new = services_of(before).get(service), services_of(after).get(service, {})
    if old is None:
        yield service, "the release before had no such service"
        return
    then, now = dict(_files(before, service)), dict(_files(after, service))
    for path in sorted(then.keys() | now.keys()):
        if then.get(path) != now.get(path):
            yield path, _difference(then.get(path, ""), now.get(path, ""))
    for key in _SETTINGS:
        if _lasting(old.get(key)) != _lasting(new.get(key)):
            yield key, f"-{json.dumps(old.get(key))}\n+{json.dumps(new.get(key))}"


def _lasting(value: Any) -> Any:
    """A setting without the tag of one release."""
    return _OWN_TAG.sub("", value) if isinstance(value, str) else value


def _files(model: Mapping[str, Any], service: str) -> Iterator[tuple[str, str]]:
    """Path in the container → text of each file of the host that it mounts to read."""
    for mount in roles.bind_mounts(model):
        source = Path(mount.source)
        if mount.service != service:
            continue
        inside = sorted(source.rglob("*"))[:_MOST_FILES] if source.is_dir() else [source]
        for path in inside:
            text = _text(path)
            if text is not None:
                yield f"{mount.target}/{path.relative_to(source)}" if source.is_dir() else mount.target, text


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8") if path.is_file() and path.stat().st_size <= _MOST_BYTES else None
    except (OSError, UnicodeDecodeError):
        return None


def _difference(old: str, new: str) -> str:
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0))[2:]
    return "\n".join(line for line in lines if not line.startswith("@@"))
