"""What visitors see."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from guestbook import entries
from guestbook.db import session

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> str:
    """The entries, and the form."""
    return render_template("home.html", entries=entries.in_state(session(), "shown"))


@blueprint.post("/")
def sign() -> Answer | tuple[str, int]:
    """Take an entry."""
    try:
        entries.sign(session(), request.form)
    except entries.RefusedError as error:
        shown = entries.in_state(session(), "shown")
        return render_template("home.html", entries=shown, error=str(error)), 422
    return redirect(url_for("pages.thanks"), code=303)


@blueprint.get("/thanks")
def thanks() -> str:
    """What a visitor sees who signed."""
    return render_template("thanks.html")


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What robots shall leave alone."""
    return Response("User-agent: *\nDisallow: /admin\n", mimetype="text/plain")
