"""Ask the person at the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.prompt import Prompt

__all__ = ["ask"]


def ask(text: str, default: str) -> str:
    """Puts one question; Enter takes the default."""
    return Prompt.ask(text, default=default, console=Console(stderr=True, highlight=False), show_default=bool(default))
