"""Secrets that stand in tracked files: values that an environment runs with, and private keys. Pure."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gonogo.inspection.variables.envfiles import is_example
from gonogo.inspection.variables.placeholders import placeholders
from gonogo.secrets.known import entropy, is_readable, is_secret_name, is_wordy, looks_secret, url_passwords

__all__ = ["LONG", "Found", "InUse", "find", "in_use", "is_for_show", "is_private_key"]

LONG = 12
"""Characters from which on the same value in two places is no coincidence."""
_RANDOM = 3.0
_MOST_LINES = 3
_PUBLIC = re.compile(
    r"^(?:VITE|NEXT_PUBLIC|NUXT_PUBLIC|REACT_APP|EXPO_PUBLIC|GATSBY|VUE_APP|PUBLIC)_"
    r"|(?:^|_)(?:MAPS|FIREBASE|ALGOLIA|SEARCH|POSTHOG|SEGMENT|MIXPANEL|AMPLITUDE|SITE|SITEKEY|TURNSTILE|BUGSNAG|DSN)(?:_|$)",
    re.IGNORECASE,
)
"""Keys that a browser is given on purpose."""
_NO_SECRET = re.compile(
    r"pk_|phc_|AIza|pub-|\$2[aby]\$|\$argon2|pbkdf2|\{?ssha|sha256:|sha512:"
    r"|arn:|vault:|ssm:|projects/|encrypted:|enc[\[(]|\{cipher\}",
    re.IGNORECASE,
)
"""What is meant to be seen, a hash, the name of a secret that is kept elsewhere, or an encrypted one."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BROWSER = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue", ".svelte", ".html", ".map", ".css")
_KEY = re.compile(
    rb"-----BEGIN ((?:RSA |EC |DSA |OPENSSH )?PRIVATE KEY|PGP PRIVATE KEY BLOCK)-----(.{60,6000}?)-----END \1-----",
    re.DOTALL,
)
_BODY = re.compile(rb"(?:[A-Za-z0-9+/=\s\"']|\\[nr]|[\w-]+: [^\n]*\n)+")
_NO_BASE64 = re.compile(rb"[\w-]+: [^\n]*\n|\\[nr]|[^A-Za-z0-9+/=]")
_SURELY = 200
"""Characters of a body that are no text which merely says where a key belongs; an elliptic one has 64 or more."""
_SHOWN = re.compile(
    r"(?:^|[/._-])(?:tests?|testing|testdata|fixtures?|specs?|examples?|samples?|docs?|demo|mocks?|dummy|fake|e2e|cypress"
    r"|vagrant|snakeoil|localhost|local|dev|development|vendor|node_modules|site-packages)(?:[/._-]|$)|\.(?:md|rst)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InUse:
    """A secret that an environment runs with."""

    name: str
    """The variable, or whose password it is."""
    value: str = field(repr=False)
    is_random: bool
    """Whether it looks generated; else it only counts beside the variable's own name."""

    def __str__(self) -> str:
        """Names it, and says how long it is."""
        return f"{self.name} ({len(self.value)} characters)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A secret in a tracked file."""

    secret: InUse
    where: str
    """``PATH:LINE``."""
    is_sure: bool
    """False where it may be meant to be seen."""


def in_use(
    given: Iterable[Mapping[str, str]], *, declared: Collection[str], examples: Iterable[Mapping[str, str]]
) -> tuple[InUse, ...]:
    """The values that must be known to nobody else; those of templates and examples are P20's to tell."""
    shown = {value for example in examples for value in (*example.values(), *_passwords(example))}
    found: dict[str, InUse] = {}
    for variables in given:
        left = {one.name for one in placeholders(variables)}
        for name, value in variables.items():
            if name not in left and (name in declared or not _PUBLIC.search(name)):
                _look_at(found, name, value.strip(), shown, declared)
    return tuple(found.values())


def _look_at(found: dict[str, InUse], name: str, value: str, shown: Collection[str], declared: Collection[str]) -> None:
    """Notes a variable's value if it is secret, and the passwords of the URLs in it."""
    if (is_secret_name(name) or name in declared) and value not in shown:
        _note(found, name, value, is_declared=name in declared)
    for password in url_passwords(value):
        if password not in shown:
            _note(found, f"the password in {name}", password, is_declared=False)


def _note(found: dict[str, InUse], name: str, value: str, *, is_declared: bool) -> None:
    is_random = looks_secret(value) or (not is_wordy(value) and entropy(value) > _RANDOM)
    if len(value) < LONG or is_readable(value) or _NO_SECRET.match(value) or not (is_random or is_declared):
        return
    if "://" not in value and "\n" not in value:
        found.setdefault(value, InUse(name=name, value=value, is_random=is_random))


def _passwords(example: Mapping[str, str]) -> Iterator[str]:
    for value in example.values():
        yield from url_passwords(value)


def find(secrets: Collection[InUse], paths: Iterable[str], read: Callable[[str], bytes]) -> Iterator[Found]:
    """Where in tracked files the secrets stand; example files and what is no text are left out."""
    if not secrets:
        return
    by_value = {secret.value.encode("utf-8", "surrogatepass"): secret for secret in secrets}
    pattern = re.compile(b"|".join(re.escape(value) for value in sorted(by_value, key=len, reverse=True)))
    for path in paths:
        data = b"" if is_example(path) else read(path)
        for match in pattern.finditer(data) if b"\0" not in data[:8000] else ():
            secret, line = by_value[match[0]], _line(data, match.start())
            if secret.is_random or secret.name.casefold() in line.decode("utf-8", "replace").casefold():
                number = data.count(b"\n", 0, match.start()) + 1
                yield Found(secret=secret, where=f"{path}:{number}", is_sure=_is_sure(secret, path))


def _is_sure(secret: InUse, path: str) -> bool:
    """A password is nobody else's; a key in a page, or one that is an id, may be meant to be seen."""
    return "PASS" in secret.name.upper() or not (path.endswith(_BROWSER) or _UUID.fullmatch(secret.value))


def _line(data: bytes, at: int) -> bytes:
    end = data.find(b"\n", at)
    return data[data.rfind(b"\n", 0, at) + 1 : end if end >= 0 else len(data)]


def is_for_show(path: str) -> bool:
    """Whether a path says that a file is a test's, an example, documentation, or for a desk."""
    return is_example(path) or bool(_SHOWN.search(posixpath.normpath(path)))


def is_private_key(path: str, data: bytes) -> bool:
    """Whether a file holds a whole private key, and is no test's, no example, and none for a desk, by its path."""
    if b"PRIVATE KEY" not in data or is_for_show(path):
        return False
    bodies = (match[2] for match in _KEY.finditer(data) if _BODY.fullmatch(match[2]))
    return any(len(body) >= _SURELY or _is_der(_NO_BASE64.sub(b"", body)) for body in bodies)


def _is_der(text: bytes) -> bool:
    """Whether it is a DER sequence that is as long as it says, below 256 bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return False
    start = 3 if data[1:2] == b"\x81" else 2
    return len(data) > start and data[0] == 0x30 and data[start - 1] == len(data) - start  # noqa: PLR2004 (a sequence)
