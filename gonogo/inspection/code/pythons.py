"""Which Python a release will run under, as far as its source says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

__all__ = ["Wanted", "names_one", "older", "wanted"]

_DOCKERFILE, _PINNED, _DECLARED = "Dockerfile", ".python-version", "pyproject.toml"
_PATTERNS = {
    _DOCKERFILE: re.compile(r"^\s*FROM\s+(?:--\S+\s+)*\S*python:?(3\.\d+)", re.MULTILINE | re.IGNORECASE),
    _PINNED: re.compile(r"^\s*(?:cpython-)?(3\.\d+)", re.MULTILINE),
    _DECLARED: re.compile(r"^\s*requires-python\s*=\s*[\"'][^\"']*?(?:>=|~=|==)\s*(3\.\d+)", re.MULTILINE),
}
"""The most certain first."""
_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.MULTILINE | re.IGNORECASE)
_OTHERS = re.compile(
    r"(?:^|/)(?:node|bun|nginx|caddy|traefik|httpd|haproxy|postgres|postgis|redis|valkey|mysql|mariadb|mongo|rabbitmq"
    r"|golang|rust|ruby|php|scratch|busybox)(?:[:@]|$)",
    re.IGNORECASE,
)
"""Images that run no Python of the application's."""
_DEFAULT = re.compile(r"^\s*ARG\s+(\w+)=[\"']?([^\s\"']+)", re.MULTILINE | re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The version that the source names, and where."""

    version: str
    where: str

    def __str__(self) -> str:
        """Says it: ``3.12 (Dockerfile)``."""
        return f"{self.version} ({self.where})"

    @property
    def is_least(self) -> bool:
        """Whether it is only the oldest that may be taken; what will be is not known."""
        return PurePosixPath(self.where).name == _DECLARED


def names_one(path: str) -> bool:
    """Whether a file may name a version."""
    return _kind(path) is not None


def wanted(texts: Mapping[str, str]) -> Wanted | None:
    """The newest version that the Dockerfiles name (by the last stage of each), else what the other files do.

    One Dockerfile that may have a Python and does not say which is enough for the others to say nothing of it.

    Args:
        texts: path → content of the files that may name one.
    """
    for kind, pattern in _PATTERNS.items():
        named = [(path, pattern.findall(_filled(text))) for path, text in texts.items() if _kind(path) == kind]
        found = [Wanted(versions[-1], path) for path, versions in named if versions]
        silent = kind == _DOCKERFILE and any(_may_have_one(texts[path]) for path, versions in named if not versions)
        if found and not silent:
            return max(found, key=lambda one: _pair(one.version))
    return None


def _kind(path: str) -> str | None:
    name = PurePosixPath(path).name
    return _DOCKERFILE if _DOCKERFILE.casefold() in name.casefold() else name if name in _PATTERNS else None


def _may_have_one(text: str) -> bool:
    """Whether a Dockerfile is made from an image that may bring a Python."""
    stages = _FROM.findall(_filled(text))
    made = {name.casefold() for _, name in stages if name}
    return any(image.casefold() not in made and not _OTHERS.search(image) for image, _ in stages)


def _filled(text: str) -> str:
    """The text with the defaults of its build arguments."""
    given = dict(_DEFAULT.findall(text))
    return _VARIABLE.sub(lambda found: given.get(found[1] or found[2], ""), text)


def older(version: str, than: str) -> bool:
    """Whether one version comes before another (``3.9`` before ``3.12``); only major and minor count."""
    return _pair(version) < _pair(than)


def _pair(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
