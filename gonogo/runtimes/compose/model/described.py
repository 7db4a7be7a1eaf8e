"""A service of a rendered model as people may see it: everything but the values of its variables. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gonogo.runtimes.base import Described
from gonogo.secrets.known import MARK, is_secret_name

__all__ = ["described"]

_NOTHING: tuple[object, ...] = (None, "", [], {})


def described(definition: Mapping[str, Any]) -> Described:
    """Of variables and build arguments the names, of labels that name a secret too; what says nothing is left out."""
    kept = {key: value for key, value in definition.items() if key != "environment" and value not in _NOTHING}
    if isinstance(kept.get("build"), Mapping) and "args" in kept["build"]:
        kept["build"] = {**kept["build"], "args": sorted(kept["build"]["args"] or ())}
    if isinstance(kept.get("labels"), Mapping):
        kept["labels"] = {name: MARK if _hides(name) else value for name, value in kept["labels"].items()}
    return Described(definition=kept, variables=tuple(sorted(definition.get("environment") or ())))


def _hides(label: str) -> bool:
    """Whether a label holds a secret: by its last word, or the list of users of a proxy."""
    return is_secret_name(label) or "auth.users" in label.casefold()
