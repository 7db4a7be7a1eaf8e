"""How a known proxy is asked, before it is started, whether it accepts its configuration. Pure."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = [
    "configuration",
    "extra_hosts",
    "hosts",
    "kind",
    "lacks_its_place",
    "networks_of",
    "not_found",
    "others",
    "question",
    "upstreams",
]

_FIRST = 3
"""Words of a start command among which the program stands: an entry point's script may come before it."""
_CADDYFILE = "/etc/caddy/Caddyfile"
_COMMENT = re.compile(r"(?m)(?:^|\s)#.*$")
_BLOCK = re.compile(r"\bupstream\s+(\S+)\s*\{([^}]*)\}")
_SERVER = re.compile(r"\bserver\s+([^\s;]+)")
_PASS = re.compile(r"\b(?:proxy|grpc|uwsgi|fastcgi|scgi)_pass\s+[\"']?(?:\w+://)?([^\s;/\"']+)")
_SET = re.compile(r"\bset\s+(\$\w+)\s+[\"']?(?:\w+://)?([^\s;/\"']+)")
_FOREIGN = re.compile(
    r"host not found|could not be resolved|no such host|cannot load certificate|permission denied|"
    r"executable file not found",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(r'host not found in [\w ]*"([^":]+)(?::[^"]*)?"')
_HOST = re.compile(r"[=:]")
_PORT = re.compile(r"(?<=[^:]):\d+$")
_ADDRESS = re.compile(r"[\d.]+|\[?[0-9a-fA-F]*:[0-9a-fA-F:.]*\]?|localhost|unix.*")


def question(image: str, words: Sequence[str]) -> tuple[str, ...] | None:
    """The command that proves a configuration, for nginx and Caddy; None for what cannot be asked.

    Args:
        image: The image's name.
        words: Entry point and command of the service, as its model has them.
    """
    proxy = kind(image, words)
    if proxy == "nginx":
        return ("nginx", *_option(words, "-c"), "-t")
    if proxy == "caddy" and "validate" not in words:
        config = _option(words, "--config") or ("--config", _CADDYFILE)
        return ("caddy", "validate", *config, *_option(words, "--adapter"))
    return None


def configuration(image: str, words: Sequence[str]) -> tuple[str, ...] | None:
    """The command, inside a running nginx or Caddy, that shows its configuration; None for what cannot be asked."""
    asked = question(image, words)
    if asked is None:
        return None
    return (*asked[:-1], "-T") if asked[0] == "nginx" else ("caddy", "adapt", *asked[2:])


def upstreams(image: str, shown: str) -> tuple[str, ...]:
    """Where a configuration, as ``configuration`` shows it, sends requests: ``host:port``, or a host alone."""
    found = _of_caddy(shown) if kind(image) == "caddy" else _of_nginx(_COMMENT.sub("", shown))
    return tuple(dict.fromkeys(one for one in found if one and one[0] not in "{$/" and not one.startswith("unix")))


def _of_nginx(text: str) -> Iterator[str]:
    blocks = {name: _SERVER.findall(inside) for name, inside in _BLOCK.findall(text)}
    values = dict(_SET.findall(text))
    for named in _PASS.findall(text):
        meant = values.get(named, named)
        yield from blocks.get(meant, (meant,))


def _of_caddy(text: str) -> Iterator[str]:
    try:
        waiting = [json.loads(text)]
    except ValueError:
        return
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield str(part.get("dial") or (part.get("name", "") if part.get("source") in {"a", "srv"} else ""))
        if isinstance(part, dict | list):
            waiting += part.values() if isinstance(part, dict) else part


def _repository(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0].casefold()


def others(model: Mapping[str, Any], service: str) -> tuple[str, ...]:
    """The names under which a service reaches those that the release starts, and itself: on the networks that it is on.

    A service that is scaled to none, or that stands on other networks only, has no name there.
    """
    services: Mapping[str, Any] = model.get("services") or {}
    mine = networks_of(services, service)
    names = [link.partition(":")[2] or link for link in services[service].get("links") or ()]
    for name, definition in services.items():
        shared = mine.keys() & networks_of(services, name).keys()
        if shared and definition.get("scale") != 0 and "network_mode" not in definition:
            aliases = [alias for network in sorted(shared) for alias in networks_of(services, name)[network]]
            count = int(definition.get("scale") or (definition.get("deploy") or {}).get("replicas") or 1)
            made = definition.get("container_name")
            numbered = [f"{model.get('name', '')}-{name}-{number + 1}" for number in range(count)]
            names += [name, *([made] if made else numbered), *aliases]
    return tuple(dict.fromkeys(names))


def networks_of(services: Mapping[str, Any], name: str) -> dict[str, tuple[str, ...]]:
    """The networks of a service, and its further names on each; none where it uses the machine's own."""
    definition = services.get(name) or {}
    mode = str(definition.get("network_mode") or "")
    if mode.startswith("service:"):
        return networks_of(services, mode.removeprefix("service:"))
    if mode:
        return {}
    networks = definition.get("networks") or {"default": None}
    settings = networks if isinstance(networks, Mapping) else dict.fromkeys(networks)
    return {network: tuple((one or {}).get("aliases") or ()) for network, one in settings.items()}


def extra_hosts(definition: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that a service's own definition gives an address, as ``docker run --add-host`` takes them."""
    given = definition.get("extra_hosts") or ()
    pairs = given.items() if isinstance(given, Mapping) else (_HOST.split(str(one), maxsplit=1) for one in given)
    return tuple(f"{name}:{address}" for name, address in pairs)


def not_found(said: str) -> str:
    """The name that nginx could not resolve; it does not start without it."""
    found = _UNKNOWN.search(said)
    return found[1] if found else ""


def kind(image: str, words: Sequence[str] = ()) -> str:
    """``nginx``, which resolves names when it starts, or ``caddy``, which does when a request comes; else empty.

    An image is known by its name; one that a release builds, by the program that it runs.
    """
    programs = [_repository(image), *(posixpath.basename(word) for word in words[:_FIRST])]
    return next((one for one in ("nginx", "caddy") if programs[0].startswith(one) or one in programs[1:]), "")


def hosts(upstreams: Sequence[str]) -> tuple[str, ...]:
    """The names among upstreams; addresses, sockets and what is filled in by a request are left out."""
    names = (_PORT.sub("", one) for one in upstreams)
    kept = (name for name in names if name and not _ADDRESS.fullmatch(name) and "{" not in name and "$" not in name)
    return tuple(dict.fromkeys(kept))


def lacks_its_place(said: str) -> bool:
    """Whether the proxy complains of what only its own place has: names of strangers, certificates, other rights."""
    return bool(_FOREIGN.search(said))


def _option(words: Sequence[str], name: str) -> tuple[str, ...]:
    for position, word in enumerate(words):
        if word == name and position + 1 < len(words):
            return (name, words[position + 1])
        if word.startswith(f"{name}="):
            return (name, word.partition("=")[2])
    return ()
