"""Which configuration asks, and where what it asks about is reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.gates.subject import Subject
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
    assert environment.service["api"].url == "http://127.0.0.1:4001"
    assert environment.traffic is None
