"""B07: what clients of the release before can go on with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.checks.build.test_imports import test_clients_of_the_api_can_go_on as asks
from gonogo.config import Environment, Service
from gonogo.plugins.evidence import Collected

__all__: list[str] = []


def test_routes_of_the_start_are_not_taken_for_gone() -> None:
    """The document is read before the start that adds them: whether they are in it is not known."""
    artifact: Any = SimpleNamespace(service="web")
    inspector: Any = SimpleNamespace(url=lambda _: "http://127.0.0.1:9")
    report = SimpleNamespace(late="api.py:7: include_router", openapi={"paths": {}})
    request: Any = SimpleNamespace(getfixturevalue={"imported": report}.__getitem__)
    serving: Any = SimpleNamespace(id="20261201T000000-1111111")
    service = Service(framework="fastapi", entrypoint="api:app")

    with pytest.raises(pytest.skip.Exception, match=r"web adds routes while it starts \(api.py:7: include_router\)"):
        asks(
            artifact,
            Environment(name="test", project="t", service={"web": service}),
            serving,
            inspector,
            request,
            Collected(),
        )
