"""Reading and writing leads and rates."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import pricing
from app.models import Lead, Rate
from app.schemas import Home, LeadIn

NEWEST = 100


class UnknownCleaningTypeError(LookupError):
    """Nothing is sold under this name."""


def rates(session: Session) -> list[Rate]:
    """Return every rate, cheapest first."""
    return list(session.scalars(select(Rate).order_by(Rate.base)))


def rate_for(session: Session, home: Home) -> Rate:
    """Return the rate for a home's cleaning type."""
    rate = session.get(Rate, home.cleaning_type)
    if rate is None:
        known = ", ".join(r.cleaning_type for r in rates(session))
        raise UnknownCleaningTypeError(f'unknown cleaning_type "{home.cleaning_type}"; expected one of: {known}')
    return rate


def add(session: Session, wanted: LeadIn) -> Lead:
    """Store a lead; the job runner prices it."""
    rate_for(session, wanted)
    lead = Lead(**wanted.model_dump())
    session.add(lead)
    session.commit()
    return lead


def newest(session: Session, limit: int = NEWEST) -> list[Lead]:
    """Return the newest leads first."""
    return list(session.scalars(select(Lead).order_by(Lead.created_at.desc(), Lead.id.desc()).limit(limit)))


def by_status(session: Session) -> dict[str, int]:
    """Return how many leads stand in each status."""
    return dict(session.execute(select(Lead.status, func.count()).group_by(Lead.status)).tuples().all())


def price_new(session: Session) -> int:
    """Price the leads that have no price yet; return how many."""
    unpriced = session.scalars(
        select(Lead).where(Lead.total_cents.is_(None)).limit(NEWEST).with_for_update(skip_locked=True)
    )
    priced = 0
    for lead in unpriced:
        rate = session.get(Rate, lead.cleaning_type)
        if rate is None:
            continue
        home = Home(beds=lead.beds, baths=lead.baths, cleaning_type=lead.cleaning_type)
        lead.total_cents = pricing.estimate(home, rate).total_cents
        priced += 1
    session.commit()
    return priced
