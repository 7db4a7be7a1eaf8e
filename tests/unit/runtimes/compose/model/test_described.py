"""A service of a rendered model, as it is shown beside a red check."""

from __future__ import annotations

from gonogo.runtimes.base import Described
from gonogo.runtimes.compose.model.described import described

__all__: list[str] = []


def test_variables_are_names_and_what_says_nothing_is_left_out() -> None:
    """Everything else stands as Compose renders it."""
    service = {
        "image": "shop-web:r1",
        "command": ["uvicorn", "app.main:app"],
        "entrypoint": None,
        "environment": {"TOKEN": "marker-a", "DEBUG": None, "A": ""},
        "networks": {},
        "read_only": False,
    }

    assert described(service) == Described(
        definition={"image": "shop-web:r1", "command": ["uvicorn", "app.main:app"], "read_only": False},
        variables=("A", "DEBUG", "TOKEN"),
    )


def test_no_value_of_a_build_argument_or_a_secret_label_is_kept() -> None:
    """A router's rule is; the users of a proxy are not."""
    service = {
        "build": {"context": "/srv", "args": {"NPM_TOKEN": "marker-b", "APP": "shop"}},
        "labels": {
            "traefik.http.routers.web.rule": "Host(`shop.internal`)",
            "traefik.http.middlewares.in.basicauth.users": "marker-c:$$apr1$$x",
            "api_token": "marker-d",
        },
    }
    shown = described(service)

    assert shown.variables == ()
    assert shown.definition["build"] == {"context": "/srv", "args": ["APP", "NPM_TOKEN"]}
    assert shown.definition["labels"]["traefik.http.routers.web.rule"] == "Host(`shop.internal`)"
    assert "marker" not in str(shown)


def test_a_service_without_variables() -> None:
    """Has none, and nothing of it changes."""
    assert described({"image": "a", "environment": None}) == Described(definition={"image": "a"}, variables=())
