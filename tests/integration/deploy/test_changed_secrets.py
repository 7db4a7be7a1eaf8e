"""A secret of the env file that changed: deployed, turned back, and the release before it still proven."""

from __future__ import annotations

import os

import pytest

from .conftest import GREEN, App

pytestmark = [pytest.mark.integration, pytest.mark.thorough]

KNOWN = """
PASSWORDS = {"first-Password-1", "second-Password-2"}
if os.environ.get("DB_PASSWORD") not in PASSWORDS:
    PAGES["/page"] = (500, "password authentication failed")
if os.environ.get("DB_PASSWORD") == "ends-at-once-3":
    raise SystemExit("password authentication failed")
"""
TABLES = """
[[env.test.endpoint]]
request = "GET /mine"
send = { "X-Password" = "${DB_PASSWORD}" }
"""
SLOW = os.environ.get("GONOGO_ALL_CRASHES") == "1"


def prepare(app: App) -> None:
    """An application that knows two passwords, and answers only who sends its own; the first is deployed."""
    app.configure(options='env_file = ".env"', tables=TABLES)
    (app.root / ".env").write_text("DB_PASSWORD=first-Password-1\n")
    app.pages({**GREEN, "/mine": (200, "mine")})
    source = (app.root / "app.py").read_text()
    source = source.replace("class Handler", KNOWN + "\nclass Handler", 1).replace(
        'PAGES.get(self.path, (404, "no such page"))',
        '(401, "not yours") if self.headers.get("X-Password", os.environ.get("DB_PASSWORD")) '
        '!= os.environ.get("DB_PASSWORD") else PAGES.get(self.path, (404, "no such page"))',
    )
    (app.root / "app.py").write_text(source)
    app.commit("passwords")
    first, _ = app.deploy()
    assert first.code == 0, first


@pytest.mark.parametrize("wrong", ["ends-at-once-3", *(["typing-Mistake-3"] if SLOW else [])])
def test_a_wrong_password_is_turned_back(app: App, wrong: str) -> None:
    """The release before is not well with it either: it serves with the one that it was deployed with, and a note says so.

    A new one that is right is deployed then: the baseline asks with the password that the serving release runs with.
    """
    prepare(app)
    (app.root / ".env").write_text(f"DB_PASSWORD={wrong}\n")
    app.commit("with another password")
    red, record = app.deploy()
    status, document = app.ask() or (0, {})
    (app.root / ".env").write_text("DB_PASSWORD=second-Password-2\n")
    app.commit("with the right one")
    green, _ = app.deploy()

    assert red.code == 1, red
    assert "REVERTED" in record["ending"]
    assert (status, document["text"]) == (200, "hello")
    assert any("was not well with today's DB_PASSWORD" in note for note in record["notes"])
    assert "first-Password-1" not in red.out + red.err
    assert green.code == 0, green
