"""The JSON API."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query

from app import leads, pricing
from app.db import SessionDep
from app.models import Lead, Rate
from app.schemas import Estimate, Home, LeadIn, LeadOut, RateOut
from app.security import admin

router = APIRouter(prefix="/v1", tags=["api"])


@router.get("/rates", response_model=list[RateOut])
def list_rates(session: SessionDep) -> list[Rate]:
    """Every cleaning type with its prices."""
    return leads.rates(session)


@router.post("/estimate")
def estimate(home: Home, session: SessionDep) -> Estimate:
    """What cleaning this home would cost."""
    return pricing.estimate(home, leads.rate_for(session, home))


@router.post("/leads", status_code=201, response_model=LeadOut)
def create_lead(wanted: LeadIn, session: SessionDep) -> Lead:
    """Ask for a visit."""
    return leads.add(session, wanted)


@router.get("/leads", response_model=list[LeadOut], dependencies=[Depends(admin)])
def list_leads(session: SessionDep, limit: Annotated[int, Query(ge=1, le=500)] = leads.NEWEST) -> list[Lead]:
    """The newest leads; personal data, so only for the administrator."""
    return leads.newest(session, limit)


@router.get("/leads/{lead_id}", response_model=LeadOut, dependencies=[Depends(admin)])
def read_lead(lead_id: int, session: SessionDep) -> Lead:
    """One lead; only for the administrator."""
    lead = session.get(Lead, lead_id)
    if lead is None:
        raise HTTPException(404, f"there is no lead {lead_id}")
    return lead
