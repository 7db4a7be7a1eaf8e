"""gonogo.plugins.source: what checks know of the files of a checkout."""

from __future__ import annotations

from pathlib import Path

from gonogo.host.runner import this_machine
from gonogo.plugins.source import Source
from gonogo.runtimes.compose.code import recipe_of


def test_what_a_build_makes_is_read_once_for_all_services_and_checks(tmp_path: Path) -> None:
    """Seen: eleven services and checks read 5,600 files anew each, and a check met its bound on a busy machine."""
    (tmp_path / "Dockerfile").write_text("FROM python:3.12-slim\nCOPY app.py /srv/\n")
    (tmp_path / "app.py").write_text("")
    source = Source(tmp_path, this_machine())

    first = source.recipe({"context": str(tmp_path), "target": ""})
    second = source.recipe({"target": "", "context": str(tmp_path)})

    assert first is second
    assert first == recipe_of({"context": str(tmp_path)}, root=tmp_path)
    assert source.recipe({"context": str(tmp_path), "dockerfile_inline": "FROM scratch\n"}) != first
