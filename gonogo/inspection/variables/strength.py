"""Secrets that are too weak to keep anything, told without a word of their values. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gonogo.inspection.variables.placeholders import placeholders

__all__ = ["SHORTEST_KEY", "signs", "too_short", "weak_keys"]

SHORTEST_KEY = 16
"""Characters that a key of the team's own has at least: fewer can be guessed from one signed token."""
_SHORTEST_ALPHABET = 6
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
