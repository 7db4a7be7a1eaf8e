"""The probe that asks PING, against a server that speaks the protocol over a real socket."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection import probe_answers
from gonogo.probes import redis

__all__: list[str] = []

PASSWORD = "p@ss:w/rd"


@contextmanager
def store(answers: Mapping[bytes, bytes]) -> Iterator[int]:
    """A server on a port of its own that answers commands by their first word; an unknown one hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=_serve, args=(listening, answers), daemon=True).start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)  # who waits in accept would take one more


def _serve(listening: socket.socket, answers: Mapping[bytes, bytes]) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            while asked := connection.recv(4096):
                answer = next((said for word, said in answers.items() if word in asked), b"")
                if not answer:
                    break
                connection.sendall(answer)


def stores(**variables: str) -> list[dict[str, Any]]:
    """What the probe prints under these variables."""
    done = subprocess.run(
        [sys.executable, "-"],
        input=probe_answers.script("redis.py"),
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert PASSWORD not in done.stdout + done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.rpartition(redis.MARKER)[2])["stores"]
    return found


def test_a_host_that_is_called_redis_is_no_address() -> None:
    """Nor is a kind of cache, or a broker by its name: the password and the port are other variables."""
    assert stores(REDIS_HOST="redis", CACHE_TYPE="redis", CELERY_BROKER="redis") == []


def errors(**variables: str) -> dict[str, str | None]:
    """Variable → its error."""
    return {one["variable"]: one["error"] for one in stores(**variables)}


def test_stores_that_answer() -> None:
    """With a password, without one, and one whose user may not ask PING; each address is asked once."""
    answers = {b"AUTH": b"+OK\r\n", b"PING": b"+PONG\r\n"}
    with store(answers) as port, store({b"PING": b"-NOPERM no permissions to run 'ping'\r\n"}) as shut:
        found = errors(
            REDIS_URL=f"redis://:p%40ss%3Aw%2Frd@127.0.0.1:{port}/0",
            CELERY_BROKER_URL=f"redis://127.0.0.1:{port}/1",
            CELERY_RESULT_BACKEND=f"redis://127.0.0.1:{port}/1",
            CACHE_URL=f"redis://127.0.0.1:{shut}",
        )

    assert found == {"CACHE_URL": None, "CELERY_BROKER_URL": None, "REDIS_URL": None}


def test_stores_that_do_not_answer() -> None:
    """A wrong password, one that is missing, a server that hangs up, nobody, and a port that is none."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        closed = nobody.getsockname()[1]
    wrong = b"-WRONGPASS invalid username-password pair\r\n"
    with store({b"AUTH": wrong, b"PING": b"-NOAUTH Authentication required.\r\n"}) as port, store({}) as mute:
        found = errors(
            REDIS_URL=f"redis://app:secret@127.0.0.1:{port}/0",
            CACHE_REDIS_URL=f"redis://127.0.0.1:{port}/0",
            QUEUE_URL=f"redis://127.0.0.1:{mute}",
            BROKER_URL=f"redis://127.0.0.1:{closed}",
            VALKEY_URL="valkey://127.0.0.1:99999",
        )

    assert found == {
        "BROKER_URL": "ConnectionRefusedError: Connection refused",
        "CACHE_REDIS_URL": "NOAUTH Authentication required.",
        "QUEUE_URL": "ConnectionResetError: no answer",
        "REDIS_URL": "WRONGPASS invalid username-password pair",
        "VALKEY_URL": "ValueError: no answer",
    }


@pytest.mark.parametrize(
    "variables",
    [
        {"REDIS_URL": ""},
        {"BROKER_URL": "amqp://rabbit:5672"},
        {"REDIS_URL": "localhost:6379"},
        {"DOCS_URL": "redis://127.0.0.1:1"},
        {"REDIS_SENTINELS": "redis+sentinel://a:1,b:2/0"},
    ],
    ids=["empty", "another-broker", "no-url", "another-name", "sentinels"],
)
def test_what_is_no_store_of_this_kind_is_left(variables: dict[str, str]) -> None:
    """Nobody is asked."""
    assert stores(**variables) == []


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_commands_count_bytes(words: list[str]) -> None:
    """Each word comes back out of the protocol, whatever it holds."""
    rest, found = redis.command(*words), []
    head, _, rest = rest.partition(b"\r\n")
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        found.append(rest[: int(size[1:])].decode())
        rest = rest[int(size[1:]) + 2 :]

    assert (int(head[1:]), found) == (len(words), words)
