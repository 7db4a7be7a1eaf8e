"""One comment that is updated, against a server that speaks the documented API."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from gonogo.github.comment import CommentError, Comments

from .api import TOKEN, GitHub, github

MARKER = "<!-- gonogo staging predeploy -->"


@pytest.fixture
def server() -> Iterator[GitHub]:
    """GitHub, on loopback."""
    with github() as made:
        yield made


class Waits(list[float]):
    """Notes how long would be waited."""

    def __call__(self, seconds: float) -> None:
        """Wait."""
        self.append(seconds)


def put(server: GitHub, body: str = "GO", *, token: str = TOKEN, patience: float = 60.0) -> tuple[str, Waits]:
    """Update the comment; returns its address and the waits."""
    waits = Waits()
    comments = Comments(api=server.url, repository="team/shop", number=7, token=token, patience=patience, sleep=waits)
    with comments:
        return comments.put(MARKER, body), waits


def test_comment_is_written_once_and_then_updated(server: GitHub) -> None:
    """The second run finds the first one's comment, pages away, and leaves everybody else's alone."""
    server.has("nice", "please rebase", "lgtm")
    address, _ = put(server, "NO-GO")
    put(server, "GO")

    assert address == f"{server.url}/c/4"
    assert [comment["body"] for comment in server.comments] == [
        "nice",
        "please rebase",
        "lgtm",
        f"{MARKER}\nGO",
    ]


def test_marker_inside_somebody_s_comment_is_not_ours(server: GitHub) -> None:
    """A quote of our comment does not begin with the marker."""
    server.has(f"> {MARKER}\nlook at this")
    put(server)

    assert len(server.comments) == 2


def test_comment_that_somebody_else_began_so_is_left(server: GitHub) -> None:
    """GitHub refuses to change it (403); ours is written beside it."""
    server.has(f"{MARKER}\nfake")
    server.theirs.add(1)
    put(server)

    assert [comment["body"] for comment in server.comments] == [f"{MARKER}\nfake", f"{MARKER}\nGO"]


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        ((502, {}), [1.0]),
        ((429, {"retry-after": "7"}), [7.0]),
        ((403, {"retry-after": "3"}), [3.0]),
        ((429, {}), [60.0]),
        ((403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}), [1.0]),
    ],
    ids=["server error", "429", "secondary limit", "no hint", "primary limit"],
)
def test_busy_github_is_asked_again_when_it_says(
    server: GitHub, answer: tuple[int, dict[str, str]], waits: list[float]
) -> None:
    """It waits as long as the answer's headers ask, then goes on."""
    server.sick = [answer]
    _, waited = put(server)

    assert list(waited) == waits
    assert [comment["body"] for comment in server.comments] == [f"{MARKER}\nGO"]


def test_limit_that_lasts_is_not_waited_for(server: GitHub) -> None:
    """A comment never keeps a job waiting for an hour; the message says how long it would have been."""
    server.sick = [(403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(time.time() + 3600)})]
    with pytest.raises(CommentError, match=r"^GitHub answered 403: not now; it asks to wait 3[56]\d\d s$"):
        put(server)

    assert server.comments == []


def test_github_that_stays_ill_is_given_up(server: GitHub) -> None:
    """Five attempts, in all bounded by the patience."""
    server.sick = [(500, {})] * 9
    with pytest.raises(CommentError, match=r"^GitHub answered 500: not now$"):
        put(server)

    assert len(server.asked) == 5


def test_new_comment_is_not_sent_twice(server: GitHub) -> None:
    """After a server error nobody knows whether it was written; a second one would repeat it."""
    server.sick = [(200, {}), (502, {})]
    with pytest.raises(CommentError, match="GitHub answered 502"):
        put(server)

    assert server.asked == [
        "GET /repos/team/shop/issues/7/comments?per_page=100",
        "POST /repos/team/shop/issues/7/comments",
    ]


def test_forked_pull_request_s_token_may_not_write(server: GitHub) -> None:
    """Its read-only token is told apart by GitHub's own words."""
    server.read_only = True
    with pytest.raises(CommentError, match=r"^GitHub answered 403: Resource not accessible by integration$"):
        put(server)


def test_wrong_token_is_told_and_not_shown(server: GitHub) -> None:
    """The message never holds the token."""
    with pytest.raises(CommentError) as caught:
        put(server, token="ghs_secret")

    assert str(caught.value) == "GitHub answered 401: Bad credentials"


def test_github_that_is_not_there_is_told() -> None:
    """No network: bounded attempts, one message."""
    waits = Waits()
    with (
        Comments(api="http://127.0.0.1:9", repository="a/b", number=1, token=TOKEN, sleep=waits) as comments,
        pytest.raises(CommentError, match=r"^GitHub cannot be reached \("),
    ):
        comments.put(MARKER, "GO")

    assert list(waits) == [1.0, 2.0, 4.0, 8.0]
