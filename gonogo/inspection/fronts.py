"""How a known proxy is asked, before it is started, whether it accepts its configuration. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["configuration", "lacks_its_place", "others", "question", "upstreams"]

_CADDYFILE = "/etc/caddy/Caddyfile"
_COMMENT = re.compile(r"(?m)(?:^|\s)#.*$")
_BLOCK = re.compile(r"\bupstream\s+(\S+)\s*\{([^}]*)\}")
_SERVER = re.compile(r"\bserver\s+([^\s;]+)")
_PASS = re.compile(r"\b(?:proxy|grpc|uwsgi|fastcgi|scgi)_pass\s+[\"']?(?:\w+://)?([^\s;/\"']+)")
_SET = re.compile(r"\bset\s+(\$\w+)\s+[\"']?(?:\w+://)?([^\s;/\"']+)")
_FOREIGN = re.compile(
    r"host not found|could not be resolved|no such host|cannot load certificate|permission denied", re.IGNORECASE
)


def question(image: str, words: Sequence[str]) -> tuple[str, ...] | None:
    """The command that proves a configuration, for nginx and Caddy; None for what cannot be asked.

    Args:
        image: The image's name.
        words: Entry point and command of the service, as its model has them.
    """
    repository = _repository(image)
    text = " ".join(words)
    if repository.startswith("nginx"):
        return ("nginx", *_option(words, "-c"), "-t")
    if repository.startswith("caddy") and "validate" not in text:
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
    found = _of_caddy(shown) if _repository(image).startswith("caddy") else _of_nginx(_COMMENT.sub("", shown))
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
    """The names under which a service reaches the others, so that it can be asked without them."""
    names = []
    for name, definition in (model.get("services") or {}).items():
        if name == service:
            continue
        networks = definition.get("networks") or {}
        settings = networks.values() if isinstance(networks, Mapping) else ()
        aliases = [alias for one in settings for alias in (one or {}).get("aliases") or ()]
        names += [name, *filter(None, [definition.get("container_name")]), *aliases]
    return tuple(dict.fromkeys(names))


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
