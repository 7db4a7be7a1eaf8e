"""Who may see the leads."""

import secrets
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPBasic, HTTPBasicCredentials

basic = HTTPBasic(realm="shop admin")


def admin(request: Request, given: Annotated[HTTPBasicCredentials, Depends(basic)]) -> str:
    """Let the configured administrator in; compare in constant time."""
    settings = request.app.state.settings
    user = secrets.compare_digest(given.username.encode(), settings.admin_user.encode())
    password = secrets.compare_digest(given.password.encode(), settings.admin_password.get_secret_value().encode())
    if not (user and password):
        raise HTTPException(401, "wrong user or password", headers={"WWW-Authenticate": 'Basic realm="shop admin"'})
    return given.username


def same_site(request: Request) -> None:
    """Refuse a form that another site's page sent: the browser adds the password by itself."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(403, "this form must be sent from the shop's own pages")
