"""What probes print, read back: the one error and the few steps that every probe's reader shares.

A probe is a self-contained script that runs under the Python of the thing that is examined and prints one JSON
document. Its text travels on standard input, so nothing has to be installed where it runs.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

__all__ = [
    "ProbeAnswerError",
    "document",
    "inserted",
    "integer",
    "optional_integer",
    "optional_string",
    "script",
    "shown",
    "string",
    "strings",
]

_SHOWN = 200
_MAIN = '\nif __name__ == "__main__":\n'
_FUTURE = "from __future__ import annotations\n"


class ProbeAnswerError(ValueError):
    """A probe's answer could not be read, so nothing is known about what it examined."""

    def __init__(self, probe: str, found: str, expected: str) -> None:
        """Which probe answered what, and what was expected of it."""
        super().__init__(
            f"{probe} probe: found {found}, expected {expected}; "
            "run the probe's command by hand and read its standard error"
        )
        self.found = found


def script(name: str) -> str:
    """The text of one of the scripts in ``gonogo.probes``."""
    return files("gonogo.probes").joinpath(name).read_text(encoding="utf-8")


def inserted(probe: str, name: str, last: str) -> str:
    """A probe's text with another script of ``gonogo.probes`` in it, and a last line before it begins."""
    head, _, tail = probe.partition(_MAIN)
    other = script(name).replace(_FUTURE, "", 1)
    return f"{head}\n{other}\n{last}\n{_MAIN}{tail}"


def document(probe: str, stdout: str) -> dict[str, Any]:
    """The JSON object that a probe printed, or raise ``ProbeAnswerError`` with what stood there instead."""
    expected = "one JSON object"
    if not stdout.strip():
        raise ProbeAnswerError(probe, "an empty answer", expected)
    try:
        answer = json.loads(stdout)
    except (ValueError, RecursionError) as error:
        raise ProbeAnswerError(probe, shown(stdout), expected) from error
    if not isinstance(answer, dict):
        raise ProbeAnswerError(probe, shown(stdout), expected)
    return answer


def string(probe: str, answer: dict[str, Any], key: str) -> str:
    """A text of the answer."""
    value = answer.get(key)
    if not isinstance(value, str):
        raise ProbeAnswerError(probe, f"{key} = {shown(repr(value))}", "a text")
    return value


def strings(probe: str, answer: dict[str, Any], key: str) -> tuple[str, ...]:
    """A list of texts of the answer."""
    value = answer.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ProbeAnswerError(probe, f"{key} = {shown(repr(value))}", "a list of texts")
    return tuple(value)


def integer(probe: str, answer: dict[str, Any], key: str) -> int:
    """A whole number of the answer."""
    value = answer.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ProbeAnswerError(probe, f"{key} = {shown(repr(value))}", "a whole number")
    return value


def optional_string(probe: str, answer: dict[str, Any], key: str) -> str | None:
    """A text of the answer, or None where it has none."""
    return None if answer.get(key) is None else string(probe, answer, key)


def optional_integer(probe: str, answer: dict[str, Any], key: str) -> int | None:
    """A whole number of the answer, or None where it has none."""
    return None if answer.get(key) is None else integer(probe, answer, key)


def shown(text: str) -> str:
    """The beginning of a text, quoted and short enough for one line."""
    short = text.strip()
    return json.dumps(short if len(short) <= _SHOWN else short[:_SHOWN] + "…", ensure_ascii=False)
