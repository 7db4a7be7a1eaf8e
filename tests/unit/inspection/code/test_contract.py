"""What of an OpenAPI document breaks its clients, and what does not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.code.contract import as_registered, breaking

__all__: list[str] = []

Change = Callable[[dict[str, Any]], object]


def document() -> dict[str, Any]:
    """Of a shop: a list of prices, and an order."""
    return {
        "openapi": "3.1.0",
        "paths": {
            "/prices/{id}": {
                "get": {
                    "parameters": [
                        {"name": "id", "in": "path", "required": True},
                        {"name": "unit", "in": "query", "required": False},
                    ],
                    "responses": {
                        "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Price"}}}}
                    },
                }
            },
            "/orders": {
                "get": {
                    "responses": {
                        "200": {
                            "content": {
                                "application/json": {
                                    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}
                                }
                            }
                        }
                    }
                },
                "post": {
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                    },
                    "responses": {"201": {"description": "made"}},
                },
            },
        },
        "components": {
            "schemas": {
                "Price": {"type": "object", "properties": {"id": {}, "cents": {}}, "required": ["id"]},
                "Order": {"type": "object", "properties": {"price": {}, "count": {}}, "required": ["price"]},
            }
        },
    }


def _parameters(changed: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = changed["paths"]["/prices/{id}"]["get"]["parameters"]
    return found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one["paths"].pop("/orders"), ["GET /orders: is gone", "POST /orders: is gone"]),
        (lambda one: one["paths"]["/orders"].pop("post"), ["POST /orders: is gone"]),
        (
            lambda one: _parameters(one).append({"name": "currency", "in": "query", "required": True}),
            ["GET /prices/{}: now needs currency in query"],
        ),
        (lambda one: _parameters(one)[1].update(required=True), ["GET /prices/{}: now needs unit in query"]),
        (
            lambda one: one["components"]["schemas"]["Order"]["required"].append("count"),
            ["POST /orders: now needs count in the body"],
        ),
        (
            lambda one: one["components"]["schemas"]["Price"]["properties"].pop("cents"),
            ["GET /prices/{}: no longer answers cents"],
        ),
        (
            lambda one: one["components"]["schemas"]["Order"]["properties"].pop("count"),
            ["GET /orders: no longer answers count"],
        ),
        (
            lambda one: one["paths"]["/prices/{id}"]["get"].update(requestBody={"required": True}),
            ["GET /prices/{}: now needs something in the body"],
        ),
    ],
    ids=["path", "method", "parameter", "no-longer-optional", "body", "answer", "items", "a-body"],
)
def test_what_breaks_clients(change: Change, said: list[str]) -> None:
    """Each is one line."""
    after = document()
    change(after)

    assert list(breaking(document(), after)) == said


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.copy(),
        lambda one: one["paths"].update({"/news": {"get": {}}}),
        lambda one: one["paths"].update({"/prices/{price_id}": one["paths"].pop("/prices/{id}")}),
        lambda one: _parameters(one).append({"name": "currency", "in": "query"}),
        lambda one: _parameters(one).pop(),
        lambda one: one["components"]["schemas"]["Price"]["properties"].update(vat={}),
        lambda one: one["components"]["schemas"]["Order"]["required"].clear(),
        lambda one: one["paths"]["/prices/{id}"]["get"]["responses"].update({"404": {}}),
        lambda one: one["paths"]["/prices/{id}"]["get"]["responses"].update({"200": {}}),
        lambda one: one["components"]["schemas"].update(
            Price={"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"cents": {}}}]},
            Base={"properties": {"id": {}}},
        ),
    ],
    ids=[
        "nothing",
        "path",
        "renamed-parameter",
        "optional",
        "fewer",
        "more",
        "easier",
        "error",
        "undescribed",
        "put-together",
    ],
)
def test_what_breaks_nobody(change: Change) -> None:
    """More answers, fewer demands, other names for places in a path, and what is merely described otherwise."""
    after = document()
    change(after)

    assert list(breaking(document(), after)) == []


def test_route_that_is_only_hidden_is_not_gone() -> None:
    """It left the document and still answers."""
    after = document()
    after["paths"].pop("/orders")

    assert list(breaking(document(), after, registered=[("GET", "/orders"), ("POST", "/orders/")])) == []


def test_references_that_lead_round_or_nowhere() -> None:
    """They end."""
    odd = copy.deepcopy(document())
    odd["components"]["schemas"]["Price"] = {"$ref": "#/components/schemas/Price"}
    odd["components"]["schemas"]["Order"] = {"$ref": "elsewhere.json#/Order"}

    assert list(breaking(odd, odd)) == []
    assert list(breaking(document(), odd)) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["paths", "/a", "get", "parameters", "responses", "200", "content", "$ref", "required"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON, JSON)
def test_any_document_is_read(before: object, after: object) -> None:
    """Nothing is said of the same one."""
    assert list(breaking(before, before)) == []
    assert all(isinstance(line, str) for line in breaking(before, after))


def test_what_a_start_adds_is_no_promise_of_an_artifact() -> None:
    """A page of metrics that a lifespan exposes is in no artifact's document, and is not gone with the next."""
    shown = document()
    shown["paths"]["/metrics"] = {"get": {"responses": {"200": {}}}, "summary": "of the process"}
    registered = {("GET", "/prices/{id}"), ("GET", "/orders"), ("POST", "/orders")}

    assert [*breaking(shown, document())] == ["GET /metrics: is gone"]
    assert [*breaking(as_registered(shown, registered), document())] == []
    assert [*breaking(as_registered(shown, registered), {"paths": {}})] != []
    assert as_registered(shown, ()) == shown
    assert as_registered("a page", registered) == {"paths": {}}
