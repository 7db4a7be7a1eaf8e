"""Secrets that are too weak to keep anything, told without a word of their values. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gonogo.inspection.variables.guessable import guessable
from gonogo.inspection.variables.placeholders import placeholders

__all__ = ["SHORTEST_KEY", "hopeless", "of_another_form", "signs", "too_short", "weak_keys"]

SHORTEST_KEY = 16
"""Characters that a key of the team's own has at least: fewer can be guessed from one signed token."""
_SHORTEST_ALPHABET = 6
_HEX = re.compile(r"[0-9a-fA-F]+")
_OWN_KEY = re.compile(
    r"(?:\w+_)?(?:(?:APP|APPLICATION|DJANGO|FLASK|JWT|SESSION|COOKIE|AUTH|NEXTAUTH|TOKEN|CSRF)_SECRET(?:_KEY)?"
    r"|(?:SIGNING|ENCRYPTION|JWT)_KEY|SECRET_KEY_BASE)|SECRET(?:_KEY)?",
    re.IGNORECASE,
)
"""What a team makes up itself; keys that others issue have the length that these choose."""


def signs(name: str) -> bool:
    """Whether a variable of this name holds a key of the team's own that signs or encrypts."""
    return bool(_OWN_KEY.fullmatch(name))


def too_short(values: Mapping[str, str], least: Mapping[str, int]) -> Iterator[str]:
    """Names the secrets with fewer characters than was asked for; an empty one is missing, which P19 tells."""
    for name, wanted in least.items():
        length = len(values.get(name, "").strip())
        if 0 < length < wanted:
            yield f"{name} has {length} characters, expected at least {wanted}"


def hopeless(values: Mapping[str, str], least: Mapping[str, int]) -> Iterator[str]:
    """Names the secrets that are as long as was asked for, and found by anybody all the same.

    A placeholder is told as what it is (P20).
    """
    left = {found.name for found in placeholders(values)}
    for name, wanted in least.items():
        value = values.get(name, "").strip()
        if wanted and len(value) >= wanted and name not in left and (why := guessable(value)):
            yield f"{name} {why}, expected a random value"


def of_another_form(values: Mapping[str, str], name: str, *, prefix: str, is_hex: bool) -> Iterator[str]:
    """What of a secret's form is other than was asked for; of the value nothing is told."""
    value = values.get(name, "").strip()
    if value and not value.startswith(prefix):
        yield f"{name} does not begin with {prefix}, expected it to"
    elif value and is_hex and not _HEX.fullmatch(value.removeprefix(prefix)):
        yield f"{name} has a character that is no hexadecimal digit, expected none"


def weak_keys(values: Mapping[str, str], *, judged: Mapping[str, int]) -> Iterator[str]:
    """Names the keys that sign or encrypt and can be guessed; those with a length of their own are judged by that.

    A placeholder is told as what it is (P20, P23).
    """
    left = {found.name for found in placeholders(values)}
    for name, value in values.items():
        length = len(value.strip())
        if not length or judged.get(name) or not signs(name) or name in left:
            continue
        if length < SHORTEST_KEY:
            yield f"{name} has {length} characters, expected at least {SHORTEST_KEY} in a key that signs or encrypts"
        elif len(set(value.strip())) < _SHORTEST_ALPHABET:
            yield f"{name} is made of {len(set(value.strip()))} different characters, expected a random key"
