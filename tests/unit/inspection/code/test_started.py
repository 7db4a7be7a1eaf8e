"""What surely starts a container, and what keeps a script from being started."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.started import Start, faults, passes_everything_on, surely_started

__all__: list[str] = []

DIRECT = Start(path="/start.sh", is_direct=True)
HERE = frozenset({"/bin/sh", "/usr/bin/env", "python", "/app/.venv/bin/python"})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), []),
        (("./start.sh", "web"), ["!/srv/start.sh"]),
        (("gunicorn", "app:app"), ["!gunicorn"]),
        (("tini", "--", "/start.sh"), ["!tini", "/start.sh"]),
        (("nice", "-n", "5", "celery"), ["!nice"]),
        (("gosu", "app", "./run"), ["!gosu", "/srv/run"]),
        (("sh", "start.sh"), ["!sh", "(/srv/start.sh)"]),
        (("/bin/sh", "-c", "./start.sh"), ["!/bin/sh", "/srv/start.sh"]),
        (("sh", "-c", "PORT=1 exec ./start.sh --now && ./later.sh"), ["!sh", "/srv/start.sh"]),
        (("sh", "-c", "bash start.sh"), ["!sh", "(/srv/start.sh)"]),
        (("sh", "-c", "./start.sh || python app.py"), ["!sh"]),
        (("sh", "-c", "[ -f ./start.sh ] && ./start.sh"), ["!sh"]),
        (("sh", "-c", "cd app && ./start.sh"), ["!sh"]),
        (("sh", "-c", "$HOME/start.sh"), ["!sh"]),
        (("sh", "-c", "uvicorn app:app"), ["!sh"]),
        (("python", "main.py"), ["!python", "(/srv/main.py)"]),
        (("python", "-m", "app"), ["!python"]),
        (("uv", "run", "main.py"), ["!uv"]),
        (("${PROGRAM}",), []),
    ],
)
def test_what_is_surely_started(words: tuple[str, ...], expected: list[str]) -> None:
    """Programs by their path, the first one on PATH (`!`: by the Engine), and scripts that are only read (in brackets)."""
    found = list(surely_started(words, "/srv"))

    assert [f"{'!' * one.is_direct}{one.path}" if one.is_program else f"({one.path})" for one in found] == expected


@pytest.mark.parametrize(
    ("start", "begin", "expected"),
    [
        (DIRECT, b"#!/bin/sh\nexit\n", []),
        (DIRECT, b"#!/usr/bin/env python\n", []),
        (DIRECT, b"#! /usr/bin/env -S A=1 python -u\n", []),
        (DIRECT, b"#!/app/.venv/bin/python\n", []),
        (DIRECT, b"\x7fELF\x02\x01", []),
        (DIRECT, b"", []),
        (DIRECT, b"MZ\x90\x00", []),
        (Start(path="/start.sh"), b"echo a shell runs it\n", []),
        (Start(path="/start.sh", is_program=False), b"#!/bin/sh\r\n", []),
        (DIRECT, b"#!/bin/sh\r\nexit\r\n", ["Windows line ends behind #!/bin/sh; expected Unix ones"]),
        (DIRECT, b"echo hello\n", ["no #! in its first two bytes; expected the interpreter that runs it"]),
        (DIRECT, b"\xef\xbb\xbf#!/bin/sh\n", ["no #! in its first two bytes; expected the interpreter that runs it"]),
        (
            DIRECT,
            b"#!/bin/bash -e\n",
            ["#!/bin/bash -e, and no /bin/bash in the image; expected an interpreter that is there"],
        ),
        (
            DIRECT,
            b"#!/usr/bin/env bash\n",
            ["#!/usr/bin/env bash, and no bash in the image; expected an interpreter that is there"],
        ),
    ],
)
def test_what_keeps_a_script_from_being_started(start: Start, begin: bytes, expected: list[str]) -> None:
    """Its interpreter, its line ends, its first bytes; what is no text, or is read by a shell, is not judged."""
    assert list(faults(start, begin, HERE.__contains__)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('#!/bin/sh\nset -e\nexec "$@"\n', True),
        ('#!/bin/sh\nif true; then\n  exec "$@"\nfi\n', True),
        ("#!/bin/sh\nexec gunicorn app\n", False),
        ('#!/bin/sh\nchmod +x /run/*\nexec "$@"\n', False),
        ('#!/bin/sh\ncp /templates/web /web\nexec "$@"\n', False),
        ("", False),
    ],
)
def test_an_entry_point_that_passes_its_command_on(text: str, *, expected: bool) -> None:
    """Only where its text says so, and does not make the command executable or write it."""
    assert passes_everything_on(text, ["/web"]) is expected
