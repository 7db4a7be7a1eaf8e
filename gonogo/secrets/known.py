"""What is a secret, and how it stays out of everything that is written down."""

import hmac
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NoReturn
from urllib.parse import unquote, unquote_plus

from gonogo.secrets.redactor import MARK, SHORTEST, RedactingStream, Redactor

__all__ = [
    "MARK",
    "SHORTEST",
    "RedactingStream",
    "Redactor",
    "Secret",
    "entropy",
    "hidden",
    "is_readable",
    "is_secret_name",
    "is_wordy",
    "looks_secret",
    "secret_values",
    "url_passwords",
    "word_secrets",
]

_SECRET_WORDS = frozenset(
    re.findall(
        r"\w+",
        "PASSWORD PASSWORDS PASSWD PASSPHRASE PASS PWD PW SECRET SECRETS TOKEN TOKENS APIKEY APIKEYS CREDENTIAL"
        " CREDENTIALS CREDS SALT PEPPER HMAC REQUIREPASS MASTERAUTH",
    )
)
_SECRET_ENDINGS = tuple(
    re.findall(r"\w+", "PASSWORD PASSWD PASSPHRASE SECRET SECRETS TOKEN APIKEY SECRETKEY PRIVATEKEY ACCESSKEY")
)
_OPEN_KEYS = frozenset(
    re.findall(r"\w+", "PUBLIC PUBLISHABLE PRIMARY FOREIGN SORT PARTITION ROUTING CACHE INDEX SITE SHORTCUT LOOKUP")
)
_ABOUT_A_SECRET = frozenset(
    re.findall(
        r"\w+",
        "FILE PATH DIR DIRECTORY URL URI HOST PORT NAME EXPIRE EXPIRES EXPIRY EXPIRATION MINUTES SECONDS HOURS DAYS"
        " TTL LENGTH MIN MAX SIZE ALGORITHM ALG TYPE PREFIX HEADER ENABLED DISABLED COUNT LIMIT TIMEOUT AGE POLICY"
        " ROUNDS ISSUER AUDIENCE VERSION REGION ENDPOINT REQUIRED LIFETIME SCHEME USER USERNAME EMAIL HASHER HASHERS"
        " BACKEND MODE METHOD DOMAIN",
    )
)
_ASKS = frozenset(re.findall(r"\w+", "MAX MIN NUM ENABLE DISABLE REQUIRE USE"))
_IDENTITIES = frozenset(re.findall(r"\w+", "COMMIT SHA REVISION DIGEST RELEASE VERSION IMAGE TAG BUILD REF CHECKSUM"))
_NAMES = frozenset(re.findall(r"\w+", "USER USERNAME DB DATABASE DBNAME HOST HOSTNAME SERVER"))
_READABLE = frozenset(
    re.findall(
        r"\w+",
        "true false yes no on off none null enabled disabled required optional prod production staging stage dev"
        " develop development test testing local localhost debug info warning error default basic bearer plain strict"
        " postgres postgresql mysql redis mongo mongodb sqlite admin root user guest public password secret changeme"
        " example",
    )
)
_PREFIXES = re.compile(
    r"(?:sk|rk)_(?:live|test)_\w{8}|sk-[\w-]{16}|whsec_\w{8}|gh[oprsu]_\w{16}|github_pat_\w{16}|glpat-[\w-]{12}|xox[abeprs]-[\w-]{8}"
    r"|AKIA[0-9A-Z]{12}|AIza[\w-]{20}|SG\.[\w-]{16}|hf_\w{16}|npm_\w{16}|pypi-\w{16}|eyJ[\w-]{8,}\.[\w-]+|dckr_pat_\w{8}"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{32,}", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9+/=_.~!@#$%^&*-]{20,}")
