"""The colours that the gates' pages share with ours."""

from __future__ import annotations

from pathlib import Path

__all__ = ["palette_file"]


def palette_file() -> Path:
    """The style sheet that names them; a gate's page needs no more of this room."""
    return Path(__file__).with_name("pages") / "palette.css"
