"""Env files: what they set, and what compose files, settings classes and examples expect of them.

The text is parsed as python-dotenv does, without a look at this process's own environment. What its values refer to is
filled in as Compose does or as python-dotenv does: the value is the one that the application gets.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dotenv.parser import Binding, parse_stream

from gonogo.inspection.variables.envgrammar import Grammar, as_assignment, expanded
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


def parse(text: str, *, name: str = ".env", grammar: Grammar = "raw") -> EnvFile:
    """Reads an env file's text; a line that is no ``KEY=value`` is an error that names the line and quotes no value."""
    if grammar == "compose":
        text = _with_assignments(text)
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    errors: list[str] = []
    repeated: list[str] = []
    for binding in parse_stream(io.StringIO(text)):
        line = _line(binding)
        if "\0" in binding.original.string:
            errors.append(f"{name}:{line}: found a NUL character, expected text; a variable cannot hold one")
        elif binding.error:
            errors.append(
                f"{name}:{line}: found a line that cannot be read, expected KEY=value; quote or comment it out"
            )
        elif binding.key is not None and binding.value is None:
            errors.append(f"{name}:{line}: found {binding.key!r} without a value, expected {binding.key}=value")
        elif binding.key is not None:
            repeated += [binding.key] if binding.key in values else []
            values[binding.key] = expanded(binding.value or "", values, grammar, quote=_quote(binding))
            lines[binding.key] = line
    return EnvFile(values, lines, tuple(errors), tuple(dict.fromkeys(repeated)))


def _with_assignments(text: str) -> str:
    """Lines that only Compose reads (``NAME: value``) in the form that both read; the others as they are."""
    bindings = list(parse_stream(io.StringIO(text)))
    return "".join(as_assignment(one.original.string) if one.error else one.original.string for one in bindings)


def _quote(binding: Binding) -> str:
    """The quotation mark around a value; none around a plain one."""
    written = binding.original.string.partition("=")[2].lstrip()
    return written[0] if written[:1] in {"'", '"'} else ""


def only_in_example(example: Iterable[str], env: Iterable[str]) -> tuple[str, ...]:
    """Lists the names that the example file has and the env file has not, in the example's order."""
    known = set(env)
    return tuple(name for name in example if name not in known)


def _line(binding: Binding) -> int:
    """Skips the blank lines that python-dotenv counts to the binding after them."""
    string = binding.original.string
    blank = string[: len(string) - len(string.lstrip())]
    return binding.original.line + len(blank.replace("\r\n", "\n").replace("\r", "\n").split("\n")) - 1
