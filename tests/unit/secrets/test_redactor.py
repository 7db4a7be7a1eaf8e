"""No registered value survives, in any form or chunking, and other text stays as it is."""

import base64
import html
import json
import shlex
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.secrets.redactor import Redactor

SECRET = "p@ss/w\"o'rd & <é>$1\\"
FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": lambda value: quote(value, safe=""),
    "percent, slash kept": quote,
    "percent, lower case": lambda value: quote(value, safe="").lower() if value.islower() else quote(value),
    "form": quote_plus,
    "percent twice": lambda value: quote(quote(value, safe=""), safe=""),
    "json": json.dumps,
    "json, unicode kept": lambda value: json.dumps(value, ensure_ascii=False),
    "json in json": lambda value: json.dumps(json.dumps(value)),
    "html": html.escape,
    "json in html": lambda value: html.escape(json.dumps(value)),
    "shell": shlex.quote,
    "repr": repr,
    "bytes repr": lambda value: repr(value.encode()),
    "compose": lambda value: value.replace("$", "$$"),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64, one before": lambda value: base64.b64encode(b"u" + value.encode()).decode(),
    "base64, two before": lambda value: base64.b64encode(b"u:" + value.encode()).decode(),
    "base64, for URLs": lambda value: base64.urlsafe_b64encode(b"u:" + value.encode() + b"x").decode(),
    "base64, wrapped": lambda value: _wrapped(base64.b64encode(b"user:" + value.encode() + b"@").decode(), 7, "\n"),
    "base64, CRLF": lambda value: _wrapped(base64.b64encode(value.encode()).decode(), 5, "\r\n  "),
    "base64, labelled": lambda value: _wrapped(base64.b64encode(value.encode()).decode(), 9, "\napi-1  | "),
    "base64, wrapped in json": lambda value: _wrapped(base64.b64encode(value.encode()).decode(), 4, "\\n"),
    "hex": lambda value: value.encode().hex(),
    "hex, percent": lambda value: "".join(f"%{byte:02x}" for byte in value.encode()),
    "hex, escaped": lambda value: "".join(f"\\x{byte:02x}" for byte in value.encode()),
    "hex, upper case": lambda value: value.encode().hex().upper(),
    "hex, colons": lambda value: value.encode().hex(":"),
    "hex, wrapped": lambda value: _wrapped(value.encode().hex(" "), 11, "\n"),
}
LEFT = dict.fromkeys(FORMS, 0) | {
    "hex, percent": 1,
    "hex, escaped": 2,
    "json": 2,
    "json, unicode kept": 2,
    "json in json": 6,
    "json in html": 12,
    "shell": 2,
    "repr": 2,
    "bytes repr": 3,
    "base64": 4,
    "base64, one before": 8,
    "base64, two before": 8,
    "base64, for URLs": 8,
    "base64, wrapped": 12,
    "base64, CRLF": 4,
    "base64, labelled": 10,
    "base64, wrapped in json": 6,
}
"""Characters that may stay: quotes, and the half-filled characters at both ends of base64, with what stood beside them."""
values = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=6, max_size=20).filter(
    lambda value: value.strip() and value not in "redacted"
)


def _wrapped(text: str, width: int, between: str) -> str:
    return between.join(text[at : at + width] for at in range(0, len(text), width))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_found(form: str) -> None:
    """The value is gone and the text around it stays, whatever the program did to print it."""
    printed = FORMS[form](SECRET)

    redacted = Redactor([SECRET]).text(f"before {printed} after")

    assert redacted.startswith("before ")
    assert redacted.endswith(" after")
    assert "[redacted]" in redacted
    assert len(redacted) <= len("before &quot;[redacted]&quot; after")


@given(values, st.sampled_from(sorted(FORMS)), st.text(max_size=10), st.text(max_size=10))
def test_no_value_survives(value: str, form: str, before: str, after: str) -> None:
    """For any value in any form, the printed form is no longer in the text."""
    printed = FORMS[form](value)
    core = printed.strip("'\"=")[8:-8] if form.startswith("base64") else printed.strip("'\"")

    redacted = Redactor([value]).text(before + printed + after)

    assert core not in redacted.replace("[redacted]", "\0\0") or core in before + after


