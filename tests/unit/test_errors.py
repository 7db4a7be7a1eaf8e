"""gonogo.errors: what the system refuses is told with its place, what was expected, and a way out."""

from __future__ import annotations

import errno
import os

import pytest

from gonogo.errors import CommandError, UsageError, explain, in_one_line, last_words, names_exception, telling


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "/s/current: found no space left, expected room to write. Free some (df -h), then try again."),
        (
            errno.EDQUOT,
            "/s/current: found the disk quota used up, expected room to write. Free some (df -h), then try again.",
        ),
        (
            errno.EROFS,
            "/s/current: found no right to use it (Read-only file system), expected one. "
            "Give it to this user (ls -ld), or choose another place in gonogo.toml (state, path).",
        ),
        (
            errno.ENOTDIR,
            "/s/current: found something else there (Not a directory), expected a folder or nothing. Move it away.",
        ),
        (errno.EIO, "/s/current: found Input/output error, expected to be able to use it."),
    ],
)
def test_refusal_of_the_system_is_told_with_its_place_and_a_way_out(number: int, said: str) -> None:
    """Where, found, expected, what to do; no bare errno."""
    assert explain(OSError(number, os.strerror(number), "/s/current")) == said


def test_refusal_without_a_place_still_says_what_to_do() -> None:
    """A write to an open file does not tell its name."""
    said = explain(OSError(errno.ENOSPC, "No space left on device"))

    assert said == "the disk: found no space left, expected room to write. Free some (df -h), then try again."


def test_command_that_met_a_full_disk_is_told_with_the_way_out() -> None:
    """What it said comes after what to do; other commands' words stay as they are."""
    said = "`docker build`: found exit code 17, expected 0. Its last words:\n    head: No space left on device"

    assert explain(CommandError(said)) == (
        f"found a full disk, expected room. Free some (df -h; docker system df), then try again. {said}"
    )
    assert explain(CommandError("found exit code 17")) == "found exit code 17"


def test_other_errors_speak_for_themselves() -> None:
    """An error without words is named by its type; one that nobody raised on purpose is our mistake."""
    assert explain(UsageError("--env: found nothing")) == "--env: found nothing"
    assert explain(UsageError()) == "UsageError"
    assert explain(KeyError()) == "internal error: KeyError"
    assert explain(TypeError("not a number")) == "internal error: TypeError: not a number"
    assert explain(OSError("no number")) == "no number"


def test_note_keeps_the_last_words_of_a_command() -> None:
    """They stand below the line that names it, and tell why it failed."""
    said = "`alembic current`: found exit code 255, expected 0. Its last words:\n    FAILED: no revision 0004\n"

    assert in_one_line(CommandError(said)) == (
        "`alembic current`: found exit code 255, expected 0. Its last words: FAILED: no revision 0004"
    )


CHAINED = """\
Traceback (most recent call last):
  File "base.py", line 1, in one
    cursor.execute(statement)
psycopg2.errors.UndefinedTable: relation "posts" does not exist

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "cli.py", line 2, in two
    raise sqlalchemy_exception.with_traceback(exc_info[2]) from e
sqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedTable) relation "posts" does not exist

[SQL: ALTER TABLE posts ADD COLUMN pinned BOOLEAN]
(Background on this error at: https://sqlalche.me/e/20/f405)
"""


def test_of_a_traceback_what_was_raised_is_kept() -> None:
    """The words around tracebacks are in each of them; the exceptions alone say what went wrong."""
    assert telling(CHAINED, most=6) == [
        "…",
        'psycopg2.errors.UndefinedTable: relation "posts" does not exist',
        "…",
        'sqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedTable) relation "posts" does not exist',
        "",
        "[SQL: ALTER TABLE posts ADD COLUMN pinned BOOLEAN]",
        "(Background on this error at: https://sqlalche.me/e/20/f405)",
    ]


RAISED = (
    "jinja2.exceptions.UndefinedError: 'community' is undefined",
    "    KeyError: 'TOKEN'",
    "AssertionError",
    "redis.exceptions.ConnectionError: Error 111",
)
NOT_RAISED = (
    '  File "/app/errors.py", line 3, in handle',
    "    raise ValueError(text)",
    "    except ValueError:",
    "INFO: started",
    '10.0.0.1 "GET / HTTP/1.1" 500',
)


def test_the_line_that_ends_a_traceback_is_told() -> None:
    """An exception by its name, with its module or without; no frame and no line of source."""
    assert [line for line in (*RAISED, *NOT_RAISED) if names_exception(line)] == list(RAISED)


def test_the_lines_that_say_why_are_kept() -> None:
    """A resolver names the conflict long before it ends; what stands between is left out, and that is shown."""
    noise = [f"Collecting package-{number}" for number in range(100)]
    said = "\n".join([*noise[:50], "ERROR: Cannot install a and b: conflicting dependencies", *noise[50:], "bye"])
    kept = telling(said, most=6)

    assert kept == [
        "…",
        "ERROR: Cannot install a and b: conflicting dependencies",
        "…",
        "Collecting package-98",
        "Collecting package-99",
        "bye",
    ]
    assert telling("one\ntwo", most=6) == ["one", "two"]
    assert last_words("") == "nothing"


def test_a_line_of_a_build_step_names_an_exception() -> None:
    """Behind the number and the seconds that the build puts before it; what only announces one tells nothing."""
    raised = "django.core.exceptions.ImproperlyConfigured: Unable to import plugin bgp"
    said = ["#10 2.764 Traceback (most recent call last):", *(["#10 2.765   File x"] * 9), "2.782 KeyError: 'collect'"]

    assert all(names_exception(f"{before}{raised}") for before in ("", "#10 2.825 ", "    2.825 "))
    assert not names_exception("#10 2.825     raise ImproperlyConfigured(")
    assert telling("\n".join([*said, "a", "b"]), most=4) == ["…", "2.782 KeyError: 'collect'", "a", "b"]
