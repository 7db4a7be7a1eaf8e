"""What people see on standard error while a run goes on: a live view, sections of a CI job's log, or plain lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from gonogo.display.live import Live
from gonogo.display.sections import GitHub, GitLab
from gonogo.display.shown import Shown
from gonogo.display.style import Quiet, Style
from gonogo.host.terminal import is_terminal

__all__ = ["screen", "style_for"]


def screen(*, quiet: bool) -> Shown:
    """The screen of this process; ``quiet`` leaves the ending."""
    return Shown(style_for(sys.stderr, os.environ, quiet=quiet))


def style_for(stream: TextIO | None, environ: Mapping[str, str], *, quiet: bool) -> Style:
    """How a run is shown there; a terminal that knows no cursor is given plain lines."""
    if quiet:
        return Quiet()
    if environ.get("GITHUB_ACTIONS") == "true":
        return GitHub()
    if environ.get("GITLAB_CI") == "true":
        return GitLab()
    if environ.get("CI") or environ.get("TERM", "dumb") in {"dumb", "unknown"} or stream is None or stream.closed:
        return Style()
    return Live() if is_terminal(stream) else Style()
