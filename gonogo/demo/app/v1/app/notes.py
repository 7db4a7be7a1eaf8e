"""Reading and writing notes."""

from typing import Any

from sqlalchemy import Engine, text

NEWEST = text("SELECT id, author, body, written_at FROM notes ORDER BY id DESC LIMIT 100")
ADD = text("INSERT INTO notes (author, body) VALUES (:author, :body) RETURNING id, author, body, written_at")
STATS = text("SELECT count(*) AS notes, count(DISTINCT author) AS authors FROM notes")


def newest(engine: Engine) -> list[dict[str, Any]]:
    """Return the newest notes first."""
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(NEWEST).mappings()]


def add(engine: Engine, *, author: str, body: str) -> dict[str, Any]:
    """Store a note and return it."""
    with engine.begin() as connection:
        return dict(connection.execute(ADD, {"author": author, "body": body}).mappings().one())


def stats(engine: Engine) -> dict[str, int]:
    """Return how many notes and authors there are."""
    with engine.connect() as connection:
        return dict(connection.execute(STATS).mappings().one())
