"""How the office comes in with a browser, and goes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.routes.pages import templates
from app.security import SECONDS, SESSION, knows_password, new_session, same_site

router = APIRouter(prefix="/admin", include_in_schema=False)


@router.get("/login")
def login_page(request: Request) -> Response:
    """Ask for user and password."""
    return templates.TemplateResponse(request, "login.html")


@router.post("/login", dependencies=[Depends(same_site)])
def login(request: Request, user: Annotated[str, Form()] = "", password: Annotated[str, Form()] = "") -> Response:
    """Open a session, or ask again."""
    settings = request.app.state.settings
    if not knows_password(settings, user, password):
        context = {"user": user, "fault": "Wrong user or password."}
        return templates.TemplateResponse(request, "login.html", context, status_code=401)
    answer = RedirectResponse("/admin", status_code=303)
    secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
    answer.set_cookie(
        SESSION, new_session(settings), max_age=SECONDS, path="/", secure=secure, httponly=True, samesite="strict"
    )
    return answer


@router.post("/logout", dependencies=[Depends(same_site)])
def logout() -> Response:
    """End the session of this browser."""
    answer = RedirectResponse("/admin/login", status_code=303)
    answer.delete_cookie(SESSION, path="/")
    return answer
