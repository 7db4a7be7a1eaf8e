"""What a value of an env file means to who reads it: to Compose, or to python-dotenv, as most applications do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from dotenv.variables import Variable as Atom
from dotenv.variables import parse_variables

from gonogo.config.runtimes import has
from gonogo.inspection.variables.interpolation import closing_brace, references

__all__ = ["Grammar", "expanded", "grammar_of", "unset"]

Grammar = Literal["raw", "compose", "dotenv"]
"""``raw``: as it is written, without its quotes."""
_REFERENCE = re.compile(r"\$(?:(?P<escaped>\$)|(?P<bare>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*))", re.ASCII)
_OPERATOR = re.compile(r":?[-+?]")


def grammar_of(runtime: str) -> Grammar:
    """Who reads the env file of an environment."""
    return "compose" if has(runtime, "compose files") else "dotenv"


def expanded(value: str, known: Mapping[str, str], grammar: Grammar) -> str:
    """A value with what it refers to; ``known`` is what stands before it."""
    if grammar == "dotenv":
        return "".join(atom.resolve(known) for atom in parse_variables(value))
    return value if grammar == "raw" else _compose(value, known)


def unset(value: str, known: Mapping[str, str], grammar: Grammar) -> tuple[str, ...]:
    """The variables that a value refers to without a default and that nothing before it sets: an empty text each."""
    if grammar == "raw":
        return ()
    if grammar == "dotenv":
        atoms = [atom for atom in parse_variables(value) if isinstance(atom, Atom)]
        names = [atom.name for atom in atoms if atom.default is None]
    else:
        names = [one.name for one in references(value) if not one.operator]
    return tuple(name for name in dict.fromkeys(names) if name not in known)


def _compose(text: str, known: Mapping[str, str]) -> str:
    """Compose's interpolation: ``$$`` is a dollar sign, defaults and alternatives may refer on."""
    out, position = "", 0
    while match := _REFERENCE.search(text, position):
        out += text[position : match.start()]
        position = match.end()
        if match["escaped"]:
            out += "$"
        elif match["bare"]:
            out += known.get(match["bare"], "")
        else:
            end = closing_brace(text, position)
            if end is None:
                return out + text[match.start() :]
            out += _braced(match["braced"], text[position:end], known)
            position = end + 1
    return out + text[position:]


def _braced(name: str, rest: str, known: Mapping[str, str]) -> str:
    operator = _OPERATOR.match(rest)
    if operator is None:
        return known.get(name, "")
    argument, strict = rest[operator.end() :], operator[0].startswith(":")
    is_set = bool(known.get(name)) if strict else name in known
    if operator[0].endswith("+"):
        return _compose(argument, known) if is_set else ""
    return known.get(name, "") if is_set or operator[0].endswith("?") else _compose(argument, known)
