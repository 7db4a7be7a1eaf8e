"""gonogo.display.paced: one write in a tenth of a second, and no error of a stream that is gone."""

from __future__ import annotations

import io
import itertools
import os
import sys
import threading
import time

import pytest

from gonogo.display.paced import EVERY, write


class Descriptor(io.StringIO):
    """A stream with a file of the system behind it."""

    encoding = "ascii"

    def __init__(self, number: int) -> None:
        """Write to this descriptor."""
        super().__init__()
        self._number = number

    def fileno(self) -> int:
        """The descriptor."""
        return self._number


def test_writes_are_whole_and_a_tenth_of_a_second_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is one call of the system, also a long one; what the encoding lacks is escaped as Python does it."""
    seen: list[tuple[float, bytes]] = []

    def noted(_: int, data: bytes) -> int:
        seen.append((time.monotonic(), data))
        return len(data)

    monkeypatch.setattr(sys, "stderr", Descriptor(2))
    monkeypatch.setattr(os, "write", noted)
    for text in ("a\n", "x" * 100_000, "→\n"):
        write(text)

    assert [data for _, data in seen] == [b"a\n", b"x" * 100_000, b"\\u2192\n"]
    assert min(after[0] - before[0] for before, after in itertools.pairwise(seen)) >= EVERY


def test_stream_without_a_file_is_written_to(capsys: pytest.CaptureFixture[str]) -> None:
    """As a test runner gives it."""
    write("hello\n")

    assert capsys.readouterr().err == "hello\n"


@pytest.mark.parametrize("broken", ["none", "closed", "pipe"])
def test_stream_that_is_gone_takes_nothing_and_raises_nothing(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """There never was one, it was closed, or nobody reads its pipe any more."""
    reader, writer = os.pipe()
    os.close(reader)
    stream = Descriptor(writer)
    if broken == "closed":
        stream.close()
    monkeypatch.setattr(sys, "stderr", None if broken == "none" else stream)

    write("hello\n")
    os.close(writer)


def test_pipe_that_does_not_block_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost when whoever shares it made it so."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    monkeypatch.setattr(sys, "stderr", Descriptor(writer))
    thread = threading.Thread(target=write, args=("x" * 300_000,))
    thread.start()
    read = 0
    while read < 300_000 and (piece := os.read(reader, 65536)):
        read += len(piece)
    thread.join(10)
    for end in (reader, writer):
        os.close(end)

    assert read == 300_000
