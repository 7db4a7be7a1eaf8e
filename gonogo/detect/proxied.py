"""Under which path a proxy's configuration hands requests to a service: nginx and Caddy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gonogo.detect.tree import Tree

__all__ = ["Handed", "handed_to", "listens", "outside_path", "sends_to_https"]

_LOCATION = re.compile(r"location\s+(?P<how>=|~\*?|\^~)?\s*(?P<path>[^\s{]+)\s*\{")
_PASS = re.compile(
    r"(?:proxy_pass|uwsgi_pass|grpc_pass)\s+(?:https?://)?(?P<to>[\w.${}-]+?)(?::\d+)?(?P<uri>/[^;\s]*)?\s*;"
)
_UPSTREAM = re.compile(r"upstream\s+([\w.-]+)\s*\{([^}]*)\}")
_CADDY = re.compile(r"(?m)^\s*reverse_proxy\s+(?P<match>/[^\s]*|@\w+|\*)?\s*(?P<to>(?:https?://)?[\w.${}:-]+)")
_SITE = re.compile(
    r"(?m)^(?P<scheme>https?://)?(?P<name>[\w.*-]*|\{\$[^}]*\})(?::(?P<port>\d+|\{\$[^}]*\}))?(?=\s*\{$|,|\s+\{\s*$)"
)
"""The address of a site in a Caddyfile: ``:5002 {``, ``example.com {``, ``{$DOMAIN}:80 {``."""
_HANDLE = re.compile(r"(?m)^\s*(?P<how>handle|handle_path|route)\s+(?P<path>/[^\s{]*)\s*\{")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """Requests below one path that go to a service."""

    path: str
    strips: bool
    """Whether the path is taken off before the service sees it."""
    where: str
    is_pattern: bool = False


def handed_to(tree: Tree, files: tuple[str, ...], services: tuple[str, ...]) -> tuple[Handed, ...]:
    """What the configuration files of a proxy hand to services of these names."""
    found = []
    for path in files:
        text = _without_comments(tree.text(path))
        names = {*services, *_upstreams(text, services)}
        found += list(_nginx(text, path, names) if "proxy_pass" in text else _caddy(text, path, names))
    return tuple(found)


def outside_path(inner: str, handed: tuple[Handed, ...]) -> tuple[str, str]:
    """The path under which the proxy's visitors reach a path of the service, and where that is said; empty for none."""
    for one in sorted(handed, key=lambda one: (one.path != "/", len(one.path))):
        if one.is_pattern:
            if re.search(one.path, inner):
                return inner, one.where
            continue
        prefix = one.path.rstrip("/")
        if not prefix:
            return inner, one.where
        if one.strips:
            return f"{prefix}{inner}", one.where
        if inner == prefix or inner.startswith(f"{prefix}/"):
            return inner, one.where
    return "", ""


def _upstreams(text: str, services: tuple[str, ...]) -> Iterator[str]:
    for name, body in _UPSTREAM.findall(text):
        if any(re.search(rf"server\s+{re.escape(service)}(?::\d+)?[\s;]", body) for service in services):
            yield name


def sends_to_https(text: str) -> bool:
    """Whether plain requests are answered with the address of the same page over TLS, as Caddy does for a name."""
    plain = _without_comments(text)
    if "reverse_proxy" in plain:
        return any(not one["port"] and one["scheme"] != "http://" for one in _SITE.finditer(plain))
    return bool(re.search(r"return\s+30[1278]\s+https://\$", plain))


def listens(text: str) -> frozenset[int]:
    """The ports that a proxy's configuration listens on; none where it does not say so."""
    plain = _without_comments(text)
    if "reverse_proxy" in plain:
        return frozenset(int(one["port"]) for one in _SITE.finditer(plain) if (one["port"] or "").isdecimal())
    return frozenset(int(port) for port in re.findall(r"\blisten\s+(?:[\w.*]+:|\[[^\]]*\]:)?(\d+)", plain))


def _nginx(text: str, path: str, names: set[str]) -> Iterator[Handed]:
    for match in _LOCATION.finditer(text):
        body = _body(text, match.end())
        passed = _PASS.search(body)
        how = match["how"] or ""
        if passed is None or how == "=" or match["path"].startswith("@"):
            continue
        if passed["to"] in names:
            line = text[: match.start()].count("\n") + 1
            uri = passed["uri"]
            strips = uri == "/" and match["path"] != "/"
            yield Handed(path=match["path"], strips=strips, where=f"{path}:{line}", is_pattern=how.startswith("~"))
    for match in re.finditer(r"try_files\s+[^;]*@(\w+)\s*;", text):
        named = re.search(rf"location\s+@{match[1]}\s*\{{", text)
        passed = _PASS.search(_body(text, named.end())) if named else None
        if passed and passed["to"] in names:
            yield Handed(path="/", strips=False, where=f"{path}:{text[: match.start()].count(chr(10)) + 1}")


def _caddy(text: str, path: str, names: set[str]) -> Iterator[Handed]:
    for match in _CADDY.finditer(text):
        to = re.sub(r"^https?://|:\d+$", "", match["to"])
        if to not in names:
            continue
        line = text[: match.start()].count("\n") + 2
        around = [
            one
            for one in _HANDLE.finditer(text)
            if one.end() <= match.start() < one.end() + len(_body(text, one.end()))
        ]
        if around:
            prefix = around[-1]["path"].rstrip("*").rstrip("/") or "/"
            yield Handed(path=prefix, strips=around[-1]["how"] == "handle_path", where=f"{path}:{line}")
        elif match["match"] and match["match"].startswith("/"):
            yield Handed(path=match["match"].rstrip("*"), strips=False, where=f"{path}:{line}")
        elif not (match["match"] or "").startswith("@"):
            yield Handed(path="/", strips=False, where=f"{path}:{line}")


def _body(text: str, begin: int) -> str:
    """What stands between a brace that was just opened and the one that closes it."""
    depth = 1
    for at in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[begin:at]
    return text[begin:]


def _without_comments(text: str) -> str:
    return re.sub(r"(?m)(?:^|(?<=\s))#.*$", "", text)
