"""Which configuration asks, and where what it asks about is reached."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gonogo.gates.subject import Subject
from gonogo.state.release import Release
from gonogo.words import Role

CONFIG = """\
[app]
name = "shop"
[service.api]
url = "https://api.example.com/v1"
[service.worker]
[env.prod]
project = "shop"
URL
strategy = "bluegreen"
traffic = { kind = "nginx", folder = "up", upstreams = { web = "api:8000" } }
"""


@pytest.mark.parametrize(
    ("url", "asked", "sent"),
    [
        ('url = "https://shop.example.com"', "http://shop.example.com", "http://127.0.0.1:4001"),
        ('url = "http://localhost:8080"', "http://localhost:8080", "http://127.0.0.1:4001"),
        ("", "http://127.0.0.1:4001", "http://127.0.0.1:4001"),
    ],
)
def test_what_stands_beside_is_asked_past_the_proxy(tmp_path: Path, url: str, asked: str, sent: str) -> None:
    """Under the name that the public address has, since applications may answer to that alone."""
    (tmp_path / "gonogo.toml").write_text(CONFIG.replace("URL", url))
    given = {"role": Role.CANDIDATE, "env": "prod", "root": tmp_path, "path": tmp_path, "state": tmp_path}
    subject = Subject.model_validate({**given, "checkout": tmp_path, "direct": {"api": "127.0.0.1:4001"}})

    _, environment = subject.load()

    assert environment.url == asked
    assert environment.reached(f"{asked}/healthz") == f"{sent}/healthz"
    assert environment.service["api"].url == "http://api.example.com"
    assert environment.reached("http://api.example.com/v1/healthz") == "http://127.0.0.1:4001/v1/healthz"
    assert environment.traffic is None


@pytest.mark.parametrize("name", ["api.example.com", "api.example.com:8443"])
def test_each_service_beside_is_asked_under_its_own_name(tmp_path: Path, name: str) -> None:
    """Two that answer at one name are told apart by their addresses: the second one is asked by that."""
    config = CONFIG.replace("URL", f'url = "https://{name}"').replace(
        "https://api.example.com/v1", f"https://{name}/v1"
    )
    (tmp_path / "gonogo.toml").write_text(config)
    given = {"role": Role.CANDIDATE, "env": "prod", "root": tmp_path, "path": tmp_path, "state": tmp_path}
    direct = {"web": "127.0.0.1:4000", "api": "127.0.0.1:4001"}

    _, environment = Subject.model_validate({**given, "checkout": tmp_path, "direct": direct}).load()

    assert environment.reached(f"http://{name}/healthz") == "http://127.0.0.1:4000/healthz"
    assert environment.service["api"].url == "http://127.0.0.1:4001"


NAMED = 'url = "http://shop.invalid:8080"\nconnect_to = "127.0.0.1"'
BARE = 'url = "http://127.0.0.1:8080"'


@pytest.mark.parametrize(("serves", "comes"), [(NAMED, BARE), (BARE, NAMED)], ids=["its name goes", "a name comes"])
def test_what_serves_is_asked_where_its_own_configuration_sends_requests(
    tmp_path: Path, serves: str, comes: str
) -> None:
    """A baseline takes the address and where that is from one place: a name of one release says nothing of the other's."""
    release = Release(
        id="1", commit="1", env="prod", runtime="compose", created=datetime(2026, 11, 21, tzinfo=UTC),
        folder=tmp_path / "1", root=tmp_path / "1" / "source",
    )  # fmt: skip
    for folder, url in ((release.root, serves), (tmp_path, comes)):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "gonogo.toml").write_text(CONFIG.replace("URL", url))
    release.gate.write_text("{}")
    given = {"role": Role.BASELINE, "env": "prod", "root": tmp_path, "path": tmp_path, "state": tmp_path}

    _, environment = Subject.model_validate({**given, "checkout": tmp_path, "release": release}).load()

    assert environment.url is not None
    assert environment.reached(environment.url) == "http://127.0.0.1:8080"
    assert environment.connect_to == ("127.0.0.1" if serves == NAMED else None)
