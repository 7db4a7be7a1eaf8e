"""What is mounted over an image, and which of it a release leaves to the checkout."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.detect.services import look_at
from gonogo.detect.tree import Tree

__all__: list[str] = []

TREE = Tree.of(
    {
        "Dockerfile": "FROM python:3.12-slim\nWORKDIR /srv\nCOPY app app\nCMD gunicorn app.main:app\n",
        "app/main.py": "app = None\n",
        "config/plugins.py": "PLUGINS = []\n",
        "compose.yaml": "services:\n  web:\n    build: .\n",
    }
)


@pytest.mark.parametrize(
    ("source", "read_only", "told"),
    [("./app", False, True), ("./config", False, True), ("./config", True, False)],
)
def test_a_mounted_folder_of_code_is_told_of_where_containers_may_write_to_it(
    source: str,
    read_only: bool,  # noqa: FBT001 (a row of the table)
    told: bool,  # noqa: FBT001 (likewise)
) -> None:
    """A release brings a copy of its own of what is only read: that is as much the commit's as the image."""
    volume = {"type": "bind", "source": source, "target": "/srv/mounted", "read_only": read_only}
    model: dict[str, Any] = {"services": {"web": {"build": {"context": "."}, "volumes": [volume]}}}

    seen = look_at(TREE, model, ("compose.yaml",), "web", None)

    assert any("checkout's code" in note for note in seen.facts.notes) is told
