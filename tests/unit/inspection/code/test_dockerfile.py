"""Dockerfiles are read as BuildKit reads them."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.dockerfile import DockerfileError, expand, read, unpinned

__all__: list[str] = []


def words(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Name and words of each instruction."""
    return [(one.name, one.words) for one in read(text)]


def test_lines_that_continue_are_one_instruction() -> None:
    """Comments and empty lines within an instruction are passed over, names may be small."""
    text = "# a comment\nfrom a \\\n# in between\n\n  as b\nCopy one \\\n  two /x/\n"

    assert words(text) == [("FROM", ("a", "as", "b")), ("COPY", ("one", "two", "/x/"))]


def test_the_escape_directive_changes_what_continues_a_line() -> None:
    """A directive at the top, and only there."""
    assert words("# escape=`\nFROM a\nCOPY x `\n  /y\n")[1] == ("COPY", ("x", "/y"))
    assert words("FROM a\n# escape=`\nCOPY x \\\n  /y\n")[1] == ("COPY", ("x", "/y"))


def test_flags_stand_before_the_words() -> None:
    """Flags are kept with their values, a list keeps its spaces."""
    one = read('FROM a\nCOPY --from=b --link --chown=1:1 ["a b", "/c d/"]\n')[1]

    assert one.words == ("a b", "/c d/")
    assert (one.flag("from"), one.flag("link"), one.flag("exclude")) == ("b", "", None)


def test_a_heredoc_is_no_instruction() -> None:
    """What stands in a heredoc belongs to its RUN or COPY, and the file that it makes is in no context."""
    one, run = read("FROM a\nCOPY <<EOF /x\nFROM nowhere\nEOF\nRUN <<-END\n\trm -rf /y\n\tEND\n")[1:]

    assert (one.generated, one.words) == (("<<EOF",), ("<<EOF", "/x"))
    assert run.text == "<<-END\n\trm -rf /y"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found no FROM, expected a Dockerfile"),
        ("FROM a\nINCLUDE b\n", "line 2: found INCLUDE, expected an instruction"),
        ("FROM a\nRUN <<EOF\nx\n", "line 2: found no end of the heredoc EOF"),
    ],
)
def test_what_is_no_dockerfile_is_said(text: str, message: str) -> None:
    """The message names the line."""
    with pytest.raises(DockerfileError, match=message):
        read(text)


def test_variables_are_filled_in_as_the_shell_does() -> None:
    """Defaults, alternatives, quotes and escapes; what is not known makes the whole word unknown."""
    known = {"A": "x", "EMPTY": ""}

    assert expand("/$A/${A}/${B:-y}/${A:+z}/${B:+no}", known) == "/x/x/y/z/"
    assert expand('"a b"\\$A${EMPTY:-d}', known) == "a b$Ad"
    assert expand("/$B", known) is None
    assert expand("${A%x}", known) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM python\n", [(1, "python")]),
        ("# syntax=docker/dockerfile:1\nFROM --platform=linux/amd64 node:latest AS web\n", [(2, "node:latest")]),
        ("FROM registry.example:5000/base\n", [(1, "registry.example:5000/base")]),
        ("FROM python:3.12-slim AS base\nFROM base\nFROM Base as two\n", []),
        ("FROM python@sha256:aa\nFROM python:slim\n", []),
        ("ARG VERSION=latest\nFROM python:${VERSION}\nFROM scratch\n", []),
        ("no Dockerfile", []),
    ],
)
def test_images_without_a_version(text: str, expected: list[tuple[int, str]]) -> None:
    """No tag, or latest; stages, digests, variables and tags of any kind are left."""
    assert unpinned(text) == expected
