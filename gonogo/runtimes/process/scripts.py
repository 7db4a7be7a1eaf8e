"""Texts of the application's files that a command names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

__all__ = ["scripts_of"]

_SCRIPT_SIZE = 256 * 1024
_SCRIPTS = 50
_BETWEEN = re.compile(r"[\s\"'`;&|()=<>,]+")


def scripts_of(folder: Path, command: Sequence[str]) -> dict[str, str]:
    """Files of the application that a command names, also inside ``sh -c "…"``, and files that those name."""
    found: dict[str, str] = {}
    texts = [" ".join(command)]
    while texts and len(found) < _SCRIPTS:
        for word in dict.fromkeys(_BETWEEN.split(texts.pop())):
            text = _script(folder, word) if word and word not in found else None
            if text is not None:
                found[word] = text
                texts.append(text)
    return found


def _script(folder: Path, word: str) -> str | None:
    """The text of a small file inside the application's folder; None for anything else."""
    path = folder / word
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
        fits = inside and path.is_file() and path.stat().st_size <= _SCRIPT_SIZE
        return path.read_text(encoding="utf-8", errors="replace") if fits else None
    except (OSError, ValueError):
        return None
