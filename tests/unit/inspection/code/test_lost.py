"""A file that an image no longer holds was lost, or left out on purpose."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gonogo.inspection.code.lost import sort_out

__all__: list[str] = []

SEEN = "the serving image has it"


def sorted_out(gone: str, present: Mapping[str, str], *, why: str = "an ignore file leaves it out") -> dict[str, str]:
    """What is lost of one file that is gone."""
    found = sort_out([gone], present, left_out=lambda _path: why, text=present.__getitem__)
    assert {**found.lost, **found.left_out}.keys() == {gone}
    return dict(found.lost)


def test_what_the_build_should_bring_is_lost() -> None:
    """Nothing leaves it out, and the source still has it."""
    assert sorted_out("a.pem", {}, why="") == {"a.pem": "the serving image has it, the source still has it"}


@pytest.mark.parametrize(
    "gone", ["keys/server.pem", ".env", "tests/test_a.py", "README.md", "docker-compose.yml", "app/data.json"]
)
def test_what_no_release_needs_is_left_out(gone: str) -> None:
    """Keys, settings and papers stay outside, although the application says their names."""
    names = 'x = open("keys/server.pem"), ".env", "README.md", "docker-compose.yml", "data.json"\n'

    assert sorted_out(gone, {"app/main.py": names}) == {}


@pytest.mark.parametrize(
    ("gone", "source", "text", "how"),
    [
        ("app/pdf.py", "app/main.py", "def f():\n    from app.pdf import g\n", "imports"),
        ("app/pdf.py", "app/main.py", "def f():\n    from .pdf import g\n", "imports"),
        ("app/pdf.py", "app/main.py", "def f():\n    from . import pdf\n", "imports"),
        ("app/pdf/__init__.py", "app/main.py", "import app.pdf.fonts\n", "imports"),
        ("src/price.py", "src/server.py", "import price\n", "imports"),
        ("app/templates/mail/hi.html", "app/main.py", 'render("mail/hi.html")\n', "names"),
        ("app/templates/base.html", "app/templates/hi.html", "{% extends 'base.html' %}", "names"),
        ("app/q/all.sql", "app/main.py", 'run("all.sql")\n', "names"),
    ],
)
def test_what_a_source_still_names_is_lost(gone: str, source: str, text: str, how: str) -> None:
    """A module that is imported, even late, and a template that is rendered."""
    assert sorted_out(gone, {source: text}) == {gone: f"{source} {how} it, {SEEN}"}


@pytest.mark.parametrize(
    ("gone", "source", "text"),
    [
        ("app/pdf.py", "tests/test_pdf.py", "from app import pdf\n"),
        ("setup.cfg.py", "setup.py", 'x = "setup.cfg.py"\n'),
        ("app/clients/redis.py", "app/main.py", "import redis\n"),
        ("app/templates/old.html", "app/main.py", 'render("very_old.html")\n'),
        ("app/pdf.py", "app/broken.py", "from app import pdf(\n"),
    ],
)
def test_what_only_tests_or_others_name_is_left_out(gone: str, source: str, text: str) -> None:
    """Tests serve nobody, an installed package is another, and a name is compared whole."""
    assert sorted_out(gone, {source: text}) == {}
