"""The admin dashboard."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from app import leads
from app.db import SessionDep
from app.models import Lead
from app.routes.pages import templates
from app.schemas import Status
from app.security import admin, same_site

router = APIRouter(prefix="/admin", include_in_schema=False, dependencies=[Depends(admin)])


@router.get("")
def dashboard(request: Request, session: SessionDep) -> Response:
    """The leads, newest first, and how many stand where."""
    context = {
        "leads": leads.newest(session),
        "counts": leads.by_status(session),
        "release": request.app.state.settings.release,
    }
    return templates.TemplateResponse(request, "admin.html", context)


@router.post("/leads/{lead_id}/status", dependencies=[Depends(same_site)])
def set_status(lead_id: int, session: SessionDep, status: Annotated[Status, Form()]) -> Response:
    """Move a lead to another status."""
    lead = session.get(Lead, lead_id)
    if lead is None:
        raise HTTPException(404, f"there is no lead {lead_id}")
    lead.status = status
    session.commit()
    return RedirectResponse("/admin", status_code=303)


@router.post("/leads/{lead_id}/remove", dependencies=[Depends(same_site)])
def remove(lead_id: int, session: SessionDep) -> Response:
    """Forget a lead: a customer asked for it, or it was a test."""
    lead = session.get(Lead, lead_id)
    if lead is None:
        raise HTTPException(404, f"there is no lead {lead_id}")
    session.delete(lead)
    session.commit()
    return RedirectResponse("/admin", status_code=303)
