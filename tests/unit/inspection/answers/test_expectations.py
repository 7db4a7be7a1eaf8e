"""What an endpoint must answer, compared with what it answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.config import Endpoint
from gonogo.inspection.answers.expectations import Answer, UnknownVariableError, at_path, compare, fill, p95


def endpoint(**configured: Any) -> Endpoint:
    """A configured request."""
    return Endpoint.model_validate({"request": "GET /login", **configured})


def answer(**seen: Any) -> Answer:
    """A good answer, but for what is given."""
    return Answer(**{"status": 200, "headers": {}, "text": "", "seconds": 0.01, **seen})


def said(wanted: Endpoint, seen: Answer) -> list[str]:
    """The mismatches as people read them."""
    return [str(mismatch) for mismatch in compare(wanted, seen)]


def test_an_answer_as_expected_has_no_mismatch() -> None:
    """Status, headers, text, JSON and time fit."""
    wanted = endpoint(
        status=[200, 201],
        headers={"Content-Type": "json"},
        contains="beds",
        within="1s",
        json={"price.total": 40.0, "price": {"unit": "EUR"}, "items.1": "b", "id": "*", "items": ["a", "b"]},
    )
    document = {"price": {"total": 40, "unit": "EUR", "more": 1}, "items": ["a", "b"], "id": None, "beds": 2}

    assert said(wanted, answer(headers={"content-type": "application/json"}, text=json.dumps(document))) == []


def test_an_empty_answer_is_called_so() -> None:
    """Where nothing was answered, nobody has to count characters."""
    assert said(endpoint(contains="beds"), answer(text="")) == ['text: found an empty answer, expected "beds"']


def test_every_mismatch_is_named() -> None:
    """All that is wrong with one answer is said at once."""
    wanted = endpoint(
        status=200,
        headers={"X-Release": "abc", "Server": "caddy"},
        contains=["Sign in", "Forgot"],
        within="500ms",
        json={"ok": True, "items.3.name": "claro", "n": 1, "any": "*"},
    )
    seen = answer(status=500, headers={"server": "nginx"}, text='{"ok": 1, "items": [], "n": true}', seconds=1.25)

    assert said(wanted, seen) == [
        "status: found 500, expected 200",
        'header X-Release: found no such header, expected "abc"',
        'header Server: found "nginx", expected "caddy"',
        r'text: found "{\"ok\": 1, \"items\": [], \"n\": true}" (33 characters), expected "Sign in" and "Forgot"',
        "JSON ok: found 1, expected true",
        'JSON items.3.name: found nothing, expected "claro"',
        "JSON n: found true, expected 1",
        "JSON any: found nothing, expected any value",
        "time: found 1.25 s, expected at most 500 ms",
    ]


@pytest.mark.parametrize(
    ("text", "found"), [("", "an empty answer"), ("<html>", '"<html>"'), ("[" * 100_000, '"' + "[" * 120 + '…"')]
)
def test_an_answer_that_is_no_json(text: str, found: str) -> None:
    """Where JSON is expected, anything else is named, shortly."""
    assert said(endpoint(json={"a": 1}), answer(text=text)) == [f"JSON: found {found}, expected a JSON document"]


def test_an_empty_list_of_statuses_allows_nothing() -> None:
    """An empty expectation does not pass silently."""
    assert said(endpoint(status=[]), answer()) == ["status: found 200, expected one of an empty list"]


def test_a_path_finds_keys_with_dots() -> None:
    """A dotted key is found as it stands, the longest first."""
    assert at_path({"a.b": {"c": 1}, "a": {"b": {"c": 2}}}, "a.b.c") == 1
    assert at_path([[1, 2], [3]], "1.0") == 3
    assert at_path({"a": 1}, "a.b", default="none") == "none"
    assert at_path([1], "x", default="none") == "none"


def test_variables_are_filled_in_everywhere() -> None:
    """Texts inside tables and lists have their variables replaced; other values stay."""
    filled = fill({"user": "${NAME}", "list": ["x-${NAME}-y", 1], "plain": "$NAME ${"}, {"NAME": "ann"})

    assert filled == {"user": "ann", "list": ["x-ann-y", 1], "plain": "$NAME ${"}


def test_an_unknown_variable_is_named() -> None:
    """A variable that is not set is an error, never an empty text."""
    with pytest.raises(UnknownVariableError) as error:
        fill("Bearer ${TOKEN}", {"TOKE": "x"})

    assert error.value.name == "TOKEN"


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(ANY_JSON, st.text())
def test_any_document_and_path(document: Any, path: str) -> None:
    """No document and no path make the reader fail; a document equals itself."""
    at_path(document, path)
    wrapped = json.loads(json.dumps({"it": document}))

    assert said(endpoint(json={"it": wrapped["it"]}), answer(text=json.dumps(wrapped))) == []


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [([0.3], 0.3), ([0.1, 0.9], 0.9), ([*[0.1] * 19, 9.0], 0.1), ([*[0.1] * 18, 5.0, 9.0], 5.0)],
)
def test_p95(seconds: list[float], expected: float) -> None:
    """One of twenty may be late; of fewer none."""
    assert p95(seconds) == expected


@given(st.lists(st.floats(min_value=0, max_value=60), min_size=1))
def test_p95_is_one_of_them(seconds: list[float]) -> None:
    """At least 19 of 20 are no longer."""
    found = p95(seconds)

    assert found in seconds
    assert sum(one <= found for one in seconds) >= 0.95 * len(seconds)
