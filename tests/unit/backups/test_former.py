"""gonogo.backups.former: what of the serving release's answers counts as broken."""

from __future__ import annotations

import pytest

from gonogo.backups.former import Answered, broken

__all__: list[str] = []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"/": 200}, {"/": 200}, ()),
        ({"/": 200}, {"/": 500}, ("GET / answers 500 instead of 200",)),
        ({"/": 302}, {"/": 0}, ("GET / answers nothing instead of 302",)),
        ({"/": 500}, {"/": 500}, ()),
        ({"/": 0}, {"/": 503}, ()),
        ({"/": 404}, {"/": 500}, ()),
        ({"/": 200}, {"/": 404}, ()),
    ],
    ids=["well", "an error", "nothing", "never well", "no queue there", "not found before", "not found now"],
)
def test_what_was_well_and_is_not_is_broken(
    before: dict[str, int], after: dict[str, int], said: tuple[str, ...]
) -> None:
    """A page that needs what a scratch server lacks says nothing; neither does one that has nothing to show now."""
    assert broken(Answered(statuses=before), Answered(statuses=after)) == said


def test_release_that_does_not_start_any_more_is_broken() -> None:
    """An entry point that migrates refuses a revision that it does not know; one that never started says nothing."""
    well, gone = Answered(statuses={"/": 200}), Answered(why="it ended: Can't locate revision identified by '2'")

    assert broken(well, gone) == ("it does not start: it ended: Can't locate revision identified by '2'",)
    assert broken(gone, gone) == broken(gone, well) == ()
