"""What the JSON API takes and gives."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")
]
Status = Literal["new", "contacted", "won", "lost"]


class Home(BaseModel):
    """The rooms to clean, and how."""

    beds: int = Field(ge=0, le=12)
    baths: int = Field(ge=0, le=8)
    cleaning_type: str = Field(min_length=1, max_length=40)


class Line(BaseModel):
    """One line of an estimate."""

    label: str
    cents: int


class Estimate(BaseModel):
    """A price with the lines that add up to it."""

    total_cents: int
    currency: str = "EUR"
    lines: list[Line]


class LeadIn(Home):
    """A request for a visit."""

    name: Name
    email: Email
    message: str = Field(default="", max_length=2000)


class LeadOut(LeadIn):
    """A stored request."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    status: Status
    created_at: datetime
    total_cents: int | None


class RateOut(BaseModel):
    """One cleaning type and its prices in cents."""

    model_config = ConfigDict(from_attributes=True)

    cleaning_type: str
    title: str
    base: int
    bed: int
    bath: int


class Check(BaseModel):
    """One component's answer to: can you work?"""

    model_config = ConfigDict(extra="allow")

    name: str
    ok: bool
    latency_ms: float


class Readiness(BaseModel):
    """Whether this instance can serve, component by component."""

    ok: bool
    release: str
    checks: list[Check]
