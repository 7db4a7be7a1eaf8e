"""The name that an application, or the proxy in front of it, answers to, where it refuses 127.0.0.1."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from gonogo.detect.facts import Fact, guess
from gonogo.detect.tree import Tree
from gonogo.runtimes.compose.model.leftovers import stand_in

__all__ = ["own_name"]

_VARIABLE = re.compile(r"(?:^|_)(?:ALLOWED|TRUSTED)_HOSTS?$", re.IGNORECASE)
_LIST = re.compile(r"\b(?:ALLOWED_HOSTS\s*(?::[^=\n]{1,40})?=|allowed_hosts\s*=)\s*[\[(](?P<items>[^\])]{0,400})[\])]")
_ITEM = re.compile(r"""\s*["']([^"']*)["']\s*,?""")
_SERVER = re.compile(r"\bserver\s*\{")
_REFUSES = re.compile(r"\blisten\b[^;]*\bdefault_server\b[^;]*;[^{}]*\breturn\s+4\d\d\b|\bssl_reject_handshake\s+on\b")
_NAMES = re.compile(r"\bserver_name\s+([^;]+);")
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_ANY, _HERE, _LOCALHOST = "*", "127.0.0.1", "localhost"


def own_name(tree: Tree, variables: Mapping[str, str], proxy: Sequence[str]) -> Fact[str] | None:
    """The name to ask for; None where 127.0.0.1 is answered too, as far as that can be read.

    Args:
        tree: the application's files.
        variables: those of the services that serve.
        proxy: the configuration files of what stands in front.
    """
    said = [
        *((f"{name} in its variables", re.split(r"[,\s]+", value)) for name, value in variables.items() if _is(name)),
        *_in_source(tree),
    ]
    lists = [(where, [one.strip("\"'[]") for one in hosts if one]) for where, hosts in said]
    strict = list(_of_proxy(tree, proxy))
    if not strict and any({_ANY, _HERE} & set(hosts) for _, hosts in lists):
        return None
    for where, hosts in (*strict, *lists):
        if _LOCALHOST in hosts:
            return guess(_LOCALHOST, where)
        named = next((one.lstrip(".") for one in hosts if _NAME.fullmatch(one.lstrip("."))), "")
        if named and not stand_in(f"http://{named}"):
            return guess(named, where)
    return None


def _is(variable: str) -> bool:
    return _VARIABLE.search(variable) is not None


def _in_source(tree: Tree) -> Iterator[tuple[str, list[str]]]:
    """Lists of nothing but texts; what is computed says nothing."""
    for path in tree.files:
        for match in _LIST.finditer(tree.text(path)) if path.endswith(".py") and not _is_test(path) else ():
            items = match["items"]
            if _ITEM.sub("", items).strip() == "" and items.strip():
                yield tree.where(path, match[0].split("=")[0].strip()), _ITEM.findall(items)


def _is_test(path: str) -> bool:
    return any(part.startswith("test") for part in path.split("/"))


def _of_proxy(tree: Tree, files: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The names of an nginx whose default server refuses everybody else."""
    for path in files:
        servers = _SERVER.split(re.sub(r"#[^\n]*", "", tree.text(path)))[1:]
        if any(_REFUSES.search(one) for one in servers):
            for one in servers:
                if (match := _NAMES.search(one)) and not _REFUSES.search(one):
                    yield tree.where(path, "server_name"), match[1].split()
