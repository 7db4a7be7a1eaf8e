"""Who may see the leads: whoever sends the password, or logged in with it."""

import hashlib
import hmac
import secrets
import time
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from app.settings import Settings

SESSION = "shop_admin"
SECONDS = 8 * 3600

basic = HTTPBasic(realm="shop admin", auto_error=False)


def knows_password(settings: Settings, user: str, password: str) -> bool:
    """Say whether this is the configured administrator; compare in constant time."""
    known = secrets.compare_digest(user.encode(), settings.admin_user.encode())
    right = secrets.compare_digest(password.encode(), settings.admin_password.get_secret_value().encode())
    return known and right


def new_session(settings: Settings) -> str:
    """Return what the browser keeps after a login: when it ends, signed. Another password ends all of them."""
    ends = str(int(time.time()) + SECONDS)
    return f"{ends}.{_sign(settings, ends)}"


def is_session(settings: Settings, given: str) -> bool:
    """Say whether this was signed here and has not ended."""
    ends, _, signature = given.partition(".")
    signed = secrets.compare_digest(signature.encode(), _sign(settings, ends).encode())
    return signed and int(ends) > time.time()


def _sign(settings: Settings, text: str) -> str:
    key = f"{settings.admin_user}:{settings.admin_password.get_secret_value()}".encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def admin(request: Request, given: Annotated[HTTPBasicCredentials | None, Depends(basic)]) -> str:
    """Let the configured administrator in."""
    settings: Settings = request.app.state.settings
    if is_session(settings, request.cookies.get(SESSION, "")):
        return settings.admin_user
    if given is not None and knows_password(settings, given.username, given.password):
        return given.username
    raise HTTPException(401, "wrong user or password", headers={"WWW-Authenticate": 'Basic realm="shop admin"'})


def same_site(request: Request) -> None:
    """Refuse a form that another site's page sent: the browser adds the password by itself."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(403, "this form must be sent from the shop's own pages")
