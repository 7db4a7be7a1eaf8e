"""gonogo.display.tail: the last line of a command that runs, and nothing that must not be seen."""

from __future__ import annotations

import base64
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from gonogo.display.tail import Tail
from gonogo.host.runner import Command
from gonogo.secrets.redactor import Redactor

SECRET = "hunter22-hunter22"


class Running:
    """A command's two streams, and what follows them."""

    def __init__(self, folder: Path) -> None:
        """Nothing is said yet."""
        self.out: IO[bytes] = (folder / "out").open("w+b", buffering=0)
        self.err: IO[bytes] = (folder / "err").open("w+b", buffering=0)
        command = Command(argv=("make",))
        self.tail = Tail(command, self.out, self.err, redacting=Redactor([SECRET]).stream, at=0.0)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A command that runs."""
    made = Running(tmp_path)
    yield made
    made.tail.close()
    made.out.close()
    made.err.close()


def test_last_whole_line_of_either_stream_is_shown(running: Running) -> None:
    """A line that is not finished waits; a blank one says nothing; the other stream may be the one that speaks."""
    found = [running.tail.last()]
    for stream, said in (
        (running.out, b"one\ntwo\n\n"),
        (running.out, b"thr"),
        (running.err, b"oh\n"),
        (running.out, b"ee\n"),
    ):
        stream.write(said)
        found.append(running.tail.last())

    assert found == ["", "two", "two", "oh", "three"]


def test_line_is_fit_for_a_terminal(running: Running) -> None:
    """No escape sequence, no carriage return, no byte that is no UTF-8."""
    running.out.write(b"\x1b[31m 10 %\r\x1b[2K 20 %\xff\x07\n")

    assert running.tail.last() == "20 %�"


@pytest.mark.parametrize("cut", range(len(SECRET) + 1))
def test_no_part_of_a_secret_is_shown(running: Running, cut: int) -> None:
    """Wherever it is cut in two by the moment of looking."""
    running.out.write(f"login\npassword={SECRET[:cut]}".encode())
    first = running.tail.last()
    running.out.write(f"{SECRET[cut:]}\n".encode())

    assert first == "login"
    assert running.tail.last() == "password=[redacted]"


def test_beginning_of_an_encoded_secret_waits_for_its_end(running: Running) -> None:
    """`base64 -w 12` is written line by line; a line of words is shown at once, whatever letter it ends with."""
    lines = textwrap.wrap(base64.b64encode(SECRET.encode()).decode(), 12)
    seen = []
    for line in ("a license", *lines, "done"):
        running.out.write(f"{line}\n".encode())
        seen.append(running.tail.last())

    assert seen == ["a license", "a license", "[redacted]I=", "done"]


def test_nothing_is_left_of_a_secret_where_a_part_is_left_out(running: Running) -> None:
    """A burst is not read whole; where reading begins stands the second half of a secret, in an endless line."""
    for before in range(len(SECRET) + 1):
        running.out.write(b"y" * 20_000 + SECRET.encode() + b"\n" + b"x" * (16 * 1024 - before - 1))
        seen = running.tail.last()

        assert SECRET[1:] not in seen
        assert "hunter" not in seen


def test_burst_costs_its_end(running: Running) -> None:
    """Of a million lines the last is read, not all."""
    running.out.write(b"".join(b"line %d\n" % number for number in range(1_000_000)))
    read, real = [0], os.pread

    def counted(number: int, size: int, at: int) -> bytes:
        read.append(size)
        return real(number, size, at)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "pread", counted)
        assert running.tail.last() == "line 999999"

    assert sum(read) <= 16 * 1024


def test_files_may_be_closed_by_the_runner(running: Running) -> None:
    """Whoever looks has files of its own."""
    running.out.write(b"bye\n")
    running.out.close()

    assert running.tail.last() == "bye"
