"""Migration tools: how each is asked and what its files say; one row a tool."""

from __future__ import annotations

from gonogo.migrations.alembic import Alembic
from gonogo.migrations.base import Graph, MigrationTool, Revision, Upgrade
from gonogo.migrations.django import Django
from gonogo.migrations.layout import Layout, layout_of

__all__ = ["TOOLS", "Graph", "Layout", "MigrationTool", "Revision", "Upgrade", "layout_of", "tool_of"]

TOOLS: dict[str, MigrationTool] = {"alembic": Alembic(), "django": Django()}


def tool_of(name: str) -> MigrationTool:
    """The tool that a service names under ``migrations``."""
    return TOOLS[name]
