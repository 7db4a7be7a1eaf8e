"""The JSON API."""

from typing import Any

from flask import Blueprint, abort, request

from guestbook import entries
from guestbook.db import session
from guestbook.models import Entry

blueprint = Blueprint("api", __name__, url_prefix="/api")


def as_json(entry: Entry) -> dict[str, Any]:
    """What everybody may know of an entry."""
    return {"id": entry.id, "name": entry.name, "message": entry.message, "created_at": entry.created_at.isoformat()}


@blueprint.get("/entries")
def listed() -> dict[str, Any]:
    """The newest entries."""
    return {"entries": [as_json(entry) for entry in entries.in_state(session(), "shown")]}


@blueprint.post("/entries")
def sign() -> tuple[dict[str, Any], int]:
    """Take an entry."""
    fields = request.get_json(silent=True)
    try:
        entry = entries.sign(session(), fields if isinstance(fields, dict) else {})
    except entries.RefusedError as error:
        return {"error": str(error)}, 422
    return as_json(entry), 201


@blueprint.get("/entries/<int:number>")
def one(number: int) -> dict[str, Any]:
    """One entry."""
    entry = session().get(Entry, number)
    if entry is None or entry.state != "shown":
        abort(404)
    return as_json(entry)
