"""Resolve ``extends`` and the services of an environment; remember where each value was written."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gonogo.config.lines import Lines

__all__ = ["MERGE_KEYS", "Resolved", "resolve"]

Location = tuple[str | int, ...]

MERGE_KEYS = {
    "endpoint": "request",
    "page": "path",
    "webhook": "request",
    "heartbeat": "name",
    "metric": "name",
    "command": "name",
    "sql": "name",
    "step": "name",
    "waive": "check",
}
"""Lists of tables merge element by element under ``extends``, told apart by this key."""

_PRIVATE = {"project", "state"}
"""What two environments must not share is not inherited."""


@dataclass(frozen=True)
class Resolved:
    """One environment's table after ``extends``, with the origin of its list elements."""

    table: dict[str, Any]
    chain: tuple[str, ...]
    origins: dict[str, list[tuple[str, int]]]

    def place(self, location: Location, lines: Lines) -> Location:
        """Where the value at ``location`` was written: here, in a base, or at the top level."""
        own = ("env", self.chain[0], *location)
        if location[:1] and location[0] in _PRIVATE:
            return own
        listed = self.origins.get(str(location[0])) if location else None
        if listed and len(location) > 1 and isinstance(location[1], int) and location[1] < len(listed):
            env, index = listed[location[1]]
            return ("env", env, location[0], index, *location[2:])
        for env in self.chain:
            if lines.has(("env", env, *location)):
                return ("env", env, *location)
        return location if lines.has(location[:2]) and location[:1] == ("service",) else own


def resolve(tables: Mapping[str, Any], name: str, services: Mapping[str, Any]) -> Resolved:
    """The table of one environment with everything it inherits.

    Raises:
        ValueError: ``extends`` names no environment, or goes in a circle.
    """
    chain = _chain(tables, name)
    table: dict[str, Any] = {"service": dict(services)}
    origins: dict[str, list[tuple[str, int]]] = {}
    for env in reversed(chain):
        layer = tables[env] if isinstance(tables[env], dict) else {}
        inherited = {key: value for key, value in table.items() if key not in _PRIVATE}
        _note_origins(origins, inherited, layer, env)
        table = _merge(inherited, {key: value for key, value in layer.items() if key != "extends"})
    return Resolved(table, chain, origins)


def _chain(tables: Mapping[str, Any], name: str) -> tuple[str, ...]:
    chain = [name]
    while isinstance(tables[chain[-1]], dict) and (base := tables[chain[-1]].get("extends")) is not None:
        if base not in tables:
            close = difflib.get_close_matches(str(base), list(tables), n=1)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            raise ValueError(f'found "{base}", expected one of the environments {", ".join(tables)}{hint}')
        if base in chain:
            raise ValueError(f"found a circle ({' extends '.join([*chain, base])}), expected a chain with an end")
        chain.append(base)
    return tuple(chain)


def _merge(base: Mapping[str, Any], layer: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in layer.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _merge(below, value)
        elif key in MERGE_KEYS and isinstance(below, list) and isinstance(value, list):
            merged[key] = _merge_list(below, value, MERGE_KEYS[key])
        else:
            merged[key] = value
    return merged


def _merge_list(base: Sequence[Any], layer: Sequence[Any], key: str) -> list[Any]:
    merged = list(base)
    places = {name: index for index, item in enumerate(base) if (name := _name(item, key)) is not None}
    for item in layer:
        name = _name(item, key)
        if name is not None and name in places:
            merged[places[name]] = {**base[places[name]], **item}
        else:
            merged.append(item)
    return merged


def _name(item: Any, key: str) -> str | None:
    """What tells a table from others of its list; None for what the model will refuse."""
    name = item.get(key) if isinstance(item, dict) else None
    return name if isinstance(name, str) else None


def _note_origins(
    origins: dict[str, list[tuple[str, int]]], table: Mapping[str, Any], layer: Mapping[str, Any], env: str
) -> None:
    for name, key in MERGE_KEYS.items():
        items = layer.get(name)
        if not isinstance(items, list):
            continue
        below = table.get(name, [])
        known = [_name(item, key) for item in below] if isinstance(below, list) else []
        listed = origins.setdefault(name, [])
        for index, item in enumerate(items):
            value = _name(item, key)
            if value is not None and value in known:
                listed[known.index(value)] = (env, index)
            else:
                listed.append((env, index))
