"""Ask the person at the terminal."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.prompt import Confirm, Prompt

from gonogo.host.terminal import is_terminal

__all__ = ["agree", "ask"]


def agree(text: str) -> bool:
    """Puts one question that is answered by yes or no; without a terminal the answer is no."""
    console = Console(stderr=True, highlight=False)
    return is_terminal(sys.stdin) and Confirm.ask(text, default=False, console=console)


def ask(text: str, default: str) -> str:
    """Puts one question; Enter takes the default."""
    return Prompt.ask(text, default=default, console=Console(stderr=True, highlight=False), show_default=bool(default))
