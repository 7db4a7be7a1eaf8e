"""The pages that customers see; each form works without JavaScript too."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from pydantic import ValidationError

from app import leads, pricing
from app.db import SessionDep
from app.schemas import Home, LeadIn

router = APIRouter(include_in_schema=False)
templates = Jinja2Templates(Path(__file__).resolve().parent.parent / "templates")
templates.env.filters["euros"] = pricing.euros


@router.get("/")
def home(request: Request, session: SessionDep) -> Response:
    """The home page with the lead form."""
    return templates.TemplateResponse(request, "home.html", {"rates": leads.rates(session)})


@router.get("/estimate")
def estimate_page(
    request: Request,
    session: SessionDep,
    beds: Annotated[int, Query(ge=0, le=12)] = 2,
    baths: Annotated[int, Query(ge=0, le=8)] = 1,
    cleaning_type: str = "standard",
) -> Response:
    """The price of a home; the numbers stand in the address, so that it can be sent to somebody."""
    wanted = Home(beds=beds, baths=baths, cleaning_type=cleaning_type)
    found = pricing.estimate(wanted, leads.rate_for(session, wanted))
    context = {"rates": leads.rates(session), "home": wanted, "estimate": found}
    return templates.TemplateResponse(request, "estimate.html", context)


@router.post("/leads")
def create_lead(
    request: Request,
    session: SessionDep,
    name: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    beds: Annotated[str, Form()] = "",
    baths: Annotated[str, Form()] = "",
    cleaning_type: Annotated[str, Form()] = "",
    message: Annotated[str, Form()] = "",
) -> Response:
    """Take the form from a browser without JavaScript."""
    fields = {
        "name": name,
        "email": email,
        "beds": beds,
        "baths": baths,
        "cleaning_type": cleaning_type,
        "message": message,
    }
    try:
        leads.add(session, LeadIn.model_validate(fields))
    except (ValidationError, leads.UnknownCleaningTypeError):
        context = {"rates": leads.rates(session), "given": fields, "fault": "Please check the form and send it again."}
        return templates.TemplateResponse(request, "home.html", context, status_code=422)
    return RedirectResponse("/thanks", status_code=303)


@router.get("/thanks")
def thanks(request: Request) -> Response:
    """What a customer sees after the form."""
    return templates.TemplateResponse(request, "thanks.html")
