"""On which line of a compose file a service, or a key of it, stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

__all__ = ["place_of"]

_MERGES = re.compile(r"(?m)^\s*<<\s*:.*(?:\n\s*-\s*\*[\w.-]+)*")
_ALIAS = re.compile(r"\*([\w.-]+)")


def place_of(text: Callable[[str], str], files: Sequence[str], service: str, *keys: str) -> str:
    """``compose.yaml:12`` of a service's key, of the last file that has it; the service's own line where none does.

    A key may stand in what the service takes over (``<<: *common``).
    """
    fallback = ""
    for path in reversed(files):
        lines = text(path).splitlines()
        begin, end = _block(lines, service)
        if begin < 0:
            continue
        own = [*range(begin + 1, end), *_taken_over(lines, begin, end)]
        for key in keys:
            for number in own:
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


def _taken_over(lines: Sequence[str], begin: int, end: int) -> list[int]:
    """The lines of the mappings that a block merges into itself, those that they merge included."""
    found: list[int] = []
    work = [(begin, end)]
    while work:
        text = "\n".join(lines[slice(*work.pop())])
        for merged in _MERGES.finditer(text):
            for name in _ALIAS.findall(merged[0]):
                anchor = re.compile(rf":\s+&{re.escape(name)}\s*(?:#.*)?$")
                at = next((number for number, line in enumerate(lines) if anchor.search(line)), None)
                if at is not None and at + 1 not in found:
                    until = _end(lines, at, len(lines[at]) - len(lines[at].lstrip()))
                    found += range(at + 1, until)
                    work.append((at + 1, until))
    return found


def _end(lines: Sequence[str], begin: int, indent: int) -> int:
    for number in range(begin + 1, len(lines)):
        line = lines[number]
        if line.strip() and not line.lstrip().startswith("#") and len(line) - len(line.lstrip()) <= indent:
            return number
    return len(lines)
