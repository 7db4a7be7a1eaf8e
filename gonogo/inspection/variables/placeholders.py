"""Values of an env file that nobody replaced: placeholders, and secrets that are the example file's own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gonogo.secrets.known import is_readable, is_secret_name, url_passwords

__all__ = ["Placeholder", "placeholders"]

_WORDS = re.compile(
    r"(?<![a-z0-9])(?:"
    r"change[-_ ]?(?:me|this|it|in[-_ ]prod(?:uction)?|before[-_ ]\w+)\d*"
    r"|replace[-_ ]?(?:me|this|with[-_ ]\w+)"
    r"|your[-_ ]?(?:domain|company|project|app|site|server|host)\.\w+"
    r"|your[-_](?:[a-z0-9]+[-_])*(?:here|key|secret|token|password|domain|id|email|user(?:name)?)"
    r"|(?:put|insert|enter|add|paste)[-_](?:[a-z0-9]+[-_])*here"
    r")(?![a-z0-9])"
)
_WHOLE = re.compile(r"your[-_]\S*|<[^<>@\s][^<>@]*>|(?:\w+[-_])?x{3,}|todo|tbd|fixme|placeholder|replaceme|\.{3}")
_NAMES = frozenset({"todo", "Todo"})
"""What people call an application, and its database: a placeholder is shouted."""
_IN_URL = re.compile(r"://\S*?(<[a-z][a-z0-9 _-]*>)")
_EXAMPLE_SITE = re.compile(r"://(?:[^@/\s]*@)?((?:[a-z0-9-]+\.)*example\.(?:com|org|net))(?=[:/?#,\s]|$)")
_WEAK = frozenset(
    re.findall(
        r"\S+",
        "secret secretkey secret-key secret_key mysecret my-secret mysecretkey mysecretpassword supersecret"
        " supersecretkey topsecret password passwd password123 mypassword pass changeit dummy",
    )
)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One variable whose value is left from a template; ``why`` never quotes more than the placeholder itself."""

    name: str
    why: str

    def __str__(self) -> str:
        """Which variable and why."""
        return f"{self.name} {self.why}"


def placeholders(env: Mapping[str, str], example: Mapping[str, str] | None = None) -> tuple[Placeholder, ...]:
    """Names the variables that still hold a placeholder, or a secret that stands in the example file."""
    example = example or {}
    found = ((name, _reason(name, value, example.get(name, ""))) for name, value in env.items())
    return tuple(Placeholder(name, why) for name, why in found if why)


def _reason(name: str, value: str, example: str) -> str:
    folded = value.strip().casefold()
    if not folded or (value.strip() in _NAMES and not is_secret_name(name)):
        return ""
    if match := _WORDS.search(folded) or _WHOLE.fullmatch(folded) or _IN_URL.search(folded):
        return f"holds the placeholder {(match[1] if match.re is _IN_URL else match[0])!r}"
    if (site := _EXAMPLE_SITE.search(folded)) and (_is_bare(site[1]) or value == example):
        return f"holds the placeholder domain {site[1]!r}"
    if weak := _weak(name, folded):
        return weak
    return _copied(name, value, example)


def _is_bare(site: str) -> bool:
    """``example.com`` itself is nobody's host; a name below it may be the team's own stand-in."""
    return site.removeprefix("www.").count(".") == 1


def _weak(name: str, folded: str) -> str:
    if is_secret_name(name) and folded in _WEAK:
        return f"is a secret whose value is the word {folded!r}"
    weak = [password for password in url_passwords(folded) if password in _WEAK]
    return f"has the password {weak[0]!r} in its URL" if weak else ""


def _copied(name: str, value: str, example: str) -> str:
    if is_secret_name(name) and value == example and not is_readable(value) and "${" not in value:
        return "is a secret with the example file's own value"
    shared = {word for word in url_passwords(value) if not word.startswith("$")} & set(url_passwords(example))
    return "has the example file's own password in its URL" if shared else ""
