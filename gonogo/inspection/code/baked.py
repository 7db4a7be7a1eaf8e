"""What an image should not hold: private keys, env files with this environment's secrets, git's history. Pure.

Names, places and lengths are told, values never.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from gonogo.inspection.variables.envfile import parse
from gonogo.inspection.variables.envfiles import is_example
from gonogo.inspection.variables.placeholders import placeholders
from gonogo.secrets.known import is_readable, is_secret_name, is_wordy, url_passwords

__all__ = ["LARGEST", "histories", "is_private_key", "is_worth_reading", "known_in", "own_folders", "own_secrets"]

LARGEST = 256 << 10
"""Bytes of a file that may be a key or an env file."""
_STRONG = 8
_BROWSER = re.compile(r"(?:VITE|REACT_APP|VUE_APP|NUXT_PUBLIC|NEXT_PUBLIC|EXPO_PUBLIC|NG_APP|GATSBY|PUBLIC)_")
"""Variables that are built into pages which every visitor gets."""
_ENV_FILE = re.compile(r"\.env(?:\.[\w.-]+)?|[\w-]+\.env|\.envrc", re.IGNORECASE)
_ENV_FOLDER = re.compile(r"(?:^|/)\.envs?/")
_KEY_FILE = re.compile(
    r".*\.(?:pem|key|p8|ppk|priv|private)|id_(?:rsa|dsa|ecdsa|ed25519)(?:[-_.]\w+)?|.*private.*|.*deploy[-_]?key.*",
    re.IGNORECASE,
)
_NO_KEY_FILE = re.compile(r".*\.(?:py|pyc|js|ts|html|css|md|rst|pub|crt|cer|svg|po|mo|c|h|go|rb|java)", re.IGNORECASE)
_FOREIGN = frozenset({"site-packages", "dist-packages", "node_modules", ".venv", "venv", "__pycache__", "vendor"})
_APART = re.compile(
    r"tests?|testing|testdata|fixtures?|specs?|examples?|samples?|docs?|demo|dev|local|localhost|snakeoil|dummy"
    r"|mocks?|self[-_]?signed",
    re.IGNORECASE,
)
_PRIVATE = re.compile(rb"-----BEGIN (?:RSA |EC |DSA |OPENSSH )?PRIVATE KEY-----(?P<body>[^-]*)-----END ")
_PPK = re.compile(rb"PuTTY-User-Key-File-\d+:.*?\nEncryption: none", re.DOTALL)
_OPENSSH = b"openssh-key-v1\0\0\0\0\x04none"
_SYSTEM = frozenset(
    """
    / /bin /boot /dev /etc /home /lib /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /usr/bin
    /usr/lib /usr/local /usr/share /usr/src /var /var/lib /var/www
    """.split()  # noqa: SIM905 (a list of words reads best as words)
)


def own_folders(code: Iterable[str], workdir: str) -> tuple[str, ...]:
    """Where the application's own files may be in an image: its code, and where it is started; never the system's."""
    places = dict.fromkeys(posixpath.normpath(place) for place in (*code, workdir or "/"))
    kept = [place for place in places if place not in _SYSTEM and not _FOREIGN & set(place.split("/"))]
    return tuple(one for one in kept if not any(one.startswith(f"{other}/") for other in kept))


def is_worth_reading(path: str, size: int) -> bool:
    """Whether a file may be a private key of the application's own, or an env file."""
    name = posixpath.basename(path)
    if size > LARGEST or _FOREIGN & set(path.split("/")):
        return False
    return _is_env_file(path) or bool(_KEY_FILE.fullmatch(name) and not _NO_KEY_FILE.fullmatch(name))


def is_private_key(path: str, content: bytes) -> bool:
    """Whether a file is a private key without a passphrase; not where its place in the application says: for tests."""
    if any(_APART.fullmatch(word) for word in re.split(r"[/._-]", path)):
        return False
    for match in _PRIVATE.finditer(content):
        body = match["body"]
        if b"ENCRYPTED" not in body and not (b"OPENSSH" in match[0][:40] and _has_passphrase(body)):
            return True
    return bool(_PPK.search(content))


def own_secrets(variables: Mapping[str, str], declared: Collection[str]) -> dict[str, str]:
    """Value → the variable, for what is surely a secret: no word, no placeholder, nothing that browsers get."""
    left = {one.name for one in placeholders(variables)}
    public = {value.strip() for name, value in variables.items() if _BROWSER.match(name)}
    found: dict[str, str] = {}
    for name, value in variables.items():
        secret = name in declared or is_secret_name(name)
        values = [value.strip()] if secret else list(url_passwords(value))
        for one in values if name not in left else ():
            if (
                len(one) >= _STRONG
                and one not in public
                and not is_readable(one)
                and (name in declared or not is_wordy(one))
            ):
                found.setdefault(one, name)
    return found


def known_in(path: str, content: bytes, secrets: Mapping[str, str]) -> list[str]:
    """The variables of an env file whose values are secrets of this environment's own; none in an example."""
    if not _is_env_file(path) or is_example(path):
        return []
    values = parse(content.decode("utf-8", "replace"), name=path).values
    return [
        name for name, value in values.items() if value.strip() in secrets or set(url_passwords(value)) & set(secrets)
    ]


def histories(paths: Iterable[str]) -> Iterator[str]:
    """The folders of git that hold a history, with objects or packs; a pointer to another folder holds none."""
    found = {path.partition("/.git/")[0] for path in paths if "/.git/objects/" in path}
    yield from (f"{folder}/.git" for folder in sorted(found) if not _FOREIGN & set(folder.split("/")))


def _is_env_file(path: str) -> bool:
    return bool(_ENV_FILE.fullmatch(posixpath.basename(path)) or _ENV_FOLDER.search(path))


def _has_passphrase(body: bytes) -> bool:
    try:
        return not base64.b64decode(b"".join(body.split())).startswith(_OPENSSH)
    except (binascii.Error, ValueError):
        return True
