"""Compose text is read for variables as Compose itself interpolates it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.variables.interpolation import references, required_by_compose, without_comments
from gonogo.inspection.variables.variables import missing

TEXT = """\
services:
  api:
    image: shop:${TAG:-latest}
    command: >
      sh -c "echo $$HOME # not a comment: ${IN_BLOCK}
      && run"
    environment:
      JWT_SECRET: ${JWT_SECRET:?set it}   # ${IN_COMMENT}
      # DSN: ${OUT}
      DSN: "postgres://$DB_USER:${DB_PASSWORD?}@db/#${FRAGMENT}"
      NOTE: 'it''s # ${QUOTED}'
      DEBUG: ${DEBUG-}
      CACHE: ${CACHE_URL:-${REDIS_URL:-redis://$REDIS_HOST}}
      TRACE: ${TRACE:+${TRACE_KEY}}
"""


def test_required_by_compose_names_file_and_line() -> None:
    """Every variable without a default is named, none from comments, escapes or messages."""
    found = required_by_compose({"compose.yml": TEXT})

    assert sorted((v.name, v.where, v.why, v.empty) for v in found) == [
        ("DB_PASSWORD", "compose.yml:10", "${DB_PASSWORD?}", "allowed"),
        ("DB_USER", "compose.yml:10", "${DB_USER}", "example"),
        ("FRAGMENT", "compose.yml:10", "${FRAGMENT}", "example"),
        ("IN_BLOCK", "compose.yml:5", "${IN_BLOCK}", "example"),
        ("JWT_SECRET", "compose.yml:8", "${JWT_SECRET:?}", "refused"),
        ("QUOTED", "compose.yml:11", "${QUOTED}", "example"),
        ("REDIS_HOST", "compose.yml:13", "${REDIS_HOST}", "example"),
        ("TRACE_KEY", "compose.yml:14", "${TRACE_KEY}", "example"),
    ]


def test_required_inside_a_default_only_when_the_default_is_used() -> None:
    """`${A:-${B:-$C}}` needs C only when neither A nor B is set."""
    found = required_by_compose({"c": "x: ${A:-${B:-$C}}"})

    assert [(v.name, v.unless) for v in found] == [("C", ("A", "B"))]
    assert missing(found, {"B": "1"}) == ()
    assert [str(row) for row in missing(found, {})] == ["C is unset; asked for by c:1 (${C})"]


@pytest.mark.parametrize("text", ["$$X", "$${X}", "$$$$X", "${X", "$1", "${1X}", "$", "# $X", "a: b # $X", "${X!}"])
def test_no_reference(text: str) -> None:
    """Escapes, comments and what is no reference are passed over."""
    assert required_by_compose({"c": text}) == ()


def test_escape_before_a_reference() -> None:
    """`$$$X` is a dollar sign and the value of X."""
    assert [reference.name for reference in references("$$$X")] == ["X"]


def test_a_comment_ends_with_its_line_and_a_block_with_its_indentation() -> None:
    """After a block scalar comments count again, with its key in a list as well."""
    text = "a:\n  - run: |\n      # ${KEPT}\n    next: 1 # ${GONE}\n  - |\n    # ${KEPT2}\nb: 2 # ${GONE2}\n"

    assert [v.name for v in required_by_compose({"c": text})] == ["KEPT", "KEPT2"]


@given(st.text(alphabet=st.sampled_from("ab#'\"\\:-|> \n${}?"), max_size=120))
def test_comments_are_blanked_in_place(text: str) -> None:
    """Blanking keeps every line's length, so that positions stay true, and nothing raises."""
    clean = without_comments(text)

    assert [len(line) for line in clean.split("\n")] == [len(line) for line in text.split("\n")]
    assert isinstance(required_by_compose({"c": text}), tuple)


def test_deep_nesting_is_read() -> None:
    """Hundreds of nested defaults do not exhaust the stack."""
    text = "${A:-" * 800 + "$X" + "}" * 800

    assert [v.name for v in required_by_compose({"c": text})] == ["X"]
