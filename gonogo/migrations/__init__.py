"""Migration tools: how each is asked and what its files say; one row a tool."""

from __future__ import annotations

from gonogo.migrations.alembic import Alembic
from gonogo.migrations.base import Graph, MigrationTool, Revision

__all__ = ["TOOLS", "Graph", "MigrationTool", "Revision", "tool_of"]

TOOLS: dict[str, MigrationTool] = {"alembic": Alembic()}


def tool_of(name: str) -> MigrationTool:
    """The tool that a service names under ``migrations``."""
    return TOOLS[name]
