"""Which programs a health check needs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.machine.healthcheck import missing_programs, needs

CASES = {
    "none": (("NONE",), ()),
    "nothing": ((), ()),
    "argv": (("CMD", "curl", "-f", "http://localhost/"), (("curl",),)),
    "only the command word": (("CMD",), ()),
    "path": (("CMD", "/usr/local/bin/probe"), (("/usr/local/bin/probe",),)),
    "a shell by hand": (("CMD", "sh", "-c", "curl -f localhost || exit 1"), (("sh", "curl"),)),
    "shell": (("CMD-SHELL", "curl -f http://localhost:8000/healthz || exit 1"), (("/bin/sh", "curl"),)),
    "alternatives": (
        ("CMD-SHELL", "curl -f localhost || wget -q localhost || exit 1"),
        (("/bin/sh", "curl"), ("/bin/sh", "wget")),
    ),
    "both": (("CMD-SHELL", "pg_isready && redis-cli ping"), (("/bin/sh", "pg_isready", "redis-cli"),)),
    "pipe": (("CMD-SHELL", "curl -s localhost | grep -q ok"), (("/bin/sh", "curl", "grep"),)),
    "builtin": (("CMD-SHELL", "test -f /tmp/alive"), (("/bin/sh",),)),
    "brackets": (("CMD-SHELL", '[ "$(redis-cli ping)" = PONG ]'), (("/bin/sh", "redis-cli"),)),
    "backquotes": (("CMD-SHELL", "test `wget -qO- localhost` = ok"), (("/bin/sh", "wget"),)),
    "carried": (("CMD", "timeout", "5", "curl", "localhost"), (("timeout", "curl"),)),
    "env": (("CMD-SHELL", "env A=b curl localhost"), (("/bin/sh", "env", "curl"),)),
    "assignment": (("CMD-SHELL", "PGUSER=shop pg_isready"), (("/bin/sh", "pg_isready"),)),
    "exec": (("CMD-SHELL", "exec curl localhost"), (("/bin/sh", "curl"),)),
    "if": (("CMD-SHELL", "if curl localhost; then exit 0; else exit 1; fi"), (("/bin/sh", "curl"),)),
    "variable": (("CMD-SHELL", "$PROBE --now"), (("/bin/sh",),)),
    "unbalanced": (("CMD-SHELL", "curl 'localhost"), (("/bin/sh", "curl"),)),
    "quoted separators": (("CMD-SHELL", "python -c 'import os; a || b'"), (("/bin/sh", "python"),)),
    "a script of its own": (("CMD-SHELL", "./probe.py || exit 1"), (("/bin/sh", "./probe.py"),)),
    "after cd": (("CMD-SHELL", "cd /app && ./probe.py"), (("/bin/sh", "/app/probe.py"),)),
    "after two cd": (
        ("CMD-SHELL", "cd /app; cd tools && bin/probe && curl x"),
        (("/bin/sh", "/app/tools/bin/probe", "curl"),),
    ),
    "after cd to a variable": (("CMD-SHELL", 'cd "$APP" && ./probe.py && curl x'), (("/bin/sh", "curl"),)),
    "redirection": (("CMD-SHELL", "curl localhost > /dev/null 2>&1 || exit 1"), (("/bin/sh", "curl"),)),
}


@pytest.mark.parametrize(("healthcheck", "expected"), CASES.values(), ids=CASES)
def test_needs(healthcheck: tuple[str, ...], expected: tuple[tuple[str, ...], ...]) -> None:
    """Every alternative names the programs it needs; builtins and the failure path need nothing."""
    assert needs(healthcheck) == expected


def test_one_possible_alternative_is_enough() -> None:
    """Curl may be missing where wget is there."""
    check = ("CMD-SHELL", "curl -f localhost || wget -q localhost || exit 1")

    assert missing_programs(check, {"/bin/sh", "wget"}.__contains__) == ()
    assert missing_programs(check, {"/bin/sh"}.__contains__) == ("curl", "wget")


def test_a_shell_is_needed_for_a_shell_check() -> None:
    """An image without a shell cannot run CMD-SHELL."""
    assert missing_programs(("CMD-SHELL", "exit 0"), lambda _: False) == ("/bin/sh",)


def test_nothing_is_missing_without_a_healthcheck() -> None:
    """NONE needs nothing."""
    assert missing_programs(("NONE",), lambda _: False) == ()


@given(st.lists(st.text(max_size=40), max_size=4), st.sampled_from(["CMD", "CMD-SHELL", "NONE", ""]))
def test_any_words_are_read(words: list[str], kind: str) -> None:
    """No health check makes the reader fail, and a shell's check always needs a shell."""
    assert all(program == "/bin/sh" for programs in needs(("CMD-SHELL", kind, *words)) for program in programs[:1])
    assert missing_programs((kind, *words), lambda _: True) == ()
