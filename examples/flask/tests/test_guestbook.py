"""The guestbook on an SQLite of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from guestbook import create_app, worker
from guestbook.models import Base


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """A guestbook with empty tables."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/guestbook.db")
    monkeypatch.setenv("ADMIN_USER", "host")
    monkeypatch.setenv("ADMIN_PASSWORD", "correct horse")
    app = create_app()
    Base.metadata.create_all(app.extensions["engine"])
    yield app.test_client()
    app.extensions["engine"].dispose()


def round_of(client: FlaskClient) -> int:
    with Session(client.application.extensions["engine"]) as session:
        return worker.work(session)


def test_an_entry_is_shown_once_the_worker_has_seen_it(client: FlaskClient) -> None:
    assert client.post("/", data={"name": "Ada", "message": "Lovely."}).status_code == 303
    assert b"Lovely." not in client.get("/").data
    assert round_of(client) == 1
    assert b"Lovely." in client.get("/").data


def test_a_link_is_held_for_the_host(client: FlaskClient) -> None:
    client.post("/api/entries", json={"name": "Bot", "message": "Look: https://spam.example"})
    round_of(client)
    assert client.get("/api/entries").json == {"entries": []}
    assert client.get("/admin/").status_code == 401
    assert b"spam.example" in client.get("/admin/", auth=("host", "correct horse")).data
