"""What the service that knows the prices says."""

import json
import urllib.request

from web.settings import settings


def of(what: str) -> int:
    """Cents for something."""
    with urllib.request.urlopen(f"{settings.prices_url}/price?what={what}", timeout=5) as answer:
        return int(json.load(answer)["cents"])


def answer() -> bool:
    """Whether it answers at all."""
    try:
        return of("window") > 0
    except OSError:
        return False
