"""Dockerfiles are read as BuildKit reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.code.dockerfile import DockerfileError, health_test, read, unpinned
from gonogo.inspection.code.dockerwords import assigned, expand

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
    "line",
    ["cat <<<word", 'echo "x <<EOF y"', "echo a<<EOF", "x=$((1<<2))", '["cat", "<<EOF"]', "printf 'a\\\\\\\\'  \\\\"],
)
def test_what_only_looks_like_a_heredoc_is_none(line: str) -> None:
    """Here-strings, shifts and quoted text announce nothing, nor does an escaped escape continue a line."""
    assert [name for name, _ in words(f"FROM a\nRUN {line}\nCOPY b /c\n")] == ["FROM", "RUN", "COPY"]


@pytest.mark.parametrize("end", ["E O", "END.X", "end-1", "Q$A"])
def test_a_heredoc_ends_as_its_quoted_word_says(end: str) -> None:
    """Whatever stands between the quotes ends it; another number of them follow one another."""
    assert words(f"FROM a\nRUN 3<<'{end}' <<-B cat\nFROM b\n{end}\n\tFROM c\n\tB\nUSER x\n")[-1] == ("USER", ("x",))


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ('CMD ["a", "q\\"r"]', ("CMD", "a", 'q"r')),
        ('CMD ["a"] b', ("CMD", "a")),
        ("cmd\tcurl 'x y'", ("CMD-SHELL", "curl 'x y'")),
        ("CMD ['a']", ("CMD-SHELL", "['a']")),
        ('CMD ["a", 1]', ("CMD-SHELL", '["a", 1]')),
        ("none", ("NONE",)),
    ],
)
def test_a_health_check_is_what_the_engine_has(text: str, test: tuple[str, ...]) -> None:
    """Lists, what only looks like one, and none."""
    assert health_test(read(f"FROM a\nHEALTHCHECK --interval=5s {text}\n")[1]) == test


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"""A='$x' B="$x" C=\$x D="\$x" E=a\ b F="\n" G=\n""", ["$x", "v", "$x", "$x", "a b", r"\n", "n"]),
        (r"""A="a b"'c d'e B=${n:-'q r'} C=${n-d}${e-d}${e:-d}""", ["a bc de", "q r", "dd"]),
        ("A=${x:+p} B=${e:+p} C=${e+p} D=${x:-$n} E=b=c==", ["p", "", "p", "v", "b=c=="]),
        ("A some $x 'text'", ["some v text"]),
        ("A=${x B=1", [None, "1"]),
    ],
)
def test_variables_are_set_as_the_build_does(text: str, expected: list[str | None]) -> None:
    """Each was given to BuildKit; what it made of them stands beside."""
    found = [expand(value, {"x": "v", "e": ""}) for _, value in assigned(text)]

    assert found == expected


def test_the_escape_directive_holds_within_words() -> None:
    """A backslash is a plain character then."""
    one = read('# escape=`\nFROM a\nENV A=c:\\x B=`$x C="a`"b"\n')[1]

    assert [expand(value, {}, escape=one.escape) for _, value in assigned(one.text, escape=one.escape)] == [
        r"c:\x",
        "$x",
        'a"b',
    ]


@given(st.text(alphabet=st.sampled_from("FROM RUN\n\\`#=<\"'${}:-+[]aE\t"), max_size=80))
def test_any_text_is_read_or_told(text: str) -> None:
    """Nothing but a DockerfileError is raised, the lines are those of the text, and each word ends."""
    try:
        found = read(f"FROM a\n{text}")
    except DockerfileError as error:
        assert str(error).startswith("line ")
        return
    assert all(1 <= one.line <= text.count("\n") + 2 for one in found)
    assert all(expand(value, {}) is None or name for one in found for name, value in assigned(f"X={one.text}"))


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
