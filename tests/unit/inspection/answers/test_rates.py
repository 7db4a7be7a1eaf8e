"""A share that is exceeded is found out soon, and one that is kept never is, however often one looks."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from gonogo.inspection.answers.rates import Rate

__all__: list[str] = []


def series(probability: float, length: int, *, seed: int) -> Iterator[bool]:
    """What happens with that probability, each time anew."""
    dice = random.Random(seed)  # noqa: S311 (no secret is made)
    return (dice.random() < probability for _ in range(length))


def alarm(probability: float, *, seed: int, share: float = 0.05, length: int = 300) -> int | None:
    """After how many requests it is exceeded; None for never."""
    rate = Rate(share)
    for number, one in enumerate(series(probability, length, seed=seed), 1):
        rate.count(happens=one)
        if rate.is_exceeded:
            return number
    return None


@pytest.mark.parametrize(("probability", "most"), [(0.005, 0), (0.05, 1)])
def test_clean_watches_are_not_red(probability: float, most: int) -> None:
    """Watches of five minutes with errors up to the share itself."""
    assert sum(alarm(probability, seed=seed) is not None for seed in range(200)) <= most


@pytest.mark.thorough
def test_six_thousand_clean_watches_are_not_red() -> None:
    """Errors of a dependency that are in every release: none is red; at the share itself at most one in a thousand."""
    assert not any(alarm(0.005, seed=seed) for seed in range(6000))
    assert sum(alarm(0.05, seed=seed) is not None for seed in range(6000)) <= 12


@pytest.mark.parametrize(("probability", "soon"), [(1.0, 3), (0.5, 20), (0.2, 150)])
def test_what_fails_is_found_out(probability: float, soon: int) -> None:
    """Half of all watches know it after so many requests, and all of them within five minutes."""
    found = sorted(alarm(probability, seed=seed) or 10_000 for seed in range(60))

    assert found[len(found) // 2] <= soon
    assert found[-1] <= 300


def test_a_breach_is_final() -> None:
    """Good answers after it do not clear it."""
    rate = Rate.of_all(0.05, [*[True] * 10, *[False] * 500])

    assert rate.is_exceeded
    assert (rate.happened, rate.of) == (10, 510)
