"""List what installed distributions require and is not installed, or is in another version; nothing is imported.

Self-contained: standard library only, any Python from 3.8, fed on standard input so that the target needs nothing::

    python -I - < requirements_probe.py

It needs no pip. Versions and conditions are judged where ``packaging`` is there, by itself or as pip brings it; without
it only what is required under no condition and is not there at all.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import re
import sys
from importlib import metadata
from typing import Any

__all__ = ["broken", "main"]

MARKER = "<<gonogo-requirements>>"
NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def broken() -> list[dict[str, str]]:
    """Each requirement that is not met, by who has it."""
    found: dict[str, Any] = {}
    for one in metadata.distributions():
        found.setdefault(normal(one.metadata["Name"] or ""), one)
    parse = requirement()
    rows = []
    for name, one in sorted(found.items()):
        for text in one.requires or () if name else ():
            wanted, specifier = needed(text, parse)
            there = found.get(normal(wanted))
            if wanted and (there is None or (specifier is not None and not fits(specifier, there.version))):
                row = {"name": one.metadata["Name"], "version": one.version, "needs": text.partition(";")[0].strip()}
                rows.append({**row, "found": there.version if there is not None else ""})
    return rows


def needed(text: str, parse: Any) -> tuple[str, Any]:
    """The name that is required here, and the versions that fit; nothing where a condition does not hold."""
    if parse is None:
        match = NAME.match(text)
        return (match[1] if match and ";" not in text else ""), None
    try:
        wanted = parse(text)
        holds = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
    except Exception:  # noqa: BLE001  # old metadata has requirements that nobody can read
        return "", None
    return (wanted.name if holds else ""), wanted.specifier


def fits(specifier: Any, version: str) -> bool:
    """Whether a version is among those that fit; one that nobody can read fits."""
    try:
        return bool(specifier.contains(version, prereleases=True))
    except Exception:  # noqa: BLE001  # likewise
        return True


def requirement() -> Any:
    """The class that reads requirements; None where it is not installed."""
    for name in ("packaging.requirements", "pip._vendor.packaging.requirements"):
        with contextlib.suppress(Exception):  # a broken pip is no fault of the application
            return importlib.import_module(name).Requirement
    return None


def normal(name: str) -> str:
    """A distribution's name as it is compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    """Prints the document."""
    sys.stdout.write("\n" + MARKER + json.dumps({"broken": broken()}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
