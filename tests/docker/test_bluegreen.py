"""Releases take turns behind real proxies: no request is lost, and what is red is turned back at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from .stack import Stack, stack
from .turns import BROKEN, GREEN, KINDS, create, loaded, pages

__all__: list[str] = []


@pytest.fixture(params=[name if name == "nginx" else pytest.param(name, marks=pytest.mark.thorough) for name in KINDS])
def app(request: pytest.FixtureRequest, tmp_path: Path, engine: docker.DockerClient) -> Iterator[Stack]:
    """An application of which one release serves."""
    with stack(tmp_path, engine, f"turns{request.param}") as made:
        create(made, request.param)
        made.commit("One")
        first = made.deploy()
        assert first.code == 0, first
        yield made


def test_no_request_is_lost(app: Stack) -> None:
    """A release takes the place of another, a red one is turned back: nobody who asks sees anything but answers."""
    with loaded(app) as load:
        pages(app, GREEN | {"/new": 200})
        good = app.commit("Two")
        second = app.deploy()
        pages(app, BROKEN)
        app.commit("Three")
        red = app.deploy()

    assert second.code == 0, second
    assert red.code == 1, red
    assert load.failures == []
    assert load.total > 100
    assert [name.rpartition("-")[2] for _, name in load.releases][-1] == good
