"""Which variables came, went and parted between two releases, and which of them the source still reads. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from gonogo.inspection.code.beside import is_beside
from gonogo.inspection.variables.settingsclass import optional_in_settings

__all__ = ["gone", "gone_and_read", "of_the_runtime", "parted"]

_RUNTIMES = re.compile(r"GONOGO_\w+|PATH|HOME|HOSTNAME|PORT|LANG|LC_\w+|TZ|PYTHON\w*|VIRTUAL_ENV|GPG_KEY")


_STORE = re.compile(
    r"(?:.*_)?(?:REDIS|VALKEY|BROKER|RABBIT\w*|AMQP|CELERY|QUEUE|DB|DATABASE|POSTGRES\w*|PG|MYSQL|MARIADB|MONGO\w*|KAFKA|NATS)"
    r"(?:_\w*)?(?:HOST|URL|URI|DSN|BASE|DB|NAME|DATABASE|SERVER|BACKEND|BROKER|VHOST)S?|DATABASE_URL|PGHOST|PGDATABASE"
)
"""What names a store that services share: its host, or the part of it that they use."""


def of_the_runtime(name: str) -> bool:
    """Whether a variable is set by who starts a service, and by nobody's env file."""
    return bool(_RUNTIMES.fullmatch(name))


def gone(had: Collection[str], has: Collection[str]) -> frozenset[str]:
    """The names that went; one whose value comes from a file now (``SECRET_KEY_FILE``) is still given."""
    return frozenset(one for one in set(had) - set(has) if f"{one}_FILE" not in has)


def parted(
    before: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The variables that name a store, were the same for several services, and are not any more; with those services.

    In an address only the host and the path count: another user, or another pool of connections, is the same store.
    """
    names = {name for variables in before.values() for name in variables if _STORE.fullmatch(name)}
    for name in sorted(names):
        sharing: dict[str, list[str]] = {}
        for service, variables in before.items():
            if variables.get(name) and now.get(service, {}).get(name):
                sharing.setdefault(_place(variables[name]), []).append(service)
        for services in sharing.values():
            if len({_place(now[service][name]) for service in services}) > 1:
                yield name, tuple(sorted(services))


def _place(value: str) -> str:
    try:
        parts = urlsplit(value.strip())
        return f"{parts.hostname}{parts.path.rstrip('/')}" if parts.netloc else value.strip()
    except ValueError:
        return value


def gone_and_read(gone: Collection[str], texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The variables that went and that a source still reads, with ``PATH:LINE``, or the path of a settings class."""
    settings = {path: _in_settings(texts[path], path) for path in sorted(texts) if gone and not is_beside(path)}
    for name in sorted(gone):
        reads = re.compile(
            rf"(?:environ(?:\.get)?|(?i:\w*env\w*)(?:\.\w+)?|config)\s*[\[(]\s*[\"']{re.escape(name)}[\"']|process\.env\.{re.escape(name)}\b"
        )
        for path in sorted(texts):
            found = None if is_beside(path) else reads.search(texts[path])
            if found is not None:
                yield name, f"{path}:{texts[path].count(chr(10), 0, found.start()) + 1}"
                break
            if not {name, name.upper()}.isdisjoint(settings.get(path, ())):
                yield name, path
                break


def _in_settings(text: str, path: str) -> frozenset[str]:
    """What settings classes of a source read, and do without: it falls back to their defaults."""
    if not path.endswith(".py") or "Settings" not in text:
        return frozenset()
    try:
        return optional_in_settings(text, path)
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
