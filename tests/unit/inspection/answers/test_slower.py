"""When an answer counts as slower than before."""

from __future__ import annotations

import pytest

from gonogo.inspection.answers.slower import is_broken, is_slower

__all__: list[str] = []


@pytest.mark.parametrize(
    ("seconds", "before", "slower"),
    [(1.0, 0.01, True), (0.9, 0.001, False), (1.5, 0.2, False), (4.1, 0.2, True), (1.0, 0.0, True), (30.0, 2.0, False)],
    ids=["a-hundred-times", "nobody-waits", "a-busy-machine", "twenty-times", "at-once-before", "slow-before"],
)
def test_a_second_and_twenty_times(seconds: float, before: float, *, slower: bool) -> None:
    """Both are needed: what is quick enough is no news, and what was slow before is as before."""
    assert is_slower(seconds, before) is slower


@pytest.mark.parametrize(
    ("seconds", "before", "broken"),
    [(1.0, 0.01, True), (0.9, 0.001, False), (1.0, 0.02, False), (30.0, 2.0, False), (1.0, 0.0, True)],
    ids=["a-hundred-times", "nobody-waits", "fifty-times", "slow-before", "at-once-before"],
)
def test_a_hundred_times(seconds: float, before: float, *, broken: bool) -> None:
    """What is broken is slower as well."""
    assert is_broken(seconds, before) is broken
    assert is_slower(seconds, before) or not broken
