"""How a known proxy is asked, before it is started, whether it accepts its configuration. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["lacks_its_place", "others", "question"]

_CADDYFILE = "/etc/caddy/Caddyfile"
_FOREIGN = re.compile(
    r"host not found|could not be resolved|no such host|cannot load certificate|permission denied", re.IGNORECASE
)


def question(image: str, words: Sequence[str]) -> tuple[str, ...] | None:
    """The command that proves a configuration, for nginx and Caddy; None for what cannot be asked.

    Args:
        image: The image's name.
        words: Entry point and command of the service, as its model has them.
    """
    repository = image.partition("@")[0].rpartition("/")[2].partition(":")[0].casefold()
    text = " ".join(words)
    if repository.startswith("nginx"):
        return ("nginx", *_option(words, "-c"), "-t")
    if repository.startswith("caddy") and "validate" not in text:
        config = _option(words, "--config") or ("--config", _CADDYFILE)
        return ("caddy", "validate", *config, *_option(words, "--adapter"))
    return None


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
