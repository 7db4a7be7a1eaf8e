"""How a price comes about."""

from app.models import Rate
from app.schemas import Estimate, Home, Line


def counted(number: int, word: str) -> str:
    """Return "1 bedroom", "2 bedrooms"."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def estimate(home: Home, rate: Rate) -> Estimate:
    """Return the rate's base price plus its price for each room."""
    lines = [
        Line(label=rate.title, cents=rate.base),
        Line(label=counted(home.beds, "bedroom"), cents=home.beds * rate.bed),
        Line(label=counted(home.baths, "bathroom"), cents=home.baths * rate.bath),
    ]
    return Estimate(total_cents=sum(line.cents for line in lines), lines=lines)


def euros(cents: int | None) -> str:
    """Return the amount as a customer reads it; nothing priced yet is a dash."""
    return "-" if cents is None else f"{cents / 100:,.2f} EUR"
