"""Commands that need no environment."""

from __future__ import annotations

from typing import Annotated

import typer

from gonogo.commands import printing
from gonogo.words import Exit

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Adds them."""
    app.command()(schema)
    app.command()(demo)


def schema() -> int:
    """Print the JSON schema of an environment's table in gonogo.toml."""
    from gonogo.config import Environment  # noqa: PLC0415

    printing.print_document(Environment.model_json_schema())
    return int(Exit.GO)


def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="leave the demo's folder for a look")] = False,
) -> int:
    """Deploy a demo application three times on this machine; the third is broken and is turned back."""
    from gonogo.demo.run import demo as run  # noqa: PLC0415

    return int(run(keep=keep))
