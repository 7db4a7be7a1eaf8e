"""On which line of a compose file a service, or a key of it, stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

__all__ = ["place_of"]


def place_of(text: Callable[[str], str], files: Sequence[str], service: str, *keys: str) -> str:
    """``compose.yaml:12`` of a service's key, of the last file that has it; the service's own line where none does."""
    fallback = ""
    for path in reversed(files):
        lines = text(path).splitlines()
        begin, end = _block(lines, service)
        if begin < 0:
            continue
        for key in keys:
            for number in range(begin + 1, end):
                if re.match(rf"\s+[\"']?{re.escape(key)}[\"']?\s*:", lines[number]):
                    return f"{path}:{number + 1}"
        fallback = fallback or f"{path}:{begin + 1}"
    return fallback or (files[0] if files else "")


def _block(lines: Sequence[str], service: str) -> tuple[int, int]:
    """The lines of a service's mapping: its own and the one after its last."""
    inside, indent = False, 0
    for number, line in enumerate(lines):
        if re.match(r"services\s*:", line):
            inside, indent = True, 0
        elif inside and not indent and re.match(r"\s+[^\s#]", line):
            indent = len(line) - len(line.lstrip())
        if re.match(r"services\s*:", line):
            continue
        if inside and re.match(r"\S", line) and not line.startswith("#"):
            inside = False
        match = re.match(rf"(\s+)[\"']?{re.escape(service)}[\"']?\s*:", line) if inside else None
        if match and len(match[1]) == indent:
            return number, _end(lines, number, indent)
    return -1, -1


def _end(lines: Sequence[str], begin: int, indent: int) -> int:
    for number in range(begin + 1, len(lines)):
        line = lines[number]
        if line.strip() and not line.lstrip().startswith("#") and len(line) - len(line.lstrip()) <= indent:
            return number
    return len(lines)
