"""Values that stand in a gonogo.toml as text: durations, commands, requests, URLs."""

from __future__ import annotations

import re
import shlex
from datetime import date
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

__all__ = [
    "Argv",
    "CheckName",
    "Day",
    "Duration",
    "HostPort",
    "HttpUrl",
    "Name",
    "RelativePath",
    "RequestLine",
    "Texts",
    "Words",
    "parse_duration",
]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_CHECK = re.compile(r"[^\s\[\]]+(\[.+\])?")
_ADDRESS = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?", re.ASCII)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def parse_duration(value: object) -> float:
    """Reads ``"500ms"``, ``"30s"``, ``"5m"``, ``"24h"``, ``"2d"`` as seconds.

    Raises:
        ValueError: the text is no duration, or a bare number (its unit would be a guess).
    """
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError('expected a duration with its unit, such as "500ms", "30s" or "5m"')
    return float(match[1]) * _UNITS[match[2]]


def _argv(value: object) -> tuple[str, ...]:
    try:
        words = shlex.split(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError(f"expected a command that a shell could split ({error})") from error
    if not isinstance(words, list | tuple) or not words or not all(isinstance(word, str) for word in words):
        raise ValueError("expected a command: one string, or a list of words")
    return tuple(words)


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise ValueError("expected an http(s) URL")
    return value.rstrip("/")


def _host_port(value: str) -> str:
    try:
        parts = urlsplit(f"//{value}")
        valid = _ADDRESS.fullmatch(value) is not None and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise ValueError('expected an address, with a port where it is another one: "127.0.0.1" or "127.0.0.1:8080"')
    return value


def _request(value: str) -> str:
    method, _, path = value.partition(" ")
    if method not in _METHODS or not path.startswith("/"):
        raise ValueError('expected a method and a path, such as "GET /login"')
    return value


def _relative(value: str) -> str:
    if value.startswith(("/", "~")) or ".." in value.split("/"):
        raise ValueError("expected a path inside the repository")
    return value


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", value):
        raise ValueError("expected lower-case letters, digits, - and _, beginning with a letter or digit")
    return value


def _check_name(value: str) -> str:
    if not _CHECK.fullmatch(value):
        raise ValueError('expected the code of a check, such as "D15", or one of several: "D09[GET /login]"')
    return value


def _day(value: object) -> date:
    if type(value) is not date:  # neither text nor a moment: the day is the whole of it, in UTC
        raise ValueError("expected a day without quotes and without a time, such as 2026-12-31")
    return value


def _words(value: str) -> str:
    if not value.strip():
        raise ValueError("expected some words")
    return value.strip()


def _texts(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Duration = Annotated[float, BeforeValidator(parse_duration)]
Argv = Annotated[tuple[str, ...], BeforeValidator(_argv)]
HostPort = Annotated[str, AfterValidator(_host_port)]
HttpUrl = Annotated[str, AfterValidator(_url)]
RequestLine = Annotated[str, AfterValidator(_request)]
RelativePath = Annotated[str, AfterValidator(_relative)]
Name = Annotated[str, AfterValidator(_name)]
CheckName = Annotated[str, AfterValidator(_check_name)]
Day = Annotated[date, BeforeValidator(_day)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Words = Annotated[str, AfterValidator(_words)]
