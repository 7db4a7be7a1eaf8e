"""How a price comes about."""

import pytest

from app import pricing
from app.models import Rate
from app.schemas import Home

STANDARD = Rate(cleaning_type="standard", title="Standard cleaning", base=4900, bed=1800, bath=2200)


@pytest.mark.parametrize(("beds", "baths", "total"), [(0, 0, 4900), (2, 1, 10700), (12, 8, 44100)])
def test_a_price_is_the_base_plus_each_room(beds: int, baths: int, total: int) -> None:
    estimate = pricing.estimate(Home(beds=beds, baths=baths, cleaning_type="standard"), STANDARD)

    assert estimate.total_cents == total
    assert sum(line.cents for line in estimate.lines) == total


def test_lines_are_worded_for_customers() -> None:
    estimate = pricing.estimate(Home(beds=1, baths=2, cleaning_type="standard"), STANDARD)

    assert [line.label for line in estimate.lines] == ["Standard cleaning", "1 bedroom", "2 bathrooms"]


def test_an_unpriced_lead_shows_a_dash() -> None:
    assert pricing.euros(None) == "-"
    assert pricing.euros(123456) == "1,234.56 EUR"
