"""Ask what serves already: its pages, its health, its routes; figures that are measured take the place of guesses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from gonogo.config import Environment
from gonogo.detect.facts import Fact, Found, Page, ServiceFacts, guess
from gonogo.detect.running import Answer, ask

__all__ = ["measure"]

_OFTEN = ("/healthz", "/health", "/livez", "/up", "/ping", "/api/health", "/")
_LIKELY = ("/readyz", "/ready", "/health/ready")
_OPERATIONS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_OK = 200
_ERROR = 400


def measure(found: Found) -> Found:
    """The facts with what the running application answers; unchanged where it does not answer."""
    if found.url is None or not (base := found.url.value.rstrip("/")):
        return found
    reached = Environment(
        project="seen", url=base, connect_to=found.connect_to.value if found.connect_to else None
    ).reached
    home = ask(f"{base}/", reached)
    if home is None:
        note = f"{base} does not answer from here, although the project runs"
        return replace(
            found, notes=(*found.notes, note), url=guess(found.url.value, f"{found.url.where}; it does not answer")
        )
    asked = dict(_asked(found, base, reached))
    live = _live(found, asked)
    document = ask(f"{base}/openapi.json", reached)
    pages = [Page(path="/", status=home.status, seconds=home.seconds)] if home.status < _ERROR else []
    return replace(
        found,
        url=Fact(found.url.value, f"{found.url.where}, and it answers"),
        live=live,
        live_status=None,
        ready=_ready(found, base, reached),
        pages=tuple(pages),
        services=tuple(_counted(one, document) for one in found.services),
    )


def _asked(found: Found, base: str, reached: Callable[[str], str]) -> Iterator[tuple[str, Answer]]:
    wanted = [found.live.value] if found.live is not None else []
    for path in dict.fromkeys([*wanted, *_OFTEN]):
        answer = ask(f"{base}{path}", reached)
        if answer is not None:
            yield path, answer
            if answer.status == _OK:
                return


def _live(found: Found, asked: dict[str, Answer]) -> Fact[str] | None:
    path = next((path for path, answer in asked.items() if answer.status == _OK), None)
    if path is None:
        return found.live and guess(found.live.value, f"{found.live.where}; it does not answer 200 now")
    milliseconds = round(asked[path].seconds * 1000)
    before = f"{found.live.where}; " if found.live is not None and found.live.value == path else ""
    return Fact(path, f"{before}it answers 200 in {milliseconds} ms")


def _ready(found: Found, base: str, reached: Callable[[str], str]) -> Fact[str] | None:
    wanted = [found.ready.value] if found.ready is not None else list(_LIKELY)
    for path in wanted:
        answer = ask(f"{base}{path}", reached)
        if answer is not None and answer.status == _OK and ("json" in answer.kind or found.ready is not None):
            return Fact(path, f"{found.ready.where if found.ready else 'asked'}; it answers 200")
    return None


def _counted(service: ServiceFacts, document: Answer | None) -> ServiceFacts:
    """The number of operations that a running FastAPI names, in place of what was counted."""
    paths = (
        (document.document or {}).get("paths") if document is not None and isinstance(document.document, dict) else None
    )
    if service.framework is None or service.framework.value != "fastapi" or not isinstance(paths, dict):
        return service
    count = sum(1 for item in paths.values() if isinstance(item, dict) for name in item if name in _OPERATIONS)
    if not count:
        return service
    return replace(service, routes=Fact(count, "/openapi.json of what serves"))
