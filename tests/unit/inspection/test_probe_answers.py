"""Tests of what all readers of probe answers share."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection import probe_answers


@pytest.mark.parametrize(
    ("stdout", "message"),
    [
        (
            " \n",
            (
                "bytecode probe: found an empty answer, expected one JSON object; "
                "run the probe's command by hand and read its standard error"
            ),
        ),
        (
            "Killed",
            (
                'bytecode probe: found "Killed", expected one JSON object; '
                "run the probe's command by hand and read its standard error"
            ),
        ),
        (
            "[]",
            (
                'bytecode probe: found "[]", expected one JSON object; '
                "run the probe's command by hand and read its standard error"
            ),
        ),
    ],
)
def test_document_refuses_what_is_no_answer(stdout: str, message: str) -> None:
    """An empty, garbled or ill-shaped answer is an error that shows what stood there."""
    with pytest.raises(probe_answers.ProbeAnswerError) as caught:
        probe_answers.document("bytecode", stdout)

    assert str(caught.value) == message


def test_document_shows_only_the_beginning_of_a_long_answer() -> None:
    """A long garbled answer is shown by its first 200 characters."""
    with pytest.raises(probe_answers.ProbeAnswerError) as caught:
        probe_answers.document("bytecode", "x" * 5000)

    assert caught.value.found == '"' + "x" * 200 + '…"'


@given(st.text())
def test_document_returns_an_object_or_raises_its_own_error(stdout: str) -> None:
    """Whatever a probe prints, the reader returns an object or raises `ProbeAnswerError`."""
    try:
        answer = probe_answers.document("bytecode", stdout)
    except probe_answers.ProbeAnswerError:
        return

    assert isinstance(answer, dict)


@pytest.mark.parametrize(
    ("read", "found"),
    [(probe_answers.string, "key = "), (probe_answers.strings, "key = "), (probe_answers.integer, "key = ")],
)
@pytest.mark.parametrize("value", [None, 1.5, True, [1], {}])
def test_readers_refuse_values_of_another_kind(read: object, found: str, value: object) -> None:
    """A value of an unexpected type is an error that names its key."""
    assert callable(read)

    with pytest.raises(probe_answers.ProbeAnswerError) as caught:
        read("bytecode", {"key": value}, "key")

    assert caught.value.found.startswith(found)


def test_readers_return_values_of_their_kind() -> None:
    """Values of the expected type come back as they are."""
    answer = {"text": "a", "list": ["a", "b"], "number": 3}

    assert probe_answers.string("p", answer, "text") == "a"
    assert probe_answers.strings("p", answer, "list") == ("a", "b")
    assert probe_answers.integer("p", answer, "number") == 3


@pytest.mark.parametrize("name", ["bytecode_scan.py", "route.py", "syntax.py"])
def test_scripts_are_self_contained(name: str) -> None:
    """A probe compiles under Python 3.8's grammar and imports nothing of this package."""
    text = probe_answers.script(name)

    tree = ast.parse(text, feature_version=(3, 8))

    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not [name for name in imported if name and name.startswith("gonogo")]
