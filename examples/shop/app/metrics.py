"""Counting requests for Prometheus, and saying which release answered."""

import logging
import time

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("app.requests")

HEADERS = {
    b"content-security-policy": b"default-src 'self'; form-action 'self'; frame-ancestors 'none'",
    b"referrer-policy": b"same-origin",
    b"x-content-type-options": b"nosniff",
}


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        """Start at nought in a registry of their own."""
        self.registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self.requests = Counter("http_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram("http_request_seconds", "Time to answer.", ["route"], registry=self.registry)

    def text(self) -> bytes:
        """Return all counters in the text format."""
        return generate_latest(self.registry)


def route_of(scope: Scope) -> str:
    """Return the route's pattern, never the path: a path would make a counter for every visitor's typo."""
    return str(getattr(scope.get("route"), "path", "unmatched"))


class Watch:
    """Middleware that times, counts, logs and labels each answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Stand around the application."""
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it ended."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        release = scope["app"].state.settings.release.encode()

        async def labelled(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), *HEADERS.items(), (b"x-release", release)]
            await send(message)

        try:
            await self.app(scope, receive, labelled)
        finally:
            self.note(scope, status, time.perf_counter() - started)

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        """Count and log one answer."""
        route = route_of(scope)
        self.metrics.requests.labels(scope["method"], route, status).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        agent = dict(scope["headers"]).get(b"user-agent", b"-").decode("latin-1")
        fields = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": round(seconds * 1000, 1),
            "agent": agent,
        }
        log.info("request", extra={"fields": fields})
