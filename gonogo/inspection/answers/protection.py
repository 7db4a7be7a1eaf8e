"""Headers and marks of cookies that protect who visits a page, and which of them an answer no longer has. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

__all__ = ["ELSEWHERE", "is_for_anybody", "lost", "protections", "read_from"]

ELSEWHERE = "https://elsewhere.invalid"
"""The address of a site that nobody has allowed anything."""

_HEADERS = {
    "strict-transport-security": "Strict-Transport-Security",
    "content-security-policy": "Content-Security-Policy",
    "x-frame-options": "X-Frame-Options",
    "x-content-type-options": "X-Content-Type-Options",
    "referrer-policy": "Referrer-Policy",
    "permissions-policy": "Permissions-Policy",
    "cross-origin-opener-policy": "Cross-Origin-Opener-Policy",
}
_FRAMES = "X-Frame-Options"
_MARKS = ("HttpOnly", "Secure", "SameSite")


def protections(headers: Iterable[tuple[str, str]]) -> list[str]:
    """What protects the visitor, in words: ``X-Frame-Options``, ``cookie session``, ``HttpOnly of cookie session``."""
    found: set[str] = set()
    for name, value in headers:
        known = _HEADERS.get(name.lower())
        if known is not None and not _is_off(value):
            found.add(known)
        if known == "Content-Security-Policy" and "frame-ancestors" in value.lower():
            found.add(_FRAMES)  # it says the same, and outweighs it
        if name.lower() == "set-cookie":
            found |= _of_cookie(value)
    return sorted(found)


def _is_off(value: str) -> bool:
    return not value.strip() or value.replace(" ", "").lower().startswith("max-age=0")


def _of_cookie(value: str) -> set[str]:
    pair, *rest = value.split(";")
    cookie, _, content = pair.partition("=")
    marks = {part.partition("=")[0].strip().lower() for part in rest}
    named = f"cookie {cookie.strip()}"
    return {named, *(f"{mark} of {named}" for mark in _MARKS if mark.lower() in marks)} if content.strip() else set()


def lost(before: Collection[str], now: Collection[str]) -> list[str]:
    """What protected before and does not now; of a cookie that is no longer set nothing is lost."""
    gone = (one for one in before if one not in now and not one.startswith("cookie "))
    return [one for one in gone if " of cookie " not in one or one.partition(" of ")[2] in now]


def is_for_anybody(headers: Mapping[str, str]) -> bool:
    """Whether an answer to ``ELSEWHERE``, by its headers in lower case, may be read there with a visitor's cookies."""
    allowed = headers.get("access-control-allow-origin", "").strip()
    return allowed == ELSEWHERE and headers.get("access-control-allow-credentials", "").strip().lower() == "true"


def read_from(origin: str, headers: Mapping[str, str]) -> bool:
    """Whether a page of that site may read an answer, by its headers in lower case, without a visitor's cookies."""
    return headers.get("access-control-allow-origin", "").strip() in {origin, "*"}
