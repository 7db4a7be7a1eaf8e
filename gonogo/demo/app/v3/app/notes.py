"""Reading and writing notes."""

from typing import Any

from sqlalchemy import Engine, text

NEWEST = text("SELECT id, author, body, written_at, place FROM notes ORDER BY pinned DESC, id DESC LIMIT 100")
ONE = text("SELECT id, author, body, written_at, place FROM notes WHERE id = :id")
ADD = text(
    "INSERT INTO notes (author, body, place) VALUES (:author, :body, :place)"
    " RETURNING id, author, body, written_at, place"
)
STATS = text("SELECT count(*) AS notes, count(DISTINCT author) AS authors FROM notes")


def newest(engine: Engine) -> list[dict[str, Any]]:
    """Return pinned notes first, then the newest."""
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(NEWEST).mappings()]


def one(engine: Engine, note_id: int) -> dict[str, Any] | None:
    """Return one note, or nothing if there is none of this number."""
    with engine.connect() as connection:
        row = connection.execute(ONE, {"id": note_id}).mappings().one_or_none()
    return None if row is None else dict(row)


def add(engine: Engine, *, author: str, body: str, place: str | None = None) -> dict[str, Any]:
    """Store a note and return it."""
    with engine.begin() as connection:
        row = connection.execute(ADD, {"author": author, "body": body, "place": place}).mappings().one()
    return dict(row)


def stats(engine: Engine) -> dict[str, int]:
    """Return how many notes and authors there are."""
    with engine.connect() as connection:
        return dict(connection.execute(STATS).mappings().one())
