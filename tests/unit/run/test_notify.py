"""The team's channels, told by apprise itself over loopback."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest

import gonogo.run.notify
from gonogo.run.notify import Notices, ended, link
from gonogo.words import Exit
from tests.support.channel import Channel
from tests.unit.records.samples import OLD, a_run, the_reverted_run

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # apprise's own, under new Pythons


@pytest.fixture
def channel() -> Iterator[Channel]:
    """A channel that listens."""
    with Channel.listening() as made:
        yield made


def test_messages_arrive_in_order_and_redacted(channel: Channel) -> None:
    """The address is filled in from the env file; what is secret leaves no channel."""
    notices = Notices(["${HOOK}"], {"HOOK": channel.url}, redact=lambda text: text.replace("hunter2", "***"))
    notices.tell("started")
    notices.tell("NO-GO", "D07: found hunter2")

    assert notices.close() == ()
    assert [(one["title"], one["message"]) for one in channel.taken] == [
        ("started", "started"),
        ("NO-GO", "D07: found ***"),
    ]


def test_channel_that_refuses_is_a_note_and_the_others_are_told(channel: Channel) -> None:
    """It is named by its number: its address may hold a secret. Twice the same is said once."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = f"json://user:hunter2@127.0.0.1:{closed.getsockname()[1]}"
        notices = Notices([dead, "nonsense", "${GONE}", channel.url])
        notices.tell("one")
        notices.tell("two")
        problems = notices.close()

    assert problems == (
        "notify[0]: the channel did not take the message; nobody was told there",
        "notify[1]: found an address that apprise does not know, expected one such as slack://… or mailto://…; nobody was told there",
        "notify[2]: found no variable GONE in the env file, expected one; nobody was told there",
    )
    assert [one["title"] for one in channel.taken] == ["one", "two"]


def test_server_error_is_a_note(channel: Channel) -> None:
    """The channel answers 500."""
    channel.status = 500
    notices = Notices([channel.url])
    notices.tell("one")

    assert notices.close() == ("notify[0]: the channel did not take the message; nobody was told there",)


def test_channel_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """It took the connection and says nothing: the run's end does not wait longer than its patience."""
    monkeypatch.setattr(gonogo.run.notify, "_PATIENCE", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        notices = Notices([f"json://127.0.0.1:{silent.getsockname()[1]}"])
        notices.tell("one")

        assert notices.close() == ("notify: found a channel that took no message within 0.2 s",)


def test_without_the_extra_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Configured, and not installed."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    notices = Notices(["json://127.0.0.1"])
    notices.tell("one")

    assert notices.close() == (
        'notify[0]: found no apprise, expected it: pip install "gonogo[notify]"; nobody was told there',
    )


def test_nobody_is_told_where_nobody_asked() -> None:
    """No channel: no thread, no import."""
    notices = Notices()
    notices.tell("one")

    assert notices.close() == ()


def test_ending_names_the_first_red_check_and_where_to_read_on() -> None:
    """The CI job where there is one; the reports otherwise."""
    run = the_reverted_run(ending="REVERTED to 2f1c9e0")
    job = {"GITHUB_RUN_ID": "77", "GITHUB_REPOSITORY": "team/shop"}

    assert ended(run, environ={}) == (
        "shop staging: REVERTED to 2f1c9e0",
        f'D07: "2f1c9e0"   expected  "9a41b7d"\n{run.reports}',
    )
    assert link(run, environ=job) == "https://github.com/team/shop/actions/runs/77"
    assert link(run, environ={"CI_JOB_URL": "https://gitlab.example.com/j/1"}) == "https://gitlab.example.com/j/1"


def test_run_without_a_red_check_says_why() -> None:
    """A command failed; GO needs no reason."""
    failed = a_run(Exit.NO_GO, reason="docker compose build: found exit code 1\nmore", ending="NO-GO", serving=OLD)
    gone = a_run(Exit.GO, ending="GO  9a41b7d serves staging")

    assert ended(failed, environ={})[1].splitlines()[0] == "docker compose build: found exit code 1"
    assert ended(gone, environ={})[1] == gone.reports
