"""Take secrets out of a record; what other commands read it by (ids, names, outcomes) stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

__all__ = ["redacted", "redacted_json"]

Record = TypeVar("Record", bound=BaseModel)

_KEPT = frozenset(
    re.findall(
        r"\w+",
        "format run kind app env release commit serving serving_after went_back_to reports started first_touch since"
        " exit_code exitstatus stage role severity on_red outcome id code fingerprint name tier service status health"
        " unfinished untouched rollback_to services at given until did ended",
    )
)
"""Never free text. A password that is a word, ``release`` or ``failed``, must not make a record unreadable to us."""


def redacted_json(value: Any, redact: Callable[[str], str], *, kept: frozenset[str] = _KEPT) -> Any:
    """A JSON value without secrets; inside ``evidence`` nothing is kept by its name."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {
            redact(str(key)) if not kept else key: inner
            if key in kept
            else redacted_json(inner, redact, kept=frozenset() if key == "evidence" else kept)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted_json(inner, redact, kept=kept) for inner in value]
    return value


def redacted(record: Record, redact: Callable[[str], str]) -> Record:
    """A record without secrets."""
    return type(record).model_validate(redacted_json(record.model_dump(mode="json"), redact))
