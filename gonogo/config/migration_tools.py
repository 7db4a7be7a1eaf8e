"""Which migration tools there are; gonogo.toml may name only these, so that a new one is one row here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["MIGRATION_TOOLS"]

MIGRATION_TOOLS: Mapping[str, str] = MappingProxyType(
    {
        "alembic": "gonogo.migrations.alembic:Alembic",
        "django": "gonogo.migrations.django:Django",
    }
)
"""Module and class of each, imported where a service's migrations are read or asked about."""
