"""Metrics in Prometheus' text format that a release is watched by."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gonogo.config.comparisons import Comparison, comparison
from gonogo.config.types import Duration, HttpUrl, Name

__all__ = ["MetricRule"]


def _limit(value: str) -> Comparison:
    found = comparison("", value)
    if found is None or found.number is None:
        raise ValueError('expected a comparison with a number, such as "< 5"')
    return found


def _expected(value: str) -> str:
    _limit(value)
    return value


class MetricRule(BaseModel):
    """What one metric must be while a release is watched (W08)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    metric: Annotated[str, Field(pattern=r"^[A-Za-z_:][\w:]*$")]
    """As the page has it: ``http_requests_total``."""
    labels: dict[str, str] = {}
    """Values of labels; the samples that have them all are added up."""
    expect: Annotated[str, AfterValidator(_expected)]
    """``"< 5"``, ``">= 1"``."""
    per: Duration | None = None
    """What is compared is by how much it grew in so long; None: its value."""
    for_: Annotated[Duration, Field(alias="for")] = 30.0
    """How long it may be otherwise without a break."""
    path: Annotated[str, Field(pattern="^/")] = "/metrics"
    url: HttpUrl | None = None
    """Where the page is, in place of the service's own address."""
    service: str | None = None
    send: dict[str, str] = {}
    """Headers of the request."""

    @property
    def limit(self) -> Comparison:
        """What ``expect`` means."""
        return _limit(self.expect)

    @property
    def label(self) -> str:
        """As people call it."""
        chosen = ",".join(f'{key}="{value}"' for key, value in self.labels.items())
        return f"{self.metric}{{{chosen}}}" if chosen else self.metric
