"""Whether a wrong answer is the release's own, or that of what stands in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from gonogo.checks.build.probing import marked
from gonogo.config import Health
from gonogo.errors import CommandError, GonogoError
from gonogo.inspection import probe_answers, things
from gonogo.inspection.answers.addresses import origin_of
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.probes import direct
from gonogo.records.text import first_line
from gonogo.runtimes.base import Front, Inspector
from gonogo.state.release import Release

__all__ = ["blame"]

_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class _Direct:
    """How a service answers past everything in front: on which port well, and where it cannot be reached."""

    service: str
    port: int | None = None
    status: int | None = None
    """What it answers there."""
    hidden: int | None = None
    """A port that answers well, and that nobody else can reach."""
    gone: bool = False
    listens: bool = True


def blame(
    inspector: Inspector,
    former: Release | None,
    address: str,
    health: Health,
    answer: httpx.Response | None,
    evidence: Collected,
) -> str:
    """What is to be said of a wrong answer, or of none, at an address behind which a release may be well; else nothing.

    Where all that stands behind it answers well when it is asked directly, the finding is the front's: other checks
    that got the very same answer are red for it, and the remedy names its files.
    """
    try:
        front = inspector.front(address, former)
        if front is None:
            return ""
        once = {one.service for one in inspector.instances(health=False) if one.one_shot}
        behind = [name for name in front.behind if name not in once]
        answered = [_ask(inspector, front, name, address, health, evidence) for name in behind]
        asked = [one for one in answered if one is None or one.listens]
    except (GonogoError, InconclusiveError) as error:
        evidence.text("What stands in front", f"not known: {error}")
        return ""
    gone = [one.service for one in asked if one is not None and one.gone]
    if gone:
        evidence.needs(*map(things.service, gone))
        _breaks(evidence, front, address, answer)
        return f" from {front.name}; behind it {', '.join(gone)} does not run"
    if any(one is None or one.port is None for one in asked) or not asked:
        hidden = next((one for one in asked if one is not None and one.hidden is not None and one.port is None), None)
        return _hidden(hidden, front, address, answer, evidence) if hidden is not None else ""
    _breaks(evidence, front, address, answer)
    _accuse(front, evidence)
    return f" from {front.name}; {' and '.join(_well(asked))}{_sent(front)}{_changed(front)}"


def _ask(
    inspector: Inspector, front: Front, service: str, address: str, health: Health, evidence: Collected
) -> _Direct | None:
    """Asks a service past everything in front; None where it cannot be asked so."""
    try:
        inside = inspector.inside(service)
    except CommandError:
        return _Direct(service=service, gone=True)
    ports = [str(port) for name, _, port in inspector.published() if name == service and not front.service]
    path = urlsplit(address).path or "/"
    done = inside.python(
        probe_answers.script("direct.py"),
        path,
        origin_of(address),
        *ports,
        isolated=True,
        timeout=_SECONDS,
    )
    if not done.ok:
        return None
    found = marked(inside, done, direct.MARKER)["ports"]
    evidence.json(f"{service}, asked directly for {path}", found)
    well = [one for one in found if one["status"] in health.alive]
    reached = next((one for one in well if one["reachable"]), None)
    return _Direct(
        service=service,
        port=reached["port"] if reached else None,
        status=reached["status"] if reached else None,
        hidden=next((one["port"] for one in well), None),
        listens=bool(found),
    )


def _breaks(evidence: Collected, front: Front, address: str, answer: httpx.Response | None) -> None:
    """Whoever gets the very same answer there, or none as well, got it for this cause, and the front logs it."""
    evidence.breaks(
        things.upstreams(front.name),
        things.address(address) if answer is None else things.answer(address, answer.status_code, answer.text),
    )


def _hidden(one: _Direct, front: Front, address: str, answer: httpx.Response | None, evidence: Collected) -> str:
    _breaks(evidence, front, address, answer)
    evidence.remedy(
        f"Let {one.service} listen on 0.0.0.0:{one.hidden}: on 127.0.0.1 nobody outside its container reaches it; "
        "commit that, then: gonogo deploy --env {env}"
    )
    return (
        f" from {front.name}; {one.service} listens on 127.0.0.1:{one.hidden} only, where {front.name} cannot reach it"
    )


def _accuse(front: Front, evidence: Collected) -> None:
    for path, text in front.changed:
        evidence.text(f"Changed of {front.name}: {path}", text)
    files = ", ".join(path for path, _ in front.changed)
    where = f"what the release changes of it ({files})" if files else "its configuration"
    look = f"Mend {where}" if front.service else "Look at the proxy in front, and at env.{env}.url"
    evidence.remedy(look + "; the release itself answers well. Then: gonogo deploy --env {env}")


def _well(asked: list[_Direct | None]) -> Iterator[str]:
    for one in asked:
        if one is not None:
            yield f"{one.service} answers {one.status} on port {one.port} when it is asked directly"


def _sent(front: Front) -> str:
    return f"; {front.name} sends requests to {', '.join(front.upstreams)}" if front.upstreams else ""


def _changed(front: Front) -> str:
    """The first change, with its lines."""
    said = [f"{path}: {' '.join(first_line(line) for line in text.splitlines()[:4])}" for path, text in front.changed]
    more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
    return f"; this release changes {said[0]}{more}" if said else ""
