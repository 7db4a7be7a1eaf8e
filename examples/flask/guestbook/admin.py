"""What the host of the house sees, who gives ADMIN_USER and ADMIN_PASSWORD (basic authentication)."""

import hmac

from flask import Blueprint, Response, current_app, render_template, request

from guestbook import entries
from guestbook.db import session

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


@blueprint.before_request
def ask() -> Response | None:
    """Turn strangers away."""
    settings, given = current_app.extensions["settings"], request.authorization
    wanted = f"{settings.admin_user}:{settings.admin_password}"
    shown = f"{given.username}:{given.password}" if given and given.type == "basic" else ""
    if hmac.compare_digest(wanted.encode(), shown.encode()):
        return None
    return Response("The password, please.\n", 401, {"WWW-Authenticate": 'Basic realm="guestbook"'})


@blueprint.get("/")
def held() -> str:
    """The entries that no visitor sees."""
    return render_template("admin.html", entries=entries.in_state(session(), "new", "held"))
