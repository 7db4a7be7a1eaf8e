"""B22: the path of a health check beside the routes that the artifact registers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.checks.build.test_imports import test_health_check_asks_for_a_route as asks
from gonogo.config import Environment, Service
from gonogo.plugins.evidence import Collected

__all__: list[str] = []

FASTAPI = Service(framework="fastapi", entrypoint="api:app")


def found(test: list[str], *, service: Service = FASTAPI, image: tuple[str, ...] | None = None, late: str = "") -> str:
    """What the check says of a health check of the model, or of the image where the model has none."""
    routes = [SimpleNamespace(kind="http", path=path) for path in ("/healthz", "/items/{id}")]
    artifact: Any = SimpleNamespace(service="web", facts=SimpleNamespace(healthcheck=image))
    inspector: Any = SimpleNamespace(model={"services": {"web": {"healthcheck": {"test": test}} if test else {}}})
    request: Any = SimpleNamespace(getfixturevalue=lambda _: SimpleNamespace(routes=routes, late=late))
    environment = Environment(name="test", project="t", service={"web": service})
    try:
        asks(artifact, environment, inspector, request, Collected())
    except (AssertionError, pytest.skip.Exception) as said:
        return str(said).split("\n", maxsplit=1)[0]
    return ""


def test_path_without_a_route_is_named() -> None:
    """Of the compose file, and of the image where that says nothing."""
    said = "web: its health check asks for /health: found no such route"

    assert found(["CMD", "curl", "-f", "http://localhost:8000/health"]) == said
    assert found([], image=("CMD-SHELL", "curl -f http://localhost/health || exit 1")) == said


def test_path_with_a_route_is_well() -> None:
    """Also where the image's own health check asks for another: the compose file has the last word."""
    assert (
        found(["CMD", "curl", "-f", "http://localhost:8000/healthz"], image=("CMD", "curl", "http://localhost/x")) == ""
    )


def test_what_asks_for_no_path_is_left() -> None:
    """Another program, another host, and a service whose routes nobody reads."""
    said = "web has no health check that asks for a path, or no routes are known of it"

    assert found(["CMD", "pg_isready"]) == said
    assert found(["CMD", "curl", "http://db/health"]) == said
    assert found(["CMD", "curl", "http://localhost/health"], service=Service()) == said


def test_routes_of_the_start_are_not_missed() -> None:
    """What the start adds is not among those that are known: nobody can say that the page is none."""
    asked = ["CMD", "curl", "-f", "http://localhost:8000/health"]

    assert found(asked, late="/app/main.py:8") == "web adds routes while it starts (/app/main.py:8): not all are known"
