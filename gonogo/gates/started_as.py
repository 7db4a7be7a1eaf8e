"""How a service is started, and which variables came and went with the release: names only; nobody is asked."""

from __future__ import annotations

import json
from dataclasses import replace

from gonogo.errors import GonogoError
from gonogo.gates.subject import as_it_serves
from gonogo.inspection.variables.changed import of_the_runtime
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Described, Inspector, Place
from gonogo.runtimes.place import with_earlier
from gonogo.state.release import Release

__all__ = ["MOST_SERVICES", "started_as"]

MOST_SERVICES = 3
"""How many services are told of where none is known to be meant."""
_MOST = 4000
"""Characters of one service; more is cut."""


def started_as(
    service: str, inspector: Inspector, place: Place, *, release: Release | None, serving: Release | None
) -> list[tuple[str, str]]:
    """Title and text of each piece; ``serving``: what the variables are held against."""
    try:
        now = inspector.described(service)
    except (GonogoError, OSError, ValueError) as error:
        return [(f"{service} as it is started", f"not known: {error}")]
    if now is None:
        return []
    text = json.dumps({**now.definition, "variables": list(now.variables)}, indent=1, ensure_ascii=False, default=str)
    rest = f"\n[… {len(text) - _MOST} more characters]" if len(text) > _MOST else ""
    said = [(f"{service} as it is started (names of variables only)", text[:_MOST] + rest)]
    if serving is None or release is None or serving.id == release.id:
        return said
    return [*said, (f"Variables of {service} beside those in {serving.id}", _difference(service, now, place, serving))]


def _difference(name: str, now: Described, place: Place, serving: Release) -> str:
    then = replace(place, environment=as_it_serves(place.environment, serving))
    then = with_earlier(then, serving)  # a secret that was taken out of the env file is what is looked for
    try:
        before = runtime_of(then.environment.runtime).inspector(then, serving).described(name)
    except (GonogoError, OSError, ValueError) as error:
        return f"not known: {error}"
    if before is None:
        return f"not known: {serving.id} has no service {name}, or it was not kept how that is started"
    had, has = ({one for one in each.variables if not of_the_runtime(one)} for each in (before, now))
    came, gone = (", ".join(sorted(one)) or "none" for one in (has - had, had - has))
    return f"came: {came}\ngone: {gone}\nas before: {len(had & has)}"
