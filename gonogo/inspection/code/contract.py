"""What an OpenAPI document no longer lets its clients do, compared with an earlier one. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["as_registered", "breaking"]

_METHODS = ("get", "post", "put", "patch", "delete")
_DEEPEST = 12
_JSON = re.compile(r"application/(?:[\w.+-]*\+)?json(?:;.*)?")


@dataclass(frozen=True, kw_only=True)
class _Operation:
    """What a client has to send, and what it is promised."""

    parameters: frozenset[str] = frozenset()
    """The required ones but for the path's: ``page in query``."""
    sends: frozenset[str] = frozenset()
    """The required properties of the body; ``the body`` where that itself is."""
    gets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Status → the properties of a good answer; none where they are not known."""


def breaking(before: Any, after: Any, *, registered: Collection[tuple[str, str]] = ()) -> Iterator[str]:
    """What an earlier client trips over, one line each.

    Args:
        before: the document that clients know.
        after: the new one.
        registered: method and path of routes that are there, in the document or not.
    """
    new = _operations(after)
    there = {(method.lower(), _plain(path)) for method, path in registered}
    for key, was in _operations(before).items():
        method, path = key
        said = f"{method.upper()} {path}"
        now = new.get((method, path))
        if now is None:
            if key not in there:
                yield f"{said}: is gone"
            continue
        yield from (f"{said}: now needs {one}" for one in sorted(now.parameters - was.parameters))
        yield from (f"{said}: now needs {one} in the body" for one in sorted(now.sends - was.sends))
        for status, properties in was.gets.items():
            kept = now.gets.get(status, frozenset())
            yield from (f"{said}: no longer answers {one}" for one in sorted(properties - kept) if kept)


def as_registered(document: Any, registered: Collection[tuple[str, str]]) -> Any:
    """A running process's document without the operations that its start added to those that its artifact registers.

    No artifact's document has those (``/metrics``, exposed in a lifespan), so that nothing of them can be compared;
    where nothing is known to be registered, all stay.
    """
    if not registered:
        return document
    paths = {
        path: {
            verb: one
            for verb, one in _table(item).items()
            if verb not in _METHODS or (verb.upper(), path) in registered
        }
        for path, item in _table(_table(document).get("paths")).items()
    }
    return {**_table(document), "paths": paths}


def _operations(document: Any) -> dict[tuple[str, str], _Operation]:
    """Method and path, whose parameters have no names, → what is said of it."""
    paths = document.get("paths") if isinstance(document, Mapping) else None
    found: dict[tuple[str, str], _Operation] = {}
    for path, item in paths.items() if isinstance(paths, Mapping) else ():
        for method in _METHODS if isinstance(item, Mapping) else ():
            if isinstance(item.get(method), Mapping):
                found[method, _plain(str(path))] = _operation(item[method], item, document)
    return found


def _plain(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/") or "/"


def _operation(said: Mapping[str, Any], item: Mapping[str, Any], document: Mapping[str, Any]) -> _Operation:
    parameters = [_followed(one, document) for one in (*_list(item.get("parameters")), *_list(said.get("parameters")))]
    body = _followed(said.get("requestBody"), document)
    schema = _schema(body, document)
    answers = {
        str(status): _properties(_schema(_followed(answer, document), document), document)
        for status, answer in _table(said.get("responses")).items()
        if str(status).startswith("2")
    }
    return _Operation(
        parameters=frozenset(
            f"{one['name']} in {one['in']}" for one in parameters if one.get("required") is True and _is_named(one)
        ),
        sends=frozenset([*_required(schema, document), *(["something"] if body.get("required") is True else [])]),
        gets={status: names for status, names in answers.items() if names},
    )


def _is_named(parameter: Mapping[str, Any]) -> bool:
    return isinstance(parameter.get("name"), str) and parameter.get("in") in {"query", "header", "cookie"}


def _schema(holder: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a body or an answer is made of as JSON; a list's are its items."""
    content = _table(holder.get("content"))
    media = next((_table(one) for name, one in content.items() if _JSON.fullmatch(str(name))), {})
    schema = _followed(media.get("schema"), document)
    return _followed(schema["items"], document) if isinstance(schema.get("items"), Mapping) else schema


def _properties(schema: Mapping[str, Any], document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(name for part in _parts(schema, document) for name in map(str, _table(part.get("properties"))))


def _required(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    for part in _parts(schema, document):
        yield from (name for name in _list(part.get("required")) if isinstance(name, str))


def _parts(schema: Mapping[str, Any], document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A schema and what it is put together of; of alternatives nothing is known."""
    return [schema, *(_followed(one, document) for one in _list(schema.get("allOf")))]


def _followed(value: Any, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference leads to, within the document; an empty table where it leads nowhere."""
    for _ in range(_DEEPEST):
        if not isinstance(value, Mapping):
            return {}
        reference = value.get("$ref")
        if not isinstance(reference, str):
            return value
        value = _at(document, reference)
    return {}


def _at(document: Mapping[str, Any], reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/") if reference.startswith("#/") else ("",):
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
