"""gonogo.backups.connections: whether a second release gets in beside the first."""

from __future__ import annotations

import pytest

from gonogo.backups.connections import Taken, too_few


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        pytest.param("97 40 10.0.0.2 10.0.0.2 10.0.0.3", "", id="there is room"),
        pytest.param("5 3 10.0.0.2 10.0.0.2", "", id="as many are left"),
        pytest.param("97 97", "", id="full of others, and nothing is held by what serves"),
        pytest.param(
            "5 4 10.0.0.2 10.0.0.2 10.0.0.3",
            "found 4 of 5 connections taken, 2 of them by the release that serves, expected room for as many again: "
            "1 are left",
            id="one would be refused",
        ),
    ],
)
def test_room_for_as_many_again(said: str, wrong: str) -> None:
    """What others hold leaves less room, and is not counted twice."""
    assert too_few(Taken.read(said), {"10.0.0.2"}) == wrong


def test_what_is_no_answer_is_told() -> None:
    """An older server says nothing that could be read as a number."""
    with pytest.raises(ValueError, match="not enough values"):
        Taken.read("")
