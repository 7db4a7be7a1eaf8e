"""Migration tools: how each is asked and what its files say; ``gonogo.config.migration_tools`` has one row for each."""

from __future__ import annotations

import functools
import importlib

from gonogo.config.migration_tools import MIGRATION_TOOLS
from gonogo.migrations.base import Graph, MigrationTool, Part, Revision, Upgrade
from gonogo.migrations.layout import Layout, layout_of

__all__ = ["Graph", "Layout", "MigrationTool", "Part", "Revision", "Upgrade", "layout_of", "tool_of"]


@functools.cache
def tool_of(name: str) -> MigrationTool:
    """The tool that a service names under ``migrations``."""
    module, _, attribute = MIGRATION_TOOLS[name].partition(":")
    tool: MigrationTool = getattr(importlib.import_module(module), attribute)()
    return tool
