"""Tokens that are known by their shape, and what only looks so. None of them was ever anybody's."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.code.tokens import shaped

__all__: list[str] = []


def letters(count: int, *, of: str = string.ascii_letters + string.digits) -> str:
    """So many random characters, the same ones each time."""
    return "".join(random.Random(3).choices(of, k=count))  # noqa: S311 (no key)


UPPER = string.ascii_uppercase + string.digits
TOKENS = {
    "a live key of Stripe": f"sk_{'live'}_51{letters(40)}",
    "an access key of AWS": f"{'AK'}IA{letters(16, of=UPPER)}",
    "a token of GitHub": f"{'gh'}p_{letters(36)}",
    "a token of GitLab": f"gl{'pat'}-{letters(20)}",
    "a token of Slack": f"{'xo'}xb-{letters(12, of=string.digits)}-{letters(12, of=string.digits)}-{letters(24)}",
    "a webhook of Slack": f"https://hooks.slack.com/services/T{letters(9, of=UPPER)}/B{letters(9, of=UPPER)}/{letters(24)}",
    "a key of SendGrid": f"S{'G'}.{letters(22)}.{letters(43)}",
    "a key of OpenAI": f"sk-proj-{letters(40)}{'T3Blbk'}FJ{letters(40)}",
    "a key of Anthropic": f"sk-{'ant'}-api03-{letters(95)}",
    "a token of npm": f"{'np'}m_{letters(36)}",
    "a token of PyPI": f"pypi-{'AgEIcHlw'}aS5vcmc{letters(120)}",
    "a token of a Telegram bot": f"{letters(9, of='456789')}:{'AA'}{letters(33)}",
}


@pytest.mark.parametrize("kind", TOKENS)
def test_each_kind_is_known(kind: str) -> None:
    """In code, in YAML, and twice in one file."""
    text = f'TOKEN = "{TOKENS[kind]}"\ntoken: {TOKENS[kind]}\n'

    assert list(shaped("app/settings.py", text.encode())) == [kind]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tests/test_pay.py", TOKENS["a live key of Stripe"]),
        (".env.example", TOKENS["a token of GitHub"]),
        ("README.md", TOKENS["an access key of AWS"]),
        ("app/pay.py", f"{TOKENS['a live key of Stripe']}  # pragma: allowlist secret"),
        ("app/pay.py", f"sk_{'live'}_{'x' * 40}"),
        ("app/pay.py", f"sk_{'test'}_51{letters(40)}"),
        ("app/pay.py", f"pk_{'live'}_51{letters(40)}"),
        ("app/aws.py", f"{'AK'}IAIOSFODNN7EXAMPLE"),
        ("app/aws.py", f"{letters(40, of=UPPER)}{'AK'}IA{letters(16, of=UPPER)}"),
        ("app/hub.py", "ghp_your_token_here"),
        ("app/check.py", r're.compile(r"ghp_[0-9A-Za-z]{36}")'),
        ("app/npm.py", "npm_config_registry_of_the_company_we_work"),
        ("app/clock.py", "2026-11-29 10:AA, 12345678:AAA"),
        ("app/logo.bin", "\0" + TOKENS["a token of npm"]),
    ],
)
def test_what_only_looks_so_is_left(path: str, text: str) -> None:
    """Tests, examples, documents, marked lines, keys of a sandbox, placeholders, patterns, parts of longer texts."""
    assert list(shaped(path, text.encode())) == []


@given(st.binary(max_size=400))
def test_any_file_can_be_read(data: bytes) -> None:
    """Random bytes hold no token."""
    assert list(shaped("app/data", data)) == []