_NUMBER = re.compile(r"[+-]?\d{1,5}(?:\.\d{1,5})?[a-z%]{0,2}", re.IGNORECASE)
_WORDY = re.compile(
    r"[A-Z]?[a-z]{0,20}\d{0,4}|(?:[A-Z][a-z]{2,15}){2,5}\d{0,4}|[A-Z]{1,20}\d{0,4}|\d{1,8}|v?\d{1,4}[a-z]{0,3}"
)
_UNPRONOUNCEABLE = re.compile(r"[bcdfghjklmnpqrstvwxz]{6}", re.IGNORECASE)
_SEPARATORS = re.compile(r"[-_./:@,;\s=?&]+")
_USERINFO = re.compile(r"://([^\s/:@\"'<>]*):([^\s/\"'<>]*)@")
_PLACES = re.compile(r"(\w+)://(?:([^\s/:@\"'<>]*):[^\s/\"'<>]*@)?([\w.-]+)(?::\d+)?(/[\w./-]*)?")
"""Scheme, user, host and path of an address."""
_USER_ONLY = re.compile(r"://([^\s/:@\"'<>]{16,})@")
_QUERY = re.compile(r"[?&;]([\w.-]+)=([^&;#\s]+)")
_OPTION = re.compile(r"-{0,2}([A-Za-z][\w.-]*)(?:=(.+))?")
_LINES = re.compile(r"\r?\n|\\r\\n|\\n")
_LONG_LINE = 16


class Secret:
    """A value whose ``repr`` and ``str`` are ``[redacted]``; it cannot be pickled: no other process gets it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Keeps ``value`` out of sight."""
        self._value = value

    def reveal(self) -> str:
        """Gives the value itself, for the one place that needs it."""
        return self._value

    def __repr__(self) -> str:
        """Shows the mark that stands for every secret."""
        return MARK

    __str__ = __repr__

    def __bool__(self) -> bool:
        """Whether there is a value at all."""
        return bool(self._value)

    def __len__(self) -> int:
        """Counts the characters, so that strength can be judged unseen."""
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        """Compares two secrets in constant time; a plain string is never equal."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._bytes(), other._bytes())

    def __hash__(self) -> int:
        """Hashes as the value does."""
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        """Refuses to be serialised."""
        raise TypeError("a Secret cannot be pickled: pass its name, and read the value where it is needed")

    def _bytes(self) -> bytes:
        return self._value.encode("utf-8", "surrogatepass")


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret: ``JWT_SECRET`` does, ``PASSWORD_LENGTH`` does not."""
    words = _words(name)
    if not words or words[-1] in _ABOUT_A_SECRET or words[0] in _ASKS:
        return False
    if "PUBLIC" in words or "PUBLISHABLE" in words or words == ["PWD"] or words[-2:] == ["OLD", "PWD"]:
        return False
    if words[-1] in {"KEY", "KEYS"} and len(words) > 1:
        return words[-2] not in _OPEN_KEYS
    return words[-1] == "AUTH" or any(word in _SECRET_WORDS or word.endswith(_SECRET_ENDINGS) for word in words)


def entropy(value: str) -> float:
    """Measures Shannon's entropy in bits a character: 0 for ``aaaa``, 4 for evenly used hex digits."""
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts) if value else 0.0


def looks_secret(value: str) -> bool:
    """Whether a value looks generated (a token, a hex or base64 key, a UUID) rather than written by a person."""
    if _PREFIXES.match(value) or _UUID.fullmatch(value):
        return True
    if _HEX.fullmatch(value):
        return entropy(value) > 2.5  # noqa: PLR2004 - random hex has about 3.7, 0000… has 0
    if not _TOKEN.fullmatch(value) or "://" in value or is_wordy(value):
        return False
    return entropy(value) > 3.3  # noqa: PLR2004 - random base64 of 20 characters has about 4.1


def is_wordy(value: str) -> bool:
    """Whether a value is made of words, short numbers and separators: a host, a path, a name, a sentence."""
    parts = [part for part in _SEPARATORS.split(value) if part]
    return all(_WORDY.fullmatch(part) and not _UNPRONOUNCEABLE.search(part) for part in parts)


