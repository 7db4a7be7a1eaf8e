"""gonogo.inspection.answers.pairs: a worse release is found soon, and one that is as good never."""

from __future__ import annotations

import random

import pytest

from gonogo.inspection.answers.pairs import Half, Pair, Pairs

__all__: list[str] = []

THINGS = ("GET /", "GET /page")


def asked(pairs: Pairs, new: Half, former: Half, *, what: str = "GET /") -> None:
    """Notes one pair."""
    pairs.note(Pair(at=0.0, what=what, former=former, new=new))


def until_red(rate: float, chance: random.Random, *, former: float = 0.0, slower: float = 1.0, most: int = 600) -> int:
    """After how many pairs a release is called worse that fails that often; 0 for never."""
    pairs = Pairs(THINGS, slower=1.5)
    for number in range(1, most + 1):
        both = chance.random() < 0.02
        halves = [
            Half("500" if both or chance.random() < share else "", chance.uniform(0.1, 0.4) * times)
            for share, times in ((rate, slower), (former, 1.0))
        ]
        asked(pairs, *halves, what=THINGS[number % 2])
        if pairs.red:
            return number
    return 0


def test_a_release_that_is_as_good_is_never_called_worse() -> None:
    """Whatever troubles both: a flaky dependency, slow answers, and errors that both have now and then."""
    chance = random.Random(1)  # noqa: S311 (no secret)

    assert [until_red(0.05, chance, former=0.05, slower=1.0, most=240) for _ in range(200)] == [0] * 200


@pytest.mark.parametrize(("rate", "within"), [(1.0, 25), (0.5, 60), (0.2, 150)])
def test_errors_are_found(rate: float, within: int) -> None:
    """All, half, a fifth of the requests: half of such releases are found within so many pairs."""
    chance = random.Random(2)  # noqa: S311 (no secret)
    found = sorted(until_red(rate, chance) or 1000 for _ in range(21))

    assert found[10] <= within, found


def test_slow_answers_are_found_and_a_little_slower_ones_are_not() -> None:
    """Thrice as slow is red; a fifth slower is within what is allowed, and so is what nobody notices."""
    chance = random.Random(3)  # noqa: S311 (no secret)
    assert until_red(0.0, chance, slower=3.0) > 0
    assert until_red(0.0, chance, slower=1.2) == 0
    pairs = Pairs(THINGS, slower=1.5)
    for _ in range(100):
        asked(pairs, Half("", 0.040), Half("", 0.002))

    assert pairs.red == ""


def test_a_cold_release_is_not_judged_by_its_first_answers() -> None:
    """The first two pairs of each request are left out, and what is red stays red."""
    pairs = Pairs(THINGS, slower=1.5)
    for what in THINGS * 2:
        asked(pairs, Half("cold", 3.0), Half("", 0.1), what=what)
    assert pairs.all == []
    assert not pairs.is_unsure
    asked(pairs, Half("found 500", 0.1), Half("", 0.1))
    assert pairs.is_unsure
    for _ in range(14):
        asked(pairs, Half("found 500", 0.1), Half("", 0.1))
    red = pairs.red
    for _ in range(100):
        asked(pairs, Half("", 0.1), Half("", 0.1))

    assert "found 500" in red
    assert pairs.red
