"""When somebody should have renewed a certificate."""

from __future__ import annotations

import pytest

from gonogo.inspection.answers.certificates import Term, term

__all__: list[str] = []

DAY = 86_400


@pytest.mark.parametrize(
    ("life", "left", "overdue"),
    [
        (90, 29, False),
        (90, 13, True),
        (365, 20, False),
        (365, 13, True),
        (6, 2, False),
        (6, 1, True),
        (0.5, 0.2, False),
        (90, -1, True),
    ],
)
def test_overdue(life: float, left: float, *, overdue: bool) -> None:
    """Two weeks, or a quarter of a shorter life: what lives for days is renewed at a third of it."""
    found = Term(begins=0, ends=life * DAY)

    assert found.is_overdue((life - left) * DAY) is overdue
    assert found.days_left((life - left) * DAY) == pytest.approx(left)


def test_what_ssl_says_is_read() -> None:
    """As OpenSSL writes it; a certificate that was not looked at says nothing."""
    said = {"notBefore": "Jan  1 00:00:00 1970 GMT", "notAfter": "Jan  2 00:00:00 1970 GMT"}

    assert term(said) == Term(begins=0, ends=DAY)
    assert term({}) is None
    assert term({**said, "notAfter": "tomorrow"}) is None
