"""Which frameworks there are; gonogo.toml may name only these, so that a new one is one row here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["FRAMEWORKS"]

FRAMEWORKS: Mapping[str, str] = MappingProxyType(
    {
        "fastapi": "gonogo.frameworks.fastapi:routes",
        "flask": "gonogo.frameworks.flask:routes",
        "django": "gonogo.frameworks.django:routes",
    }
)
"""Module and function that read the routes which a source file declares; the imported application is asked by
``gonogo/probes/route.py``."""
