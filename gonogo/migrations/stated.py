"""What a migration's own file states: that the release before can live with what it does, and why."""

from __future__ import annotations

import io
import re
import tokenize

__all__ = ["compatible_because"]

_STATED = re.compile(r"#\s*gonogo:\s*compatible because\s+(\S.*)")


def compatible_because(source: str) -> str:
    """The reason behind a comment ``# gonogo: compatible because …``; empty without one."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT and (found := _STATED.match(token.string)):
                return found[1].strip()
    except (tokenize.TokenError, SyntaxError):
        pass
    return ""