@given(values, st.sampled_from(sorted(FORMS)), st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_nothing_of_a_value_survives_any_chunks(value: str, form: str, sizes: list[int]) -> None:
    """Quotes and the half-filled characters at the ends of base64 aside, only the mark is left, however it is cut."""
    redacted = _streamed(Redactor([value]), f"<{FORMS[form](value)}>".encode(), sizes).decode()

    assert redacted.startswith("<")
    assert redacted.endswith(">")
    assert "[redacted]" in redacted
    assert len("".join(redacted[1:-1].replace("[redacted]", "").split())) <= LEFT[form]


@pytest.mark.parametrize("value", ["0::::::", "7 é/é/é", "3=!=!=!"])
def test_a_first_digit_is_taken_out_with_its_percent_sign(value: str) -> None:
    """`%30%3a` ends like `0%3a`: where every byte is percent-encoded, nothing of the first one stays before the mark."""
    printed = FORMS["hex, percent"](value)

    assert Redactor([value]).text(f"<{printed}> <{printed.replace('%', '%25')}>") == "<[redacted]> <[redacted]>"
    assert _streamed(Redactor([value]), f"<{printed}>".encode(), [5]) == b"<[redacted]>"


@given(values, st.integers(6, 19), st.sampled_from(["...", "…"]))
def test_what_an_ellipsis_leaves_of_a_value_is_taken_out(value: str, size: int, dots: str) -> None:
    """Programs that shorten, such as pytest, show the beginning and the end of what is long."""
    value = value.replace(".", ",").replace("…", ",")
    left, right = value[:size], value[-6:]
    redactor = Redactor([value + right])

    assert redactor.text(f"<{left}{dots}>") == f"<[redacted]{dots}>"
    assert redactor.text(f"<{dots}{right}>") == f"<{dots}[redacted]>"


@pytest.mark.parametrize("text", ["true", "8000", "prod", "loading... done", "GET /x?page=2&sort=name", "a|b: c\n\td"])
def test_plain_words_stay_readable(text: str) -> None:
    """What is no secret is shown as it is, whatever is registered beside it."""
    redactor = Redactor(["true", "8000", "prod", "production-key", "hunter22", "download-bay-7"])

    assert redactor.text(f"{text} {text}\n") == f"{text} {text}\n"


@given(
    st.lists(values, min_size=1, max_size=4),
    st.lists(st.one_of(st.integers(0, 3), st.text(max_size=8), st.just("\n")), max_size=12),
    st.lists(st.integers(1, 12), min_size=1, max_size=8),
)
def test_chunks_come_out_as_the_whole(secrets: list[str], parts: list[int | str], sizes: list[int]) -> None:
    """However a stream is cut, it is redacted as the whole is."""
    text = "".join(part if isinstance(part, str) else secrets[part % len(secrets)] for part in parts)
    redactor = Redactor(secrets)

    assert _streamed(redactor, text.encode(), sizes) == redactor.bytes(text.encode())


@given(st.binary(max_size=80), st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_any_bytes_pass_through_chunks(data: bytes, sizes: list[int]) -> None:
    """Bytes that are no text and hold no secret come out as they went in."""
    assert _streamed(Redactor(["hunter22"]), data, sizes) == data


@given(st.text(max_size=200))
def test_text_without_secrets_is_unchanged(text: str) -> None:
    """Nothing is changed that is no secret."""
    redactor = Redactor(["kP3v9xQ2LmZt7RbN"])

    assert redactor.text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "GET http://localhost:8000/@me 200",
        "see https://shop.nl/a:b?mail=x@y.nl",
        "-----BEGIN PRIVATE KEY----- is how a key begins",
        "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUJ0\n-----END CERTIFICATE-----",
        "the Authorization header is missing",
        "https://shop@example.com/x?tokens=3&monkey=banana&key=4",
        "",
    ],
)
def test_what_only_resembles_a_secret_is_unchanged(text: str) -> None:
    """Ports, addresses, certificates and prose are no secrets."""
    assert Redactor([]).text(text) == text


KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + "MIIEvQIBADANBgkqhkiG9w0BAQEF\n" * 12
    + "AASC==\n-----END RSA PRIVATE KEY-----"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Basic dTpw\r\n", "Authorization: Basic [redacted]\r\n"),
        ("{'authorization': 'Bearer ab.cd'}", "{'authorization': 'Bearer [redacted]'}"),
        ('-H "Proxy-Authorization: Bearer x"', '-H "Proxy-Authorization: Bearer [redacted]"'),
        ("to postgres://shop:hidden@db:5432/shop", "to postgres://shop:[redacted]@db:5432/shop"),
        ("redis://:p@ss@cache", "redis://:[redacted]@cache"),
        ("from https://ghp_0123456789abcdefghij@github.com/x", "from https://[redacted]@github.com/x"),
        ("GET /reset?id=4&reset_token=a.b-c HTTP", "GET /reset?id=4&reset_token=[redacted] HTTP"),
        ("/cb?access_token=abc&amp;api_key=def'", "/cb?access_token=[redacted]&amp;api_key=[redacted]'"),
        (f"key {KEY} end", "key [redacted] end"),
        (f'"{KEY}"'.replace("\n", "\\n"), '"[redacted]"'),
        ("\n".join(f"api-1  | {line}" for line in KEY.splitlines()), "api-1  | [redacted]"),
        (KEY[:200], "[redacted]"),
    ],
)
def test_secrets_by_their_place(text: str, expected: str) -> None:
    """Credentials in headers and URLs and private keys need no registration, and a stream finds them too."""
    redactor = Redactor([])

    assert redactor.text(text) == expected
    assert _streamed(redactor, text.encode(), [7]) == expected.encode()


def test_a_header_with_a_registered_value_of_two_words() -> None:
    """A registered value is taken out whole before the header's pattern sees it."""
    assert Redactor(["my secret words"]).text("Authorization: Bearer my secret words") == (
        "Authorization: Bearer [redacted]"
    )


def test_the_longest_value_wins() -> None:
    """A value that begins with another one is taken out whole."""
    assert Redactor(["hunter", "hunter2-long"]).text("hunter2-long hunter") == "[redacted] [redacted]"


def test_short_values_stay() -> None:
    """Fewer than six characters are never registered."""
    assert Redactor(["true", "8000", "abcde", "      ", "redacted"]).text("true 8000 abcde") == "true 8000 abcde"


def test_a_line_is_shown_when_it_ends() -> None:
    """A finished line does not wait for the next one; what may be the beginning of a value does."""
    stream = Redactor(["hunter22"]).stream()

    assert stream.feed(b"one\nhunt") == b"one\n"
    assert stream.feed(b"er22 two.\n") == b"[redacted] two.\n"
    assert stream.flush() == b""


def test_two_streams_do_not_mix() -> None:
    """Each stream holds back its own rest."""
    redactor = Redactor(["hunter22"])
    out, err = redactor.stream(), redactor.stream()
    out.feed(b"hunt")

    assert err.feed(b"er22\n") == b"er22\n"
    assert out.flush() == b"hunt"


def test_repr_shows_no_value() -> None:
    """A Redactor may be printed."""
    assert repr(Redactor(["hunter22"])) == "Redactor([redacted])"


def test_time_is_linear() -> None:
    """Eight times the log takes about eight times as long, with thirty values, and hostile text too."""
    redactor = Redactor([f"kP3v9xQ2LmZt7RbN4w{number:02}+/%&" for number in range(30)])
    line = "2026-11-21 INFO GET /orders?id=42 200 ://a:b:c ://x authorization -----BEGIN kP3v9xQ2 cGFzc3dvcmQ\n"

    def seconds(repeat: int) -> float:
        text = line * repeat
        start = time.process_time()
        redactor.text(text)
        return time.process_time() - start

    small = min(seconds(1000) for _ in range(3))
    large = min(seconds(8000) for _ in range(2))

    assert large < max(small, 0.01) * 24


def _streamed(redactor: Redactor, data: bytes, sizes: list[int]) -> bytes:
    stream, out, position, turn = redactor.stream(), [], 0, 0
    while position < len(data):
        size = sizes[turn % len(sizes)]
        out.append(stream.feed(data[position : position + size]))
        position, turn = position + size, turn + 1
    return b"".join([*out, stream.flush()])
