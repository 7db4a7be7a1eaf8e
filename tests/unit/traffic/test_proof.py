"""Who answers is proven by answers, several in a row, and by nothing else."""

from __future__ import annotations

import http.server
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from gonogo.errors import CommandError
from gonogo.traffic.proof import Pages, Said, ask, prove, sign_of

BLUE, GREEN = "20261129T101500-1a2b3c4", "20261129T111500-5d6e7f8"
HANGS = "hangs"
COMMIT = "5d6e7f8a" * 5


@contextmanager
def answering(answers: Sequence[tuple[int, str]]) -> Iterator[Pages]:
    """A server that gives these answers one after the other, the last one for ever."""
    left = itertools.chain(answers, itertools.repeat(answers[-1]))

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = next(left)
            if text == HANGS:
                time.sleep(3)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Pages(urls=(f"http://127.0.0.1:{server.server_port}/",))
        server.shutdown()


@pytest.mark.parametrize(
    ("answers", "sign"),
    [
        ([(200, GREEN)], GREEN),
        ([(200, BLUE), (200, GREEN), (200, BLUE), (200, GREEN)], GREEN),
        ([(502, ""), (200, f"commit {COMMIT}")], COMMIT[:7]),
        ([(200, "OK")], ""),
        ([(200, GREEN), (429, "")], GREEN),
    ],
)
def test_a_release_is_proven_by_its_answers(answers: Sequence[tuple[int, str]], sign: str) -> None:
    """Where it names itself by that; where nobody does, any answer; after a limit was met, by what came before."""
    with answering(answers) as pages:
        said = prove(pages, release=GREEN, sign=sign, seconds=5)

    assert said.status in {200, 429}


@pytest.mark.parametrize(
    ("answers", "sign", "found"),
    [
        ([(200, BLUE)], "", f"found HTTP 200, which names {BLUE}"),
        ([(200, BLUE)], GREEN, f"found HTTP 200, which names {BLUE}"),
        ([(200, "OK")], GREEN, "found HTTP 200"),
        ([(502, GREEN)], GREEN, "found HTTP 502"),
        ([(200, GREEN), (200, BLUE)], GREEN, f"found HTTP 200, which names {BLUE}"),
    ],
)
def test_what_others_answer_proves_nothing(answers: Sequence[tuple[int, str]], sign: str, found: str) -> None:
    """One right answer among others is none."""
    with answering(answers) as pages, pytest.raises(CommandError) as raised:
        prove(pages, release=GREEN, sign=sign, seconds=0.3)

    assert found in str(raised.value)
    assert f"expected 5 answers in a row by {GREEN} within 0.3 s." in str(raised.value)


def test_who_does_not_answer_is_told() -> None:
    """The error stands for the answer."""
    with answering([(200, "")]) as pages:
        gone = pages

    assert ask(gone).status is None
    assert "ConnectError" in str(ask(gone))


def test_a_release_is_known_by_the_longest_that_it_says() -> None:
    """Its id before its commit, and that before the beginning of it."""
    assert sign_of(Said(200, f"{GREEN} {COMMIT}"), release=GREEN, commit=COMMIT) == GREEN
    assert sign_of(Said(200, COMMIT), release=GREEN, commit=COMMIT) == COMMIT
    assert sign_of(Said(200, "5d6e7f8"), release=GREEN, commit=COMMIT) == "5d6e7f8"
    assert sign_of(Said(200, "OK"), release=GREEN, commit=COMMIT) == ""


def test_a_request_to_who_is_gone_is_not_waited_for() -> None:
    """The next one has more time, so that a slow page is proven as well."""
    with answering([(200, HANGS), (200, GREEN)]) as pages:
        assert prove(pages, release=GREEN, sign=GREEN, seconds=2.5).text.startswith(GREEN)


def test_going_back_no_answer_of_the_one_that_is_left_counts() -> None:
    """Whose answers name a commit alone is known by that; one that names both is the one that serves."""
    left = (GREEN, COMMIT, COMMIT[:7])
    with answering([(200, f"commit {COMMIT}"), (200, "commit 1a2b3c4")]) as pages:
        assert prove(pages, release=BLUE, sign="", seconds=5, left=left).text.startswith("commit 1a2b3c4")
    with answering([(200, f"{BLUE}, before {COMMIT}")]) as pages:
        prove(pages, release=BLUE, sign="", seconds=5, left=left)
    with (
        answering([(200, f"commit {COMMIT}")]) as pages,
        pytest.raises(CommandError, match="expected 5 answers in a row"),
    ):
        prove(pages, release=BLUE, sign="", seconds=0.2, left=left)
