"""What the demo says when the story goes otherwise."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from gonogo.demo import run
from gonogo.demo.deploying import deploy
from gonogo.demo.guestbook import Guestbook, Note
from gonogo.demo.interrupts import Interrupts
from gonogo.demo.visitor import Visitor, visiting
from gonogo.errors import GonogoError
from gonogo.words import Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COMMITS = {"v1": "1" * 40, "v2": "2" * 40, "v3": "3" * 40}
NOTES: list[Note] = [{"id": 1, "author": "Ada"}]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Callable[..., run._Scene]]:
    """Give a function that makes a scene in which a commit serves notes, or refuses to."""
    servers: list[ThreadingHTTPServer] = []

    def make(*, commit: str, notes: list[Note] | None) -> run._Scene:
        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = {"commit": commit} if self.path == "/healthz" else notes
                self.send_response(500 if found is None else 200)
                self.end_headers()
                self.wfile.write(json.dumps(found).encode())

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        return run._Scene(
            repository=tmp_path, commits=COMMITS, url=url, guestbook=Guestbook(url), interrupts=Interrupts()
        )

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def test_version_two_with_its_notes_is_as_told(scene: Callable[..., run._Scene]) -> None:
    """The commit of version 2 answers with the very notes."""
    run._require_unharmed(scene(commit=COMMITS["v2"], notes=NOTES), NOTES)


def test_another_version_is_named(scene: Callable[..., run._Scene]) -> None:
    """Version 3 still serves: exit 3 and both commits."""
    stage = scene(commit=COMMITS["v3"], notes=NOTES)

    with pytest.raises(GonogoError) as caught:
        run._require_unharmed(stage, NOTES)

    assert str(caught.value) == f"{stage.url}: found commit 3333333, expected version 2 (2222222)."
    assert caught.value.exit_code is Exit.INTERNAL


@pytest.mark.parametrize("notes", [[], [{"id": 1, "author": "Eve"}]])
def test_lost_or_changed_notes_are_shown(notes: list[Note], scene: Callable[..., run._Scene]) -> None:
    """A note that is gone or altered: exit 3, found and expected."""
    stage = scene(commit=COMMITS["v2"], notes=notes)

    with pytest.raises(GonogoError) as caught:
        run._require_unharmed(stage, NOTES)

    assert str(caught.value) == f"{stage.url}/notes: found {notes}, expected the notes as before: {NOTES}."


def test_notes_that_cannot_be_read_are_said(scene: Callable[..., run._Scene]) -> None:
    """The page answers 500: exit 3."""
    stage = scene(commit=COMMITS["v2"], notes=None)

    with pytest.raises(GonogoError) as caught:
        run._require_unharmed(stage, NOTES)

    assert str(caught.value) == f"GET {stage.url}/notes: found 500, expected 200."


def test_a_deployment_that_ends_otherwise_is_told(tmp_path: Path) -> None:
    """A folder without a gonogo.toml: the deploy ends with 4, the demo expected 0."""
    with pytest.raises(GonogoError) as caught:
        deploy(tmp_path, "--env", "demo", expected=Exit.GO, interrupts=Interrupts())

    assert str(caught.value) == (
        "`gonogo deploy --env demo`: found exit code 4, expected 0. `gonogo demo --keep` leaves its folder for a look."
    )


def test_a_visitor_who_was_turned_away_is_told(scene: Callable[..., run._Scene]) -> None:
    """A page that answers 500 counts as lost, and the demo ends with it; nobody lost is well."""
    with visiting(scene(commit=COMMITS["v2"], notes=None).url) as visitor:
        deadline = time.monotonic() + 20
        while not visitor.lost and time.monotonic() < deadline:
            time.sleep(0.02)
    run._require_all_answered(Visitor(answered=3))

    with pytest.raises(GonogoError, match=r"requests lost, expected none; the first: GET / 500\."):
        run._require_all_answered(visitor)
