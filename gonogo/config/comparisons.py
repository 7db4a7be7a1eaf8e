"""What a JSON value is compared with where it need not be one value: ``"< 200"``, ``"matches ^v2"``, an age."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from gonogo.config.types import parse_duration

__all__ = ["Comparison", "comparison", "judged_json"]

Operator = Literal["<", "<=", ">", ">=", "!=", "matches"]
_EXPECTED = re.compile(r"(?P<operator><=|>=|<|>|!=|matches\s)\s*(?P<limit>\S.*)", re.DOTALL)
_AGE = re.compile(r"age\(\s*[\"']?(?P<path>[^\"']+?)[\"']?\s*\)")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One comparison of a value at a path."""

    path: str
    operator: Operator
    limit: str
    """As it is written."""
    number: float | None = None
    """The limit as a number; of an age in seconds."""
    is_age: bool = False
    """The value is a moment; how long ago that is, is compared."""


def comparison(key: str, expected: Any) -> Comparison | None:
    """Reads one entry of ``json``; None where it is a value that must be there as it is.

    Raises:
        ValueError: an age without a limit, an age that is compared with no duration, or a broken pattern.
    """
    age = _AGE.fullmatch(key.strip())
    found = _EXPECTED.fullmatch(expected.strip()) if isinstance(expected, str) else None
    operator: Any = found["operator"].strip() if found is not None else ""
    path, limit = age["path"] if age is not None else key, found["limit"].strip() if found is not None else ""
    if age is not None:
        if operator not in {"<", "<=", ">", ">="}:
            raise ValueError(f'{key}: expected a limit for the age, such as "< 20m"')
        return Comparison(path=path, operator=operator, limit=limit, number=parse_duration(limit), is_age=True)
    if operator == "matches":
        try:
            re.compile(limit)
        except re.error as error:
            raise ValueError(f"{key}: expected a regular expression behind matches ({error})") from error
        return Comparison(path=path, operator=operator, limit=limit)
    if operator == "!=":
        return Comparison(path=path, operator=operator, limit=limit)
    if operator and _NUMBER.fullmatch(limit):
        return Comparison(path=path, operator=operator, limit=limit, number=float(limit))
    return None


def judged_json(value: dict[str, Any]) -> dict[str, Any]:
    """The same table, once all its comparisons can be read.

    Raises:
        ValueError: one cannot.
    """
    for key, expected in value.items():
        comparison(key, expected)
    return value