def is_readable(value: str) -> bool:
    """Whether a value tells nobody anything: ``true``, ``8000``, ``30m``, ``prod``, a path of words."""
    text = value.strip()
    is_path = text.startswith(("/", "./", "../", "~/")) and is_wordy(text)
    return not text or text.casefold() in _READABLE or bool(_NUMBER.fullmatch(text)) or is_path


def _is_anybodys(value: str) -> bool:
    return value.strip().casefold() in _READABLE


def url_passwords(value: str) -> tuple[str, ...]:
    """Finds the passwords of the URLs in a value and the secret parameters of their queries, as written and decoded."""
    found = [password for _, password in _USERINFO.findall(value)]
    if "://" in value:
        found += [item for name, item in _QUERY.findall(value) if is_secret_name(name)]
    return tuple(dict.fromkeys(text for item in found for text in (item, unquote(item), unquote_plus(item)) if text))


def secret_values(env: Mapping[str, str], declared: Collection[str]) -> frozenset[str]:
    """Collects what must never be shown: declared and secret-named values, generated ones, passwords in URLs.

    Less than six characters are left readable, as are ``true``, ``8000``, ``prod``, hosts and words under other names,
    and a password that is its user's, database's or host's name: those are in the clear wherever they are needed. So is
    a declared one that is the first word that anybody would try (``secret``, ``changeme``): taken out of every sentence
    and path, it hides nothing but those.
    """
    found: set[str] = set()
    for name, value in env.items():
        of_all = _is_anybodys if name in declared else is_readable
        secret = (name in declared or is_secret_name(name)) and not of_all(value)
        identity = bool(_IDENTITIES & set(_words(name)))
        if secret or (not identity and looks_secret(value.strip())):
            found |= {value.strip(), *_lines(value)}
        found |= {item for item in url_passwords(value) if not of_all(item)}
        found |= {user for user in _USER_ONLY.findall(value) if looks_secret(user)}
    return hidden((value for value in found if len(value) >= SHORTEST), set(_named(env)))


def hidden(values: Iterable[str], names: Collection[str]) -> frozenset[str]:
    """The values but the words that are in names which everybody sees: taken out of those, nothing could be found."""
    return frozenset(value for value in values if not (is_wordy(value) and any(value in name for name in names)))


def _named(env: Mapping[str, str]) -> Iterator[str]:
    """The users, databases and hosts that variables name."""
    for name, value in env.items():
        if _words(name)[-1:] and _words(name)[-1] in _NAMES:
            yield value.strip()
        for scheme, user, host, path in _PLACES.findall(value):
            yield from (user, host, *(path.split("/") if not scheme.startswith("http") else ()))


def word_secrets(words: Sequence[str]) -> frozenset[str]:
    """Finds the secrets in a command: ``--token=…``, ``--token …``, ``TOKEN=…``, passwords in addresses."""
    parts = [part.strip("'\"") for word in words for part in word.split()]
    found = {password for part in parts for password in url_passwords(part) if not is_readable(password)}
    for part, after in zip(parts, [*parts[1:], ""], strict=False):
        option = _OPTION.fullmatch(part)
        if option is not None and is_secret_name(option[1]) and (option[2] or part.startswith("--")):
            value = (option[2] or after).strip("'\"")
            found |= {value} if not is_readable(value) and not value.startswith(("-", "$")) else set()
    return frozenset(value for value in found if len(value) >= SHORTEST)


def _lines(value: str) -> set[str]:
    """Takes a key of several lines apart: a log shows it line by line."""
    parts = [part.strip() for part in _LINES.split(value)]
    return (
        {part for part in parts if len(part) >= _LONG_LINE and not part.startswith("-----")}
        if len(parts) > 1
        else set()
    )


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [word.upper() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]
