"""The style sheets that the gates' pages share with ours."""

from __future__ import annotations

from pathlib import Path

__all__ = ["style_files"]


def style_files() -> tuple[Path, ...]:
    """The colours and how a page is set; a gate's page needs no more of this room."""
    folder = Path(__file__).with_name("pages")
    return folder / "palette.css", folder / "page.css"
