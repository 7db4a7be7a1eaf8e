"""Which Python a release will run under, as far as its source says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["NAMES", "Wanted", "older", "wanted"]

NAMES = ("Dockerfile", ".python-version", "pyproject.toml")
"""The files that are read, the most certain first."""
_PATTERNS = {
    "Dockerfile": re.compile(r"^\s*FROM\s+(?:--\S+\s+)?(?:\S+/)?python:(3\.\d+)", re.MULTILINE | re.IGNORECASE),
    ".python-version": re.compile(r"^\s*(?:cpython-)?(3\.\d+)", re.MULTILINE),
    "pyproject.toml": re.compile(r"^\s*requires-python\s*=\s*[\"'][^\"']*?(?:>=|~=|==)\s*(3\.\d+)", re.MULTILINE),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The version that the source names, and where."""

    version: str
    where: str

    def __str__(self) -> str:
        """Says it: ``3.12 (Dockerfile)``."""
        return f"{self.version} ({self.where})"


def wanted(texts: Mapping[str, str]) -> Wanted | None:
    """The version that these files name; the last stage of a Dockerfile is the one that runs."""
    for name in NAMES:
        found = _PATTERNS[name].findall(texts.get(name, ""))
        if found:
            return Wanted(found[-1], name)
    return None


def older(version: str, than: str) -> bool:
    """Whether one version comes before another (``3.9`` before ``3.12``); only major and minor count."""
    return _pair(version) < _pair(than)


def _pair(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
