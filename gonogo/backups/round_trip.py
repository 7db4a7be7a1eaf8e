"""Whether migrations leave every row as it was and their downgrades too: what they drop is theirs alone."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict

from gonogo.backups.postgres import OURS, Postgres, literal
from gonogo.errors import CommandError, in_one_line
from gonogo.host.runner import Host

__all__ = ["Content", "RoundTrip", "Watched", "content_of", "counters", "differing", "watched"]

_SECONDS = 120.0
"""For one look at all rows: a copy that takes longer costs more than it is worth."""
_SHOWN = 3
_SHAPE = f"""\
SELECT coalesce(json_object_agg(format('%I.%I', n.nspname, c.relname), (SELECT coalesce(json_agg(quote_ident(attname)
  ORDER BY attname), '[]') FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped)), '{{}}')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND {OURS};
"""  # noqa: S608 (constants)
_COUNTERS = """\
SELECT coalesce(json_object_agg(format('%I.%I', schemaname, relname),
  seq_scan + coalesce(idx_scan, 0) + n_tup_ins + n_tup_upd + n_tup_del), '{}') FROM pg_stat_user_tables;
"""
_SETTLED = "SELECT CASE WHEN current_setting('server_version_num')::int < 150000 THEN pg_sleep(1) END"
"""Before 15 a process of its own keeps the statistics, and is told of them later."""

Shape = Mapping[str, tuple[str, ...]]
"""Table → its columns, both as SQL names them."""


class Watched(BaseModel):
    """A table of which a downgrade takes something away, or which it looks into."""

    model_config = ConfigDict(frozen=True)

    table: str
    columns: tuple[str, ...] = ()
    """The columns that go; nothing where any row counts."""
    is_new: bool = False
    """The whole table goes."""

    def __str__(self) -> str:
        """For people."""
        return f"{self.table} ({', '.join(self.columns)})" if self.columns else self.table


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a database holds: the shape of its tables, and of each its rows in one line."""

    shape: Shape
    rows: Mapping[str, str]


def content_of(copy: Postgres, host: Host, *, within: Shape | None = None) -> Content:
    """Reads every row; ``within``: only the tables and columns that there were, as far as they still are.

    Raises:
        CommandError: it takes too long, or the server is too old for such a question.
    """
    shape = {name: tuple(columns) for name, columns in json.loads(copy.told(host, _SHAPE, timeout=_SECONDS)).items()}
    asked = shape if within is None else {name: within[name] for name in within if name in shape}
    kept = {name: tuple(one for one in columns if one in shape[name]) for name, columns in asked.items()}
    text = "".join(_row_of(name, columns) for name, columns in kept.items())
    said = copy.told(host, f"SET statement_timeout = '{_SECONDS:.0f}s';\n{text}", timeout=_SECONDS)
    return Content(shape=shape, rows=dict(line.rpartition("\t")[::2] for line in said.splitlines()))


def _row_of(table: str, columns: tuple[str, ...]) -> str:
    row = f"ROW({', '.join(columns)})::text"
    digest = f"count(*) || ' ' || coalesce(sum(hashtextextended({row}, 0)), 0)"
    return f"SELECT {literal(table)} || E'\\t' || {digest} FROM ONLY {table};\n"  # noqa: S608 (quoted by the server)


def differing(before: Content, after: Content, *, aside: Collection[str]) -> tuple[str, ...]:
    """The tables whose rows are not what they were, or that lost a column; those of the migration tool aside."""
    return tuple(
        name
        for name, columns in before.shape.items()
        if name.rpartition(".")[2] not in aside
        and not ({*columns} <= {*after.shape.get(name, ())} and before.rows.get(name, "?") == after.rows.get(name))
    )


def counters(copy: Postgres, host: Host) -> Mapping[str, int]:
    """How often each table was looked into or written to.

    Raises:
        CommandError: the server does not say.
    """
    copy.ask(host, _SETTLED)
    found: Mapping[str, int] = json.loads(copy.told(host, _COUNTERS, timeout=_SECONDS))
    return found


def watched(before: Shape, after: Shape, *, touched: Collection[str], aside: Collection[str]) -> Iterator[Watched]:
    """Where a row that is written once they ran is lost by the downgrades, or may be: ``touched`` they looked into."""
    for name, columns in after.items():
        if name.rpartition(".")[2] in aside:
            continue
        came = tuple(one for one in columns if one not in before.get(name, ()))
        if name not in before or name in touched:
            yield Watched(table=name, is_new=name not in before)
        elif came:
            yield Watched(table=name, columns=came)


class RoundTrip:
    """Looks at all rows before and after migrations and their downgrades; what keeps it from that, it says."""

    def __init__(self, copy: Postgres, host: Host, *, keeps: Collection[str]) -> None:
        """``keeps``: the tables in which a migration tool keeps account, which are not looked at."""
        self._copy, self._host, self._keeps = copy, host, frozenset(keeps)
        self._before: Content | None = None
        self._stood: tuple[Content, Mapping[str, int]] | None = None
        self.loses = "it was not run to its end"
        """Why the downgrades may lose something that was there before; empty where they do not."""
        self.drops: tuple[Watched, ...] = ()
        """Where they lose what is written after the migrations."""

    def begin(self) -> None:
        """Nothing has run yet."""
        with self._known():
            self._before = content_of(self._copy, self._host)

    def migrated(self) -> None:
        """The migrations have run, and nothing else has."""
        with self._known():
            if self._before is not None:
                now = content_of(self._copy, self._host, within=self._before.shape)
                if changed := differing(self._before, now, aside=self._keeps):
                    self._before, self.loses = None, f"the migrations change rows of {', '.join(changed[:_SHOWN])}"

    def going_back(self) -> None:
        """The downgrades are about to run."""
        with self._known():
            if self._before is not None:
                now = content_of(self._copy, self._host, within=self._before.shape)
                self._stood = now, counters(self._copy, self._host)

    def back(self) -> None:
        """The downgrades have run."""
        with self._known():
            if self._before is None or self._stood is None:
                return
            stood, looked = self._stood
            after = counters(self._copy, self._host)
            touched = {name for name, count in after.items() if count != looked.get(name)}
            now = content_of(self._copy, self._host, within=self._before.shape)
            changed = differing(replace(stood, shape=self._before.shape), now, aside=self._keeps)
            self.loses = f"the downgrades change rows of {', '.join(changed[:_SHOWN])}" if changed else ""
            if not changed:
                self.drops = tuple(watched(self._before.shape, stood.shape, touched=touched, aside=self._keeps))

    @contextlib.contextmanager
    def _known(self) -> Iterator[None]:
        try:
            yield
        except CommandError as error:
            self._before, self.loses = None, f"its rows could not be read: {in_one_line(error)}"
