"""Env files: what they set, and what compose files, settings classes and examples expect of them.

The text is read as Compose does or as python-dotenv does, without a look at this process's own environment, and so is
filled in what its values refer to: the value is the one that the application gets.
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dotenv.parser import Binding, parse_stream

from gonogo.inspection.variables.composeenv import Assignment, assignments
from gonogo.inspection.variables.envgrammar import Grammar, expanded, unset
from gonogo.inspection.variables.interpolation import required_by_compose
from gonogo.inspection.variables.placeholders import Placeholder, placeholders
from gonogo.inspection.variables.settingsclass import required_by_settings
from gonogo.inspection.variables.variables import Missing, Variable, missing

__all__ = [
    "EnvFile",
    "Missing",
    "Placeholder",
    "Variable",
    "missing",
    "only_in_example",
    "parse",
    "placeholders",
    "required_by_compose",
    "required_by_settings",
]


@dataclass(frozen=True, slots=True)
class EnvFile:
    """One parsed env file; its ``repr`` shows no value."""

    values: Mapping[str, str] = field(repr=False)
    lines: Mapping[str, int]
    errors: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    """Names that are set more than once; the last one counts."""
    lost: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """Names whose value refers to what nothing before it sets, with that; of a secret it is a part of it."""


def parse(text: str, *, name: str = ".env", grammar: Grammar = "raw") -> EnvFile:
    """Reads an env file's text; a line that is no ``KEY=value`` is an error that names the line and quotes no value."""
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    errors: list[str] = []
    repeated: list[str] = []
    lost: dict[str, tuple[str, ...]] = {}
    for found in assignments(text) if grammar == "compose" else _of_dotenv(text):
        where = f"{name}:{found.line}"
        if found.has_nul:
            errors.append(f"{where}: found a NUL character, expected text; a variable cannot hold one")
        elif not found.key:
            errors.append(f"{where}: found a line that cannot be read, expected KEY=value; quote or comment it out")
        elif found.text is None:
            errors.append(f"{where}: found {found.key!r} without a value, expected {found.key}=value")
        else:
            repeated += [found.key] if found.key in values else []
            lost[found.key] = () if found.is_literal else unset(found.text, values, grammar)
            values[found.key] = found.text if found.is_literal else expanded(found.text, values, grammar)
            lines[found.key] = found.line
    left_out = {name: parts for name, parts in lost.items() if parts}
    return EnvFile(values, lines, tuple(errors), tuple(dict.fromkeys(repeated)), left_out)


def _of_dotenv(text: str) -> Iterator[Assignment]:
    """The assignments as python-dotenv reads them."""
    for one in parse_stream(io.StringIO(text)):
        if one.error or one.key is not None or "\0" in one.original.string:
            key = "" if one.error else one.key or ""
            yield Assignment(_line(one), key, one.value, has_nul="\0" in one.original.string)


def only_in_example(example: Iterable[str], env: Iterable[str]) -> tuple[str, ...]:
    """Lists the names that the example file has and the env file has not, in the example's order."""
    known = set(env)
    return tuple(name for name in example if name not in known)


def _line(binding: Binding) -> int:
    """Skips the blank lines that python-dotenv counts to the binding after them."""
    string = binding.original.string
    blank = string[: len(string) - len(string.lstrip())]
    return binding.original.line + len(blank.replace("\r\n", "\n").replace("\r", "\n").split("\n")) - 1
