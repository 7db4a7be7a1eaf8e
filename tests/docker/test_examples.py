"""The example applications under Compose: two good releases, the second with a migration, and a broken one."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import docker
import httpx
import pytest

from tests.support.edits import Edit
from tests.support.examples import DJANGO, FLASK, Example

from .base_images import ensure
from .stack import Ended, Stack, stack

__all__: list[str] = []

pytestmark = [pytest.mark.xdist_group("examples"), pytest.mark.thorough]


def prepare(made: Stack, example: Example) -> None:
    """The example with a filled-in .env, a port of its own, short waits, and patience with a busy machine."""
    for image in example.images:
        ensure(image)
    made.create(example.folder)
    toml, address = "gonogo.toml", example.addresses[0]
    made.replace(
        toml, '-staging"\n', f'-staging"\nstate = "{made.state}"\nretry_every = "100ms"\nwatch = {{ for = "0s" }}\n'
    )
    made.replace(toml, f'"{example.name}-staging"', f'"{made.project}"')
    made.replace(toml, f'"{address}"', f'"http://127.0.0.1:{made.port}"')
    made.replace(toml, 'stable_for = "5s"', 'stable_for = "1s"')
    made.replace(toml, 'within = "1s"', 'within = "10s"', times=2)
    model = (made.root / "docker-compose.yml").read_text(encoding="utf-8")
    slow = "start_period: 20s"
    made.replace("docker-compose.yml", slow, f"{slow}\n      start_interval: 1s", times=model.count(slow))
    env = (example.folder / ".env.example").read_text(encoding="utf-8")
    port = address.rpartition(":")[2]
    env = env.replace(f"HTTP_PORT={port}", f"HTTP_PORT={made.port}")
    for name in example.secrets:
        env = env.replace(f"{name}=change-me", f"{name}={secrets.token_hex(32)}")
    made.write({".env": env})
    (made.root / ".env").chmod(0o600)


def deployed(made: Stack, change: tuple[Edit, ...] = ()) -> tuple[str, Ended]:
    """Commit the change and deploy it; returns the commit, and how the run ended."""
    for edit in change:
        edit.apply(made.root)
    commit = made.commit("next")
    return commit, made.deploy()


def not_green(ended: Ended) -> list[tuple[str, str, str]]:
    """Every check that warned, failed or found nothing out: its step, its code, what it found."""
    return [
        (step["name"], check["code"], check["found"])
        for step in ended.document["steps"]
        for check in (step["gate"] or {}).get("checks", ())
        if check["outcome"] not in {"passed", "skipped"}
    ]


def answer(client: httpx.Client, path: str) -> Any:
    """What a page says that must answer."""
    given = client.get(path)
    assert given.status_code == httpx.codes.OK, f"{path}: {given.status_code} {given.text}"
    return given.json() if "json" in given.headers["content-type"] else given.text


@pytest.mark.parametrize("example", [pytest.param(FLASK, id="flask"), pytest.param(DJANGO, id="django")])
def test_an_example_goes_twice_and_a_broken_release_is_turned_back(
    tmp_path: Path, engine: docker.DockerClient, example: Example
) -> None:
    """GO without a warning, GO with an additive migration, and back to that after a page raised."""
    with stack(tmp_path, engine, example.name) as made, made.client() as client:
        prepare(made, example)
        _, first = deployed(made)
        assert (first.code, not_green(first)) == (0, []), first
        good, second = deployed(made, example.migrated)
        assert (second.code, not_green(second)) == (0, []), second
        assert second.document["ladder"].startswith("pending "), second
        _, broken = deployed(made, example.broken)

        assert broken.code == 1, broken
        assert [(code, found.partition(": ")[2]) for _, code, found in not_green(broken)] == [
            ("D30", "found 500, twice; expected 200, as before this release")
        ], broken
        assert answer(client, "/healthz")["release"].endswith(f"-{good}")
        assert answer(client, example.page)
