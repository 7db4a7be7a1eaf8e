"""What may be asked although nobody named it."""

from __future__ import annotations

import pytest

from gonogo.inspection.answers.harmless import is_harmless, plain_paths
from gonogo.inspection.code.routes import ImageRoute

__all__: list[str] = []


def route(path: str, *methods: str, own: bool = True, kind: str = "http", shows: bool | None = None) -> ImageRoute:
    """A route that an application registers."""
    return ImageRoute(
        kind=kind,
        methods=methods or (("GET",) if shows is None else ()),
        path=path,
        name=None,
        handler_module="shop",
        handler_qualname="f",
        source_file=None,
        line=None,
        schema_path=path,
        own=own,
        shows=shows,
    )


@pytest.mark.parametrize("path", ["/", "/items", "/api/v1/tasks", "/posts/new", "/started", "/runners", "/admin/"])
def test_pages_that_show_something_are_asked(path: str) -> None:
    """A word that only contains an action's name is another word."""
    assert is_harmless(path)


@pytest.mark.parametrize(
    "path",
    ["/logout", "/log-out", "/users/signOut", "/api/send_mail", "/cron/nightly", "/sentry-debug", "/items/delete"],
)
def test_what_acts_by_its_name_is_left_alone(path: str) -> None:
    """However the words are joined."""
    assert not is_harmless(path)


def test_a_pattern_of_the_teams_leaves_paths_alone() -> None:
    """As a shell matches; other paths are not touched by it."""
    assert not is_harmless("/reports/yearly", but=["/reports/*"])
    assert is_harmless("/reports", but=["/reports/*"])


def test_plain_paths_are_the_applications_own_gets_without_a_parameter() -> None:
    """Django's paths begin without a slash, its patterns are none, its functions name no method; nothing twice."""
    routes = [
        route("/b/c", "GET", "HEAD"),
        route("items/"),
        route("/items/{key}"),
        route("users/<int:pk>/"),
        route("^old/$"),
        route("/items/", "GET"),
        route("/save", "POST"),
        route("search/", shows=True),
        route("hook/", shows=False),
        route("/docs", own=False),
        route("/live", kind="websocket"),
    ]

    assert plain_paths(routes) == ("/b/c", "/items/", "/search/")
