"""What was written to the parts of a database that a downgrade would drop, since the migrations made them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from gonogo.backups.postgres import Postgres, literal
from gonogo.backups.round_trip import Watched
from gonogo.host.runner import Host

__all__ = ["Moment", "ProvenDowngrade", "moment_of", "written_since"]

_SECONDS = 60.0
_NOW = "SELECT txid_snapshot_xmax(txid_current_snapshot())"
_WRAPS, _FIRST = 2**32, 3
"""How many transactions there are until their ids, as rows have them, begin anew, and at which id they do."""


class Moment(BaseModel):
    """A moment in the life of a database, after which every write is a later one."""

    model_config = ConfigDict(frozen=True)

    transaction: int
    """The first id that no transaction had yet."""
    rows: Mapping[str, int]
    """New table → how many rows the migrations left in it."""


class ProvenDowngrade(BaseModel):
    """Downgrades that brought a copy back to what it was: what they take back, and what would be lost by then."""

    model_config = ConfigDict(frozen=True)

    database: str
    """As its backup calls it."""
    takes: tuple[str, ...]
    """The revisions that are taken back."""
    drops: tuple[Watched, ...]
    moment: Moment | None = None
    """When the migrations had run; None until then."""


def moment_of(live: Postgres, host: Host, drops: Sequence[Watched]) -> Moment:
    """Now, between the migrations and whatever writes to what they made.

    Raises:
        CommandError: the server does not say it in time.
    """
    return Moment(transaction=int(live.ask(host, _NOW)), rows=_counted(live, host, drops))


def written_since(live: Postgres, host: Host, drops: Sequence[Watched], moment: Moment) -> tuple[str, ...]:
    """What a downgrade would lose, table by table; nothing where nothing was written since.

    Rows carry the transaction that wrote them, so that no write is missed that a server's statistics do not know yet.

    Raises:
        CommandError: the server does not say it in time.
    """
    first = max(moment.transaction % _WRAPS, _FIRST)
    later = _asked(live, host, {one.table: _later(one, first) for one in drops})
    found = [f"{one}: {later[one.table]} rows written" for one in drops if later[one.table]]
    now = _counted(live, host, drops)
    gone = [f"{name}: {now[name]} rows, {rows} were there" for name, rows in moment.rows.items() if now[name] < rows]
    return (*found, *gone)


def _later(one: Watched, first: int) -> str:
    """The query of the rows that were written from a transaction on, with something in what goes."""
    values = " OR ".join(f"{name} IS NOT NULL" for name in one.columns)
    return f"FROM {one.table} WHERE age(xmin) <= age('{first}'::xid)" + (f" AND ({values})" if values else "")


def _counted(live: Postgres, host: Host, drops: Sequence[Watched]) -> Mapping[str, int]:
    return _asked(live, host, {one.table: f"FROM {one.table}" for one in drops if one.is_new})


def _asked(live: Postgres, host: Host, queries: Mapping[str, str]) -> Mapping[str, int]:
    """Name → the rows of a query, all of one moment."""
    if not queries:
        return {}
    rows = " UNION ALL ".join(
        f"SELECT {literal(name)} AS name, count(*) AS rows {query}" for name, query in queries.items()
    )
    statements = (
        f"SET statement_timeout = '{_SECONDS:.0f}s';\nSELECT json_object_agg(name, rows) FROM ({rows}) AS found;\n"
    )
    found: Mapping[str, int] = json.loads(live.told(host, statements, timeout=_SECONDS + 10))
    return found
