"""What a page names of its own server: what a browser loads with it, and where its links lead. Pure."""

from __future__ import annotations

import posixpath
import re
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

from gonogo.inspection.answers.addresses import is_loopback

__all__ = ["desk_files", "files_of", "is_needed", "is_same_server", "is_source", "links_of", "same_name"]

_SOURCES = {"script": "src", "img": "src"}
_SEEN = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".ico", ".bmp")
_FINGERPRINT = re.compile(r"[.-](?=[A-Za-z0-9_]*\d)[A-Za-z0-9_]{6,}(?=\.)")
_SHOWN = re.compile("html|xml", re.IGNORECASE)
_PAGE = re.compile(r"\ufeff?\s*(?:<!doctype html\b|<html\b)", re.IGNORECASE)
_PLACEHOLDERS = ("{{", "${", "<%", "{%", "[[")
_ADDRESSES = frozenset({"http", "https"})


def is_same_server(one: str, other: str) -> bool:
    """Whether two addresses have the same scheme, host and port."""
    return urlsplit(one)[:2] == urlsplit(other)[:2]


def files_of(html: str, address: str) -> tuple[str, ...]:
    """The addresses that a page names, each once, in order; what another server serves is left out."""
    parser = _read(html, address)
    return tuple(dict.fromkeys(found for found in parser.found if is_same_server(found, address)))


def desk_files(html: str, address: str) -> tuple[str, ...]:
    """The addresses that a page names of the machine on which it is looked at, but for the page's own server."""
    parser = _read(html, address)
    named = (one for one in parser.found if is_loopback(one) and not is_same_server(one, address))
    return tuple(dict.fromkeys(named))


def is_source(text: str, kind: str) -> bool:
    """Whether an answer is a page, and browsers show its source or save it, as its type tells them.

    Without a type they find out themselves.
    """
    return bool(kind) and not _SHOWN.search(kind) and _PAGE.match(text) is not None


def links_of(html: str, address: str) -> tuple[str, ...]:
    """The pages of the same server that a page links to, each once, in order; none with a query, which may act."""
    parser = _read(html, address)
    here = (link for link in parser.links if is_same_server(link, address) and not urlsplit(link).query)
    return tuple(dict.fromkeys(here))


def is_needed(address: str) -> bool:
    """Whether a page that lacks this file is broken: style sheets and scripts, unlike images."""
    return not urlsplit(address).path.lower().endswith(_SEEN)


def same_name(address: str) -> str:
    """A file's name without the fingerprint of its content and its query: ``app.3f2a9c.css`` is ``app.css``."""
    return _FINGERPRINT.sub("", posixpath.basename(urlsplit(address).path))


def _read(html: str, address: str) -> _Parser:
    """What a page names; ``<![`` begins a comment, as browsers take it (the library raises for what follows of it)."""
    parser = _Parser(address)
    parser.feed(html.replace("<![", "<! "))
    return parser


class _Parser(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self._base = address
        self.found: list[str] = []
        self.links: list[str] = []
        self._inert = 0

    def handle_endtag(self, tag: str) -> None:
        if tag == "template" and self._inert:
            self._inert -= 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "template":
            self._inert += 1
        if self._inert:  # nothing is loaded of what a script may copy from there
            return
        given = {name: value for name, value in attrs if value}
        if tag == "base" and "href" in given:
            self._base = urljoin(self._base, given["href"])
        named = given.get(_SOURCES[tag]) if tag in _SOURCES else None
        if tag == "link" and "stylesheet" in given.get("rel", "").lower().split():
            named = given.get("href")
        if named:
            self._add(named, self.found)
        elif tag == "a" and "href" in given and "download" not in dict(attrs):
            self._add(given["href"], self.links)

    def _add(self, named: str, to: list[str]) -> None:
        if any(mark in named for mark in _PLACEHOLDERS):  # a script fills it in, or takes the element away
            return
        try:
            address = urldefrag(urljoin(self._base, named.strip())).url
            known = urlsplit(address).scheme in _ADDRESSES
        except ValueError:  # an address that nobody can load
            return
        if known:
            to.append(address)
