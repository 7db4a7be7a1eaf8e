"""What a configured endpoint must answer, compared with what it answered; and what is sent to it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gonogo.config import Endpoint
from gonogo.config.comparisons import comparison
from gonogo.inspection.answers.compared import differs

__all__ = [
    "NOTHING",
    "Answer",
    "Mismatch",
    "UnknownVariableError",
    "at_path",
    "compare",
    "compare_value",
    "fill",
    "p95",
    "path_of",
]

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SHOWN = 120
NOTHING = object()
_THERE = "*"


class UnknownVariableError(LookupError):
    """A request names a variable that the env file has not."""

    def __init__(self, name: str) -> None:
        """Keeps the variable's name."""
        self.name = name
        super().__init__(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an endpoint answered."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    text: str
    seconds: float
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When it came."""
    cut: str = ""
    """Why the text is only the beginning; empty where it is whole."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that an answer is not."""

    what: str
    found: str
    expected: str

    def __str__(self) -> str:
        """Says it in one line."""
        return f"{self.what}: found {self.found}, expected {self.expected}"


def fill(value: Any, variables: Mapping[str, str]) -> Any:
    """A text, or a table or list of texts, with every ``${NAME}`` replaced.

    Raises:
        UnknownVariableError: a variable is not set.
    """
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _value(match[1], variables), value)
    if isinstance(value, Mapping):
        return {name: fill(inner, variables) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [fill(inner, variables) for inner in value]
    return value


def _value(name: str, variables: Mapping[str, str]) -> str:
    try:
        return variables[name]
    except KeyError:
        raise UnknownVariableError(name) from None


def compare(endpoint: Endpoint, answer: Answer) -> tuple[Mismatch, ...]:
    """Everything in which an answer is not what the endpoint must answer."""
    return (
        *_status(endpoint, answer),
        *_headers(endpoint, answer),
        *_texts(endpoint, answer),
        *_values(endpoint, answer),
        *_time(endpoint, answer),
    )


def p95(seconds: Sequence[float]) -> float:
    """The time within which 19 of 20 answers came; of fewer than 20 the longest."""
    ordered = sorted(seconds)
    return ordered[math.ceil(0.95 * len(ordered)) - 1]


def _status(endpoint: Endpoint, answer: Answer) -> list[Mismatch]:
    allowed = (endpoint.status,) if isinstance(endpoint.status, int) else endpoint.status
    if answer.status in allowed:
        return []
    return [Mismatch("status", str(answer.status), " or ".join(map(str, allowed)) or "one of an empty list")]


def _headers(endpoint: Endpoint, answer: Answer) -> list[Mismatch]:
    found = []
    for name, part in endpoint.headers.items():
        value = answer.headers.get(name.lower())
        if value is None or part not in value:
            shown = "no such header" if value is None else _quoted(value)
            found.append(Mismatch(f"header {name}", shown, _quoted(part)))
    return found


def _texts(endpoint: Endpoint, answer: Answer) -> list[Mismatch]:
    missing = [part for part in endpoint.contains if part not in answer.text]
    return [Mismatch("text", _without(answer.text), " and ".join(map(_quoted, missing)))] if missing else []


def _without(text: str) -> str:
    """What an answer is that lacks a text: how much of it, and how it begins."""
    shown = " ".join(text.split())
    return f"{_quoted(shown)} ({len(text)} characters)" if shown else "an empty answer"


def _values(endpoint: Endpoint, answer: Answer) -> list[Mismatch]:
    if not endpoint.json_:
        return []
    try:
        document = json.loads(answer.text)
    except (ValueError, RecursionError):
        return [Mismatch("JSON", _quoted(answer.text) if answer.text.strip() else "an empty answer", "a JSON document")]
    found = []
    for key, expected in endpoint.json_.items():
        wrong = compare_value(document, key, expected, now=answer.at)
        found += [wrong] if wrong is not None else []
    return found


def compare_value(document: Any, key: str, expected: Any, *, now: datetime) -> Mismatch | None:
    """In what the value at a path is not as one entry of ``json`` says; None where it is."""
    wanted = comparison(key, expected)
    value = at_path(document, path_of(key, expected), default=NOTHING)
    if wanted is not None and value is not NOTHING:
        wrong = differs(wanted, value, now=now)
        return Mismatch(f"JSON {key}", *wrong) if wrong is not None else None
    if wanted is None and _same(value, expected):
        return None
    shown = "nothing" if value is NOTHING else _json(value)
    return Mismatch(f"JSON {key}", shown, "any value" if expected == _THERE else _json(expected))


def path_of(key: str, expected: Any) -> str:
    """The dotted path that one entry of ``json`` is about."""
    wanted = comparison(key, expected)
    return wanted.path if wanted is not None else key


def _time(endpoint: Endpoint, answer: Answer) -> list[Mismatch]:
    if answer.seconds <= endpoint.within:
        return []
    return [Mismatch("time", _seconds(answer.seconds), f"at most {_seconds(endpoint.within)}")]


def at_path(document: Any, path: str, *, default: Any = None) -> Any:
    """The value at a dotted path (``items.0.name``); a key that holds dots itself is found as well."""
    return _at(document, path.split("."), default)


def _at(document: Any, parts: Sequence[str], default: Any) -> Any:
    if not parts:
        return document
    if isinstance(document, list):
        inside = parts[0].isdecimal() and int(parts[0]) < len(document)
        return _at(document[int(parts[0])], parts[1:], default) if inside else default
    if not isinstance(document, dict):
        return default
    for count in range(len(parts), 0, -1):
        key = ".".join(parts[:count])
        if key in document:
            return _at(document[key], parts[count:], default)
    return default


def _same(value: Any, expected: Any) -> bool:
    """Whether a JSON value is the expected one; true is not 1, and ``"*"`` is any value but none."""
    if value is NOTHING:
        return False
    if expected == _THERE:
        return True
    if isinstance(value, bool) or isinstance(expected, bool):
        return value is expected
    if isinstance(expected, dict):
        return isinstance(value, dict) and all(_same(value.get(key, NOTHING), expected[key]) for key in expected)
    if isinstance(expected, list):
        return isinstance(value, list) and len(value) == len(expected) and all(map(_same, value, expected))
    return bool(value == expected)


def _json(value: Any) -> str:
    return _short(json.dumps(value, ensure_ascii=False))


def _quoted(text: str) -> str:
    return json.dumps(_short(text.strip()), ensure_ascii=False)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"
