"""What a health check asks for, and whether a route is there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.machine.healthpaths import asked_paths, unrouted

__all__: list[str] = []

ROUTES = [("http", "/healthz"), ("http", "/items/{id}"), ("mount", "/static"), ("http", "/docs")]


@pytest.mark.parametrize(
    ("healthcheck", "paths"),
    [
        (("CMD", "curl", "-f", "http://localhost:8000/healthz"), ("/healthz",)),
        (("CMD-SHELL", "wget -q --spider http://127.0.0.1:8000/health/ || exit 1"), ("/health/",)),
        (("CMD", "python", "-c", "urlopen('http://127.0.0.1:8000/api/health?full=1')"), ("/api/health",)),
        (("CMD-SHELL", "curl -f http://localhost:$PORT/healthz"), ("/healthz",)),
        (("CMD", "curl", "-f", "http://localhost"), ("/",)),
        (("CMD-SHELL", "curl http://localhost/a || curl http://localhost/b"), ("/a", "/b")),
        (("CMD-SHELL", "curl http://localhost:8000/$HEALTH_PATH"), ()),
        (("CMD", "curl", "-f", "http://db:5432/healthz"), ()),
        (("CMD", "pg_isready"), ()),
        (("NONE",), ()),
    ],
)
def test_paths_that_are_asked(healthcheck: tuple[str, ...], paths: tuple[str, ...]) -> None:
    """Of this container alone."""
    assert asked_paths(healthcheck) == paths


@pytest.mark.parametrize("path", ["/healthz", "/healthz/", "/items/7", "/static/ok.txt", "/docs"])
def test_paths_with_a_route(path: str) -> None:
    """Itself, with a parameter, below a mount, and the framework's own."""
    assert unrouted([path], ROUTES) == ()


@pytest.mark.parametrize("path", ["/health", "/", "/items", "/items/7/more", "/staticx"])
def test_paths_without_a_route(path: str) -> None:
    """Nothing answers there."""
    assert unrouted([path], ROUTES) == (path,)


@pytest.mark.parametrize(
    "routes",
    [
        [],
        [("mount", "")],
        [("mount", "/")],
        [("http", "/{rest:path}")],
        [("http", "/<path:rest>")],
        [("http", r"^h.*z$")],
    ],
    ids=["nothing-known", "mount", "root", "rest", "rest-of-flask", "pattern"],
)
def test_what_may_answer_for_any_path(routes: list[tuple[str, str]]) -> None:
    """Then nobody knows, and nothing is said."""
    assert unrouted(["/health"], routes) == ()


@given(st.lists(st.tuples(st.sampled_from(["http", "mount"]), st.text(max_size=12))), st.text(max_size=12))
def test_any_route_is_read(routes: list[tuple[str, str]], path: str) -> None:
    """What comes out was asked."""
    assert set(unrouted([path], routes)) <= {path}
