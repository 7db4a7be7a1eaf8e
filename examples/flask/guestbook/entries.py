"""Reading and writing entries."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from guestbook.models import Entry

LONGEST = {"name": 80, "message": 2000}


class RefusedError(ValueError):
    """Why something cannot become an entry."""


def sign(session: Session, fields: Mapping[str, object]) -> Entry:
    """Write an entry."""
    values = {name: str(fields.get(name) or "").strip() for name in LONGEST}
    for name, text in values.items():
        if not 0 < len(text) <= LONGEST[name]:
            raise RefusedError(f"{name}: 1 to {LONGEST[name]} characters")
    entry = Entry(**values)
    session.add(entry)
    session.commit()
    return entry


def in_state(session: Session, *states: str) -> list[Entry]:
    """The newest entries that are new, shown or held."""
    return list(session.scalars(select(Entry).where(Entry.state.in_(states)).order_by(Entry.id.desc()).limit(50)))
