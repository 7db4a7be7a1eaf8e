"""Where the front that gonogo runs itself listens under Compose."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.config.traffic import Traffic
from gonogo.runtimes.compose.own_front import listening

__all__: list[str] = []


def traffic(**more: Any) -> Traffic:
    """In front of a service."""
    return Traffic.model_validate({"kind": "own", "upstreams": {"web": "api:8000"}, **more})


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ({"target": 8000, "published": "8080"}, "0.0.0.0:8080"),
        ({"target": 8000, "published": "8080", "host_ip": "127.0.0.1"}, "127.0.0.1:8080"),
        ({"target": 8000, "published": "8080", "host_ip": "::1"}, "[::1]:8080"),
        ({"target": 9000, "published": "9090"}, None),
        ({"target": 8000}, None),
        ({"target": 8000, "published": "8080-8090"}, None),
    ],
)
def test_it_takes_the_port_that_is_published(port: dict[str, Any], expected: str | None) -> None:
    """At the address that it is published on; another port of the service, or one that the Engine chooses, is none."""
    model = {"services": {"api": {"ports": [{"target": 9000, "published": "9090"}, port]}}}

    assert listening(traffic(), model).listen == expected


def test_what_is_stated_is_left() -> None:
    """``listen`` wins over the model; another proxy has none."""
    model = {"services": {"api": {"ports": [{"target": 8000, "published": "8080"}]}}}
    nginx = Traffic.model_validate({"kind": "nginx", "folder": "proxy", "upstreams": {"web": "api:8000"}})

    assert listening(traffic(listen="127.0.0.1:81"), model).listen == "127.0.0.1:81"
    assert listening(nginx, model).listen is None
