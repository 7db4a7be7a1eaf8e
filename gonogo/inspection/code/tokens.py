"""Tokens in tracked files that are known by their shape alone, whoever's they are. Pure; values are never told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gonogo.inspection.code.committed import is_for_show

__all__ = ["shaped"]

_KINDS: dict[bytes, tuple[str, bytes]] = {
    b"sk_live_": ("a live key of Stripe", rb"sk_live_[0-9A-Za-z]{24,}"),
    b"rk_live_": ("a live key of Stripe", rb"rk_live_[0-9A-Za-z]{24,}"),
    b"AKIA": ("an access key of AWS", rb"AKIA[0-9A-Z]{16}"),
    b"ghp_": ("a token of GitHub", rb"ghp_[0-9A-Za-z]{36}"),
    b"gho_": ("a token of GitHub", rb"gho_[0-9A-Za-z]{36}"),
    b"ghs_": ("a token of GitHub", rb"ghs_[0-9A-Za-z]{36}"),
    b"github_pat_": ("a token of GitHub", rb"github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}"),
    b"glpat-": ("a token of GitLab", rb"glpat-[0-9A-Za-z_-]{20}"),
    b"xoxb-": ("a token of Slack", rb"xoxb-[0-9]{10,13}-[0-9]{10,13}-[0-9A-Za-z]{24}"),
    b"xoxp-": ("a token of Slack", rb"xoxp-[0-9]{10,13}-[0-9]{10,13}-[0-9]{10,13}-[0-9a-f]{32}"),
    b"hooks.slack.com": (
        "a webhook of Slack",
        rb"hooks\.slack\.com/services/T[0-9A-Z]{8,}/B[0-9A-Z]{8,}/[0-9A-Za-z]{24}",
    ),
    b"SG.": ("a key of SendGrid", rb"SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}"),
    b"T3BlbkFJ": ("a key of OpenAI", rb"sk-(?:proj-)?[0-9A-Za-z_-]{20,80}T3BlbkFJ[0-9A-Za-z_-]{20,80}"),
    b"sk-ant-": ("a key of Anthropic", rb"sk-ant-(?:api|admin)[0-9]{2}-[0-9A-Za-z_-]{90,100}"),
    b"npm_": ("a token of npm", rb"npm_[0-9A-Za-z]{36}"),
    b"pypi-AgEIcHlwaS5vcmc": ("a token of PyPI", rb"pypi-AgEIcHlwaS5vcmc[0-9A-Za-z_-]{50,}"),
    b":AA": ("a token of a Telegram bot", rb"[0-9]{8,10}:AA[0-9A-Za-z_-]{33}"),
}
"""What stands in every token of a kind → the kind, and its whole shape."""
_PATTERNS = {
    part: (kind, re.compile(rb"(?<![0-9A-Za-z_-])" + shape + rb"(?![0-9A-Za-z_-])"))
    for part, (kind, shape) in _KINDS.items()
}
_NO_TOKEN = re.compile(
    rb"example|sample|dummy|fake|test|your|change|redacted|placeholder|0{6}|1234567|abcdefg|x{5}", re.IGNORECASE
)
_LEAST = 10
"""Different characters, from which on nobody typed it by hand."""
_ALLOWED = re.compile(rb"allowlist[ -]secret|gitleaks:allow|trufflehog:ignore|noqa: *S10[567]|nosec", re.IGNORECASE)
"""How people mark a line for tools of this kind."""


def shaped(path: str, data: bytes) -> Iterator[str]:
    """The kinds of tokens that a file holds, each once; not in what is for tests, examples or documentation."""
    if is_for_show(path) or b"\0" in data[:8000]:
        return
    kinds = dict.fromkeys(kind for part, (kind, pattern) in _PATTERNS.items() if part in data and _holds(pattern, data))
    yield from kinds


def _holds(pattern: re.Pattern[bytes], data: bytes) -> bool:
    return any(_is_token(match[0]) and not _ALLOWED.search(_line(data, match)) for match in pattern.finditer(data))


def _is_token(value: bytes) -> bool:
    return len(set(value[8:])) >= _LEAST and not _NO_TOKEN.search(value)


def _line(data: bytes, match: re.Match[bytes]) -> bytes:
    end = data.find(b"\n", match.end())
    return data[data.rfind(b"\n", 0, match.start()) + 1 : end if end >= 0 else len(data)]
