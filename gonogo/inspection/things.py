"""The names by which checks tell each other what is broken. Pure."""

from __future__ import annotations

import re
import zlib
from urllib.parse import urlsplit

__all__ = [
    "DATABASE",
    "ENV_FILE",
    "MODEL",
    "RUNTIME",
    "address",
    "answer",
    "build",
    "circle",
    "database",
    "document",
    "end",
    "entry_point",
    "host_name",
    "refusal",
    "service",
    "service_in",
    "upstreams",
    "variable",
]

RUNTIME = "the runtime"
"""Nothing that runs can be looked at."""
DATABASE = "the database"
"""As a health document names it."""
MODEL = "the compose model"
"""What Compose makes of its files."""
ENV_FILE = "the env file"
"""The host's own, as a whole."""
_OF_A_SERVICE = re.compile(r"(?:service|end of|upstreams of|entry point of|database of) (\S+)")
_HERE = frozenset({"", "localhost", "::1", "0.0.0.0", "::", "*"})  # noqa: S104 (what stands in a model)


def service(name: str) -> str:
    """A service of which no instance serves."""
    return f"service {name}"


def variable(name: str) -> str:
    """A variable that has no value."""
    return f"variable {name}"


def end(name: str) -> str:
    """That an instance of a service ends, be it started again, and be there others that serve."""
    return f"end of {name}"


def upstreams(name: str) -> str:
    """That what stands in front does not get an answer from where it sends requests."""
    return f"upstreams of {name}"


def entry_point(name: str) -> str:
    """The entry point of a service, as it is imported in its artifact."""
    return f"entry point of {name}"


def service_in(thing: str) -> str | None:
    """Whose service's a thing is; None where it is none's."""
    found = _OF_A_SERVICE.fullmatch(thing)
    return found[1] if found is not None else None


def build(what: str, *, dockerfile: str, image: str) -> str:
    """Something about what a Dockerfile makes, for however many services; about the image where none is known."""
    return f"{what} of {dockerfile or image}"


def database(name: str) -> str:
    """The database as a service reaches it."""
    return f"database of {name}"


def host_name(url: str) -> str:
    """A name that does not resolve."""
    return f"name {urlsplit(url).hostname or url}"


def address(url: str) -> str:
    """Where requests for a URL arrive."""
    parts = urlsplit(url)
    host = (parts.hostname or "").casefold()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"address {'127.0.0.1' if host in _HERE else host}:{port}"


def answer(url: str, status: int, text: str) -> str:
    """An answer that several requests got alike: whoever stands there gave it without asking further."""
    return f"answer {status} of {address(url)} ({zlib.crc32(text.encode()):08x})"


def circle(url: str) -> str:
    """That whoever stands there leads round in a circle, whatever page is asked for."""
    return f"circle of redirects at {address(url)}"


def refusal(name: str) -> str:
    """That an application refuses whoever asks it by a name."""
    return f"refusal of {name.casefold()}"


def document(url: str) -> str:
    """What a health page says."""
    return f"document {url}"
