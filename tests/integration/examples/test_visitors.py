"""The Django example with a test user: what is broken for whoever is signed in."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys

import pytest

from tests.support.examples import DJANGO

from .conftest import Deployed, Deploys

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.thorough, pytest.mark.timeout(400)]

VISITOR = """
[env.local.visitor]
shows = "/loans/"
login = "POST /accounts/login/"
form = { username = "reader", password = "${READER_PASSWORD}" }
"""
GONE = "{% load static %}<img src=\"{% static 'books/gone.png' %}\">"


def sign_up(made: Deployed) -> None:
    """A user of the application, whose password stands in the env file."""
    env, word = made.root / ".env.local", secrets.token_hex(12)
    env.write_text(f"{env.read_text(encoding='utf-8')}READER_PASSWORD={word}\n", encoding="utf-8")
    known = dict(line.split("=", 1) for line in env.read_text(encoding="utf-8").splitlines() if "=" in line)
    code = f"from django.contrib.auth.models import User; User.objects.create_user('reader', password={word!r})"
    command = [sys.executable, "manage.py", "shell", "-c", code]
    subprocess.run(command, cwd=made.root, env={**os.environ, **known}, check=True, capture_output=True)


def test_a_template_behind_the_login_that_names_a_file_outside_the_manifest_is_red(deploys: Deploys) -> None:
    """``Missing staticfiles manifest entry`` is a 500 for whoever is signed in; open pages answer. D36 turns it back."""
    made = deploys(DJANGO)
    made.release()
    first = made.deploy()
    sign_up(made)
    config = made.root / "gonogo.toml"
    config.write_text(config.read_text(encoding="utf-8") + VISITOR, encoding="utf-8")
    good = made.release()
    second = made.deploy()
    page = made.root / "books/templates/books/loans.html"
    page.write_text(page.read_text(encoding="utf-8").replace("<h1>My loans</h1>", f"<h1>My loans</h1>{GONE}"))
    made.release()
    third = made.deploy()

    red = [(check["code"], check["found"]) for check in third["causes"]]
    assert (first["exit_code"], second["exit_code"]) == (0, 0), json.dumps(second["causes"])
    assert (third["exit_code"], third["serving_after"][-7:]) == (1, good)
    assert ("D36", "GET /loans/ as the visitor: found 500, expected 200") in red
    assert "Missing staticfiles manifest entry" in json.dumps(third["causes"])
