"""What is left from a template in a rendered compose model and in an environment's address. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gonogo.inspection.variables.placeholders import placeholders
from gonogo.inspection.variables.strength import signs

__all__ = ["Left", "left_in", "stand_in", "unexpanded"]

_SITE = re.compile(
    r"(?:.*\.)?(?:example\.(?:com|org|net)|your-?(?:domain|company|project|app|site|server|host)\.[a-z]+)",
    re.IGNORECASE,
)
_IS_DOMAIN = re.compile(r"placeholder domain|'[\w-]+\.\w+'$")
_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*)(?::?[-+?][^{}]*)?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A variable of a service that holds what nobody meant."""

    said: str
    is_sure: bool
    """Whether it cannot be meant in what people use: a domain that is nobody's, a signing key that everybody knows."""


def left_in(variables: Mapping[str, str], *, told: Collection[str]) -> Iterator[Left]:
    """The placeholders among a service's variables; ``told`` are those of env files, which P20 names."""
    own = {name: value for name, value in variables.items() if not any(one in value for one in told if one)}
    for found in placeholders(own):
        is_word = found.why.startswith("holds the placeholder")
        is_sure = is_word and (bool(_IS_DOMAIN.search(found.why)) or signs(found.name))
        yield Left(said=str(found), is_sure=is_sure)


def stand_in(url: str | None) -> str:
    """The host of an address if it is one that documentation uses, which nobody can answer at; else an empty text."""
    host = urlsplit(url).hostname or "" if url else ""
    return host if _SITE.fullmatch(host) else ""


def unexpanded(variables: Mapping[str, str], *, known: Collection[str], escaped: str) -> Iterator[str]:
    """References that reach a service as they are written, although their variable has a value.

    Args:
        variables: what the service is given.
        known: names that the env file sets.
        escaped: the text of the compose files; what is written ``$${NAME}`` there is for the service to expand.
    """
    for name, value in variables.items():
        for match in _REFERENCE.finditer(value):
            if match[1] in known and f"$${{{match[1]}" not in escaped:
                yield f"{name} is given ${{{match[1]}}} as it is written"
