"""Which lock of PostgreSQL's a statement of a migration takes, and what waits for it meanwhile. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Taken", "taken"]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A lock on a table that stood there before."""

    table: str
    lock: str
    why: str
    lasts: bool = False
    """Whether it is held for as long as it takes to read or write all of the table."""


_NAME = r'(?P<table>(?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?)'
_ALTER = rf"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?{_NAME} .*?"
_ADD = rf"{_ALTER}\bADD (?:CONSTRAINT .*?)?"
_INDEX = r"CREATE (?:UNIQUE )?INDEX"
_VOLATILE = r"(?:clock_timestamp|gen_random_uuid|nextval|random|uuid_generate_v4)\("
_MADE_ANEW = rf"GENERATED ALWAYS AS \(.*\) STORED|(?:BIG|SMALL)?SERIAL\b|{_VOLATILE}"
_NOBODY, _SHORT = "nobody waits", "for a moment"
_READ, _ANEW = (
    "nobody reads or writes while every row is read",
    "nobody reads or writes while the table is written anew",
)
_KINDS = (
    (rf"{_INDEX} CONCURRENTLY .*?\bON (?:ONLY )?{_NAME}", "SHARE UPDATE EXCLUSIVE", _NOBODY, False),
    (rf"{_INDEX} .*?\bON (?:ONLY )?{_NAME}", "SHARE", "nobody writes while the index is built", True),
    (rf"{_ALTER}\bVALIDATE CONSTRAINT\b", "SHARE UPDATE EXCLUSIVE", _NOBODY, False),
    (rf"{_ADD}FOREIGN KEY\b.*\bNOT VALID", "SHARE ROW EXCLUSIVE", _SHORT, False),
    (rf"{_ADD}FOREIGN KEY\b", "SHARE ROW EXCLUSIVE", "nobody writes while every row is checked", True),
    (rf"{_ADD}CHECK\b.*\bNOT VALID", "ACCESS EXCLUSIVE", _SHORT, False),
    (rf"{_ALTER}\bADD CONSTRAINT .*?\bUSING INDEX\b", "ACCESS EXCLUSIVE", _SHORT, False),
    (rf"{_ADD}(?:CHECK|EXCLUDE|PRIMARY KEY|UNIQUE)\b", "ACCESS EXCLUSIVE", _READ, True),
    (rf"{_ALTER}\bALTER (?:COLUMN )?\S+ (?:SET DATA )?TYPE\b", "ACCESS EXCLUSIVE", _ANEW, True),
    (rf"{_ALTER}\bALTER (?:COLUMN )?\S+ SET NOT NULL\b", "ACCESS EXCLUSIVE", _READ, True),
    (rf"{_ALTER}\bADD (?:COLUMN )?.*(?:{_MADE_ANEW})", "ACCESS EXCLUSIVE", _ANEW, True),
    (rf"{_ALTER}\bADD (?:COLUMN )?\S+ .*\bREFERENCES\b", "ACCESS EXCLUSIVE", _SHORT, False),
    (rf"(?:CLUSTER|VACUUM FULL) {_NAME}", "ACCESS EXCLUSIVE", _ANEW, True),
    (rf"REFRESH MATERIALIZED VIEW (?!CONCURRENTLY){_NAME}", "ACCESS EXCLUSIVE", "nobody reads it meanwhile", True),
    (rf"REINDEX TABLE (?!CONCURRENTLY){_NAME}", "SHARE", "nobody writes while its indexes are built", True),
    (rf"(?:DROP TABLE|TRUNCATE)(?: TABLE)? (?:IF EXISTS )?(?:ONLY )?{_NAME}", "ACCESS EXCLUSIVE", _SHORT, False),
    (rf"CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER .*?\bON {_NAME}", "SHARE ROW EXCLUSIVE", _SHORT, False),
    (rf"LOCK (?:TABLE )?(?:ONLY )?{_NAME}", "ACCESS EXCLUSIVE", "to the end of the transaction", False),
    (_ALTER, "ACCESS EXCLUSIVE", _SHORT, False),
    (rf"UPDATE (?:ONLY )?{_NAME} SET\b(?!.*\bWHERE\b)", "ROW EXCLUSIVE", "nobody changes a row meanwhile", True),
    (rf"DELETE FROM (?:ONLY )?{_NAME}(?!.*\bWHERE\b)", "ROW EXCLUSIVE", "nobody changes a row meanwhile", True),  # noqa: S608 (a pattern)
)
"""Statement, lock, what it means, and whether that lasts; the first row that a statement begins as is its own."""
_FLAGS = re.IGNORECASE | re.DOTALL
_PATTERNS = tuple((re.compile(pattern, _FLAGS), lock, why, lasts) for pattern, lock, why, lasts in _KINDS)
_MADE = re.compile(rf"\s*CREATE (?:UNLOGGED |TEMP(?:ORARY)? )?TABLE (?:IF NOT EXISTS )?{_NAME}", re.IGNORECASE)
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)


def taken(statements: Iterable[str]) -> Iterator[tuple[int, str, Taken]]:
    """Each statement that locks a table which none of the earlier ones made: its position, its text, what it takes.

    The locks are those of https://www.postgresql.org/docs/current/explicit-locking.html; what a function that is called
    does is not known.
    """
    made: set[str] = set()
    for at, statement in enumerate(statements):
        text = " ".join(_COMMENT.sub("", statement).split())
        if new := _MADE.match(text):
            made.add(_plain(new["table"]))
            continue
        found = next((row for row in _rows(text)), None)
        if found is not None and found.table not in made:
            yield at, text, found


def _rows(text: str) -> Iterator[Taken]:
    for pattern, lock, why, lasts in _PATTERNS:
        if match := pattern.match(text):
            yield Taken(table=_plain(match["table"]), lock=lock, why=why, lasts=lasts)


def _plain(name: str) -> str:
    """A table's name without quotes; what is not quoted is in small letters, as PostgreSQL has it."""
    return ".".join(part[1:-1] if part.startswith('"') else part.lower() for part in name.split("."))
