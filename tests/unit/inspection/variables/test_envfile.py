"""Env files are read without a look at the process's environment, and their errors name the line."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.variables import envfile
from gonogo.inspection.variables.envgrammar import Grammar

TEXT = """\
# the shop
POSTGRES_DB=shop

export JWT_SECRET="a b"  # quoted
RAW='$HOME'
INTERPOLATED=${HOME}
LOG_LEVEL=info
LOG_LEVEL=debug
"""


def test_parse_keeps_order_and_the_last_value() -> None:
    """Values stand in the file's order; a name that is set twice has its last value and is listed."""
    file = envfile.parse(TEXT)

    assert dict(file.values) == {
        "POSTGRES_DB": "shop",
        "JWT_SECRET": "a b",
        "RAW": "$HOME",
        "INTERPOLATED": "${HOME}",
        "LOG_LEVEL": "debug",
    }
    assert list(file.values) == ["POSTGRES_DB", "JWT_SECRET", "RAW", "INTERPOLATED", "LOG_LEVEL"]
    assert file.lines["JWT_SECRET"] == 4
    assert (file.errors, file.repeated) == ((), ("LOG_LEVEL",))


def test_parse_names_the_line_of_an_error_and_no_value() -> None:
    """A line that is no KEY=value is named by number; what stands there may be a secret and is not quoted."""
    file = envfile.parse("A=1\n\n\nJWT_SECRET hunter22 x\nB=2\nTOKEN\n", name="prod.env")

    assert file.errors == (
        "prod.env:4: found a line that cannot be read, expected KEY=value; quote or comment it out",
        "prod.env:6: found 'TOKEN' without a value, expected TOKEN=value",
    )
    assert dict(file.values) == {"A": "1", "B": "2"}


def test_parse_refuses_a_nul() -> None:
    """No process can be started with it."""
    file = envfile.parse("A=1\nB=x\0y\n")

    assert file.errors == (".env:2: found a NUL character, expected text; a variable cannot hold one",)
    assert dict(file.values) == {"A": "1"}


def test_parse_reads_windows_line_ends_and_a_byte_order_mark() -> None:
    """A file saved on Windows reads as any other."""
    file = envfile.parse("\ufeffA=1\r\n\r\nB=2\r\n")

    assert (dict(file.values), dict(file.lines)) == ({"A": "1", "B": "2"}, {"A": 1, "B": 3})


def test_repr_shows_no_value() -> None:
    """A fixture that holds an env file may be printed by pytest without a leak."""
    assert "hunter22" not in repr(envfile.parse("JWT_SECRET=hunter22"))


@given(st.text(alphabet=st.sampled_from("AB=\"'\\\n\r #${}x\t\ufeff"), max_size=60))
def test_parse_never_raises_and_never_changes_the_environment(text: str) -> None:
    """Any text is parsed, and this process's environment stays as it is."""
    before = dict(os.environ)

    file = envfile.parse(text)

    assert all(0 < line <= len(text) + 1 for line in file.lines.values())
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("example", "env", "expected"),
    [(["A", "B", "C"], ["B"], ("A", "C")), (["A"], ["A", "B"], ())],
)
def test_only_in_example(example: list[str], env: list[str], expected: tuple[str, ...]) -> None:
    """What only the example file names is listed, in its order."""
    assert envfile.only_in_example(example, env) == expected


@pytest.mark.parametrize(
    ("text", "grammar", "is_lost"),
    [
        ("T=abc$k2", "compose", True),
        ('T="abc${k2}d"', "compose", True),
        ("T=${A:-$k2}", "compose", True),
        ("T='abc$k2'", "compose", False),
        ("T=abc$$k2", "compose", False),
        ('T="abc\\$k2"', "compose", False),
        ("T=abc$", "compose", False),
        ("T=abc$2x", "compose", False),
        ("T=abc${k2:-}", "compose", False),
        ("k2=1\nT=abc$k2", "compose", False),
        ("T=abc$k2", "dotenv", False),
        ("T=abc${k2}", "dotenv", True),
        ("T=abc${k2:-d}", "dotenv", False),
        ("T=abc$k2", "raw", False),
    ],
)
def test_what_nothing_sets_is_left_out_of_a_value(text: str, grammar: Grammar, is_lost: bool) -> None:  # noqa: FBT001
    """Compose and python-dotenv put an empty text in its place; a secret that was pasted has lost a part."""
    assert envfile.parse(text, grammar=grammar).lost == ({"T": ("k2",)} if is_lost else {})
