"""Whether the release that comes is given another database than the one that serves, and one without anything in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

from gonogo.checks.build import probing
from gonogo.config import Service
from gonogo.errors import GonogoError
from gonogo.inspection import probe_answers
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.probes import database
from gonogo.runtimes.base import Inside, Inspector

__all__ = ["another", "emptied"]

_TABLES = {
    "postgres": "select count(*) from information_schema.tables where table_schema not in "
    "('pg_catalog', 'information_schema')",
    "mysql": "select count(*) from information_schema.tables where table_schema = database()",
}
_KINDS = {"postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}
_PORTS = {"postgres": 5432, "mysql": 3306}


def another(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, str] | None:
    """The variable that names another database of a server than before, and its kind; not for another password."""
    name = next((one for one in database.NAMES if now.get(one)), None)
    if name is None or not before.get(name):
        return None
    had, has = _place(before[name]), _place(now[name])
    return (name, has[0]) if had and has and had != has and had[0] == has[0] else None


def _place(address: str) -> tuple[str, str, int, str] | None:
    """Kind, host, port and name of the database of a server that an address names; None for any other."""
    try:
        parts = urlsplit(address.strip())
        kind = _KINDS.get(parts.scheme.partition("+")[0])
        return (kind, parts.hostname or "", parts.port or _PORTS[kind], unquote(parts.path)) if kind else None
    except ValueError:
        return None


def emptied(
    before: Mapping[str, Mapping[str, str]],
    now: Mapping[str, Mapping[str, str]],
    inspector: Inspector,
    evidence: Collected,
) -> Iterator[str]:
    """Services whose new database has no table, while the one that they have now has some.

    Both are asked in what serves, with its driver; that a new one cannot be asked there is advice.
    """
    for service in sorted(set(before) & set(now)):
        if (changed := another(before[service], now[service])) is None:
            continue
        name, kind = changed
        try:
            inside = inspector.inside(service)
            had = _tables(inside, kind, "")
            has = _tables(inside, kind, now[service][name]) if had else None
        except (GonogoError, InconclusiveError):
            had = has = None
        evidence.text(f"Tables before and now, of {name} in {service}", f"{_said(had)}, {_said(has)}")
        if had and has == 0:
            yield f"{service}: {name}: found another database, without a table (what serves has {had} in its own)"
        elif had is None or (had and has is None):
            evidence.advise(
                f"{service}: {name} names another database than before, and it could not be asked whether that is empty"
            )


def _tables(inside: Inside, kind: str, address: str) -> int | None:
    """How many tables a database has; None where it does not say. The address never stands in a command."""
    text = probe_answers.script("database.py").replace('ADDRESS = ""', f"ADDRESS = {address!r}", 1)
    done = probing.ask(inside, Service(), text, f'{{"query": "{_TABLES[kind]}"}}', isolated=False)
    found = probing.marked(inside, done, database.MARKER)
    return int(found["value"]) if found["error"] is None and found.get("value") is not None else None


def _said(tables: int | None) -> str:
    return "not known" if tables is None else str(tables)
